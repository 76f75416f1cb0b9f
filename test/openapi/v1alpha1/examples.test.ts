/**
 * The example apps, clusters and configurations that past releases shipped are taken as they are. They are not part of this repository:
 * KUBEDIRECTOR_EXAMPLES names a folder with them.
 */
import { globSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect } from 'chai';
import { loadAll } from 'js-yaml';
import type { Form } from '../../../openapi/form.ts';
import { type FieldError, faultText } from '../../../openapi/machinery/field.ts';
import { copyOf } from '../../../openapi/machinery/json.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import { compileDefaults } from '../../../openapi/schema/defaults.ts';
import { Path } from '../../../openapi/schema/path.ts';
import { compilePruning } from '../../../openapi/schema/prune.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { kubeDirectorAppV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { kubeDirectorClusterV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorcluster.ts';
import { kubeDirectorConfigV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorconfig.ts';
import { kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { kubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';

const kinds: Readonly<Record<string, readonly [Schema, Form]>> = {
  KubeDirectorApp: [kubeDirectorApp, kubeDirectorAppV1alpha1],
  KubeDirectorCluster: [kubeDirectorCluster, kubeDirectorClusterV1alpha1],
  KubeDirectorConfig: [kubeDirectorConfig, kubeDirectorConfigV1alpha1],
};

interface Example extends Record<string, unknown> {
  apiVersion: string;
  kind: string;
}

/** Files that are not YAML say so themselves; a past release shipped one. */
function examplesIn(file: string): Example[] {
  try {
    return loadAll(readFileSync(file, 'utf8')).filter(
      (document): document is Example => isRecord(document) && Object.hasOwn(kinds, String(document.kind)),
    );
  } catch {
    return [];
  }
}

const texts = (faults: readonly FieldError[]): string[] => faults.map(faultText);

describe('examples of past releases', () => {
  const { KUBEDIRECTOR_EXAMPLES: folder } = process.env;
  if (!folder) {
    it('are looked for when KUBEDIRECTOR_EXAMPLES names their folder');
    return;
  }

  for (const file of globSync(`${folder}/**/*.{json,yaml}`).sort())
    for (const document of examplesIn(file)) {
      const [hub, v1alpha1] = kinds[document.kind]!;
      const inHub: Form = { version: 'v1beta1', schema: hub };
      const form = document.apiVersion.endsWith('v1alpha1') ? v1alpha1 : inHub;
      it(`${relative(folder, file)} is understood to the last field`, () => {
        expect(texts(form.respell?.(document, () => {}) ?? [])).to.deep.equal([]);
        const removed: string[] = [];
        compilePruning(form.schema)?.(document, new Path(), (path) => removed.push(path));
        expect(removed).to.deep.equal([]);
        compileDefaults(form.schema)?.(document);
        expect(texts(compileValidation(form.schema)(document))).to.deep.equal([]);

        const object = form.toHub ? form.toHub(copyOf(document)) : document;
        expect(texts(compileValidation(hub)(object))).to.deep.equal([]);
        const again = v1alpha1.toHub!(v1alpha1.fromHub!(copyOf(object) as KubeObject));
        expect(again).to.deep.equal(object);
      });
    }
});
