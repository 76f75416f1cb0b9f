/**
 * v1alpha1 and the hub hold the same: what is stored comes back, whole or in part, through whichever version it is read and written.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Form } from '../../../openapi/form.ts';
import { copyOf, jsonText, sameJson } from '../../../openapi/machinery/json.ts';
import { isRecord, type KubeObject, recordsIn } from '../../../openapi/machinery/meta.ts';
import { compileDefaults } from '../../../openapi/schema/defaults.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { kubeDirectorAppV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { kubeDirectorClusterV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorcluster.ts';
import { kubeDirectorConfigV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorconfig.ts';
import { kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { kubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { arbitraryOf } from '../../make/openapi-arbitrary.ts';

const kinds: readonly (readonly [string, Schema, Form])[] = [
  ['KubeDirectorApp', kubeDirectorApp, kubeDirectorAppV1alpha1],
  ['KubeDirectorCluster', kubeDirectorCluster, kubeDirectorClusterV1alpha1],
  ['KubeDirectorConfig', kubeDirectorConfig, kubeDirectorConfigV1alpha1],
];

const published = (form: Form, object: unknown) => form.fromHub!(copyOf(object) as KubeObject);
const stored = (form: Form, document: unknown) => form.toHub!(copyOf(document) as Record<string, unknown>);

const expectSame = (found: unknown, wanted: unknown): void => {
  if (!sameJson(found, wanted)) expect(found, `${jsonText(found)}\nis not\n${jsonText(wanted)}`).to.deep.equal(wanted);
};

/** Keys of the user's own: ordinary ones, and those that mean something in the other version. */
const unknownKeys = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6 }),
  fc.constantFrom(
    ...['note', 'image', 'setup_package', 'distro_id', 'persist_dirs', 'systemctlMounts', 'schema_version'],
    ...['v1beta1.image', 'v1beta1.v1beta1.image', 'v1beta1.note', 'v1beta1.', '__proto__', 'constructor'],
  ),
);

/** The objects of an app that have a package, with the names that it has in either version. */
function withPackages(app: unknown, change: (holder: Record<string, unknown>, name: string) => void): unknown {
  const spec = isRecord(app) && isRecord(app.spec) ? app.spec : {};
  for (const holder of [spec, ...recordsIn(spec.roles)])
    for (const name of ['defaultConfigPackage', 'configPackage', 'setup_package'])
      if (Object.hasOwn(holder, name)) change(holder, name);
  return app;
}

/** A package of which nothing is said is no package, so it cannot come back. */
const withoutEmptyPackages = (app: unknown): unknown =>
  withPackages(app, (holder, name) => {
    const { [name]: value } = holder;
    if (isRecord(value) && Object.keys(value).length === 0) holder[name] = null;
  });

/** Packages as v1alpha1 emits them: without a URL there is nothing else to say, and no package is an `import_url` of null. */
const asEmitted = (app: unknown): unknown =>
  withPackages(app, (holder, name) => {
    const value = holder[name] ?? { import_url: null };
    if (!isRecord(value)) return;
    if (value.import_url === null || value.import_url === undefined) {
      delete value.useNewSetupLayout;
      delete value.sha256;
    }
    if (Object.keys(value).length) holder[name] = value;
    else delete holder[name];
  });

for (const [kind, schema, form] of kinds) {
  const objects = arbitraryOf(schema, { unknownKeys });

  describe(`${kind} in v1alpha1`, () => {
    it('is in the hub again what it was', () =>
      fc.assert(
        fc.property(objects, (object) => {
          expectSame(stored(form, published(form, object)), object);
        }),
        { numRuns: 300 },
      ));

    it('is in the hub again what it was, however little of it there is', () =>
      fc.assert(
        fc.property(arbitraryOf(schema, { unknownKeys, partial: true }).map(withoutEmptyPackages), (object) => {
          expectSame(stored(form, published(form, object)), object);
        }),
        { numRuns: 300 },
      ));

    it('is valid when the object is', () => {
      const validate = compileValidation(form.schema);
      fc.assert(
        fc.property(objects, (object) => {
          expect(validate(published(form, object))).to.deep.equal([]);
        }),
      );
    });

    it('is the same document again after a way through the hub', () =>
      fc.assert(
        fc.property(arbitraryOf(form.schema, { unknownKeys: fc.constantFrom('note', 'v1beta1.image') }), (document) => {
          const emitted = asEmitted(document);
          expectSame(published(form, stored(form, emitted)), emitted);
        }),
        { numRuns: 300 },
      ));

    it('gives a valid object when the document is valid and its defaults are filled', () => {
      const validate = compileValidation(schema);
      const fill = compileDefaults(form.schema);
      fc.assert(
        fc.property(arbitraryOf(form.schema), (document) => {
          const emitted = asEmitted(document);
          fill?.(emitted);
          expect(validate(stored(form, emitted))).to.deep.equal([]);
        }),
      );
    });

    it('takes nothing from the object but what it says', () => {
      expectSame(published(form, {}), {});
      expectSame(stored(form, {}), {});
      expectSame(stored(form, { spec: {} }), { spec: {} });
      for (const spec of [null, 1, []]) expectSame(stored(form, published(form, { spec })), { spec });
    });
  });
}

describe('a package of an app in v1alpha1', () => {
  for (const [hub, v1alpha1] of [
    [{}, {}],
    [{ configSchemaVersion: 8 }, { setup_package: { config_api_version: 8 } }],
    [
      { configSchemaVersion: 8, defaultConfigPackage: null },
      { setup_package: { config_api_version: 8, import_url: null } },
    ],
    [
      { configSchemaVersion: 8, defaultConfigPackage: { packageURL: 'file:///a.tgz', useNewSetupLayout: true } },
      { setup_package: { config_api_version: 8, import_url: 'file:///a.tgz', useNewSetupLayout: true } },
    ],
    [{ roles: [{ id: 'a' }] }, { roles: [{ id: 'a' }] }],
    [{ roles: [{ configPackage: null }] }, { roles: [{ setup_package: { import_url: null } }] }],
    [
      { roles: [{ configPackage: { packageURL: 'file:///a.tgz' } }] },
      { roles: [{ setup_package: { import_url: 'file:///a.tgz' } }] },
    ],
  ])
    it(`is ${jsonText(v1alpha1)} when the hub says ${jsonText(hub)}`, () => {
      expectSame(published(kubeDirectorAppV1alpha1, { spec: hub }), { spec: v1alpha1 });
      expectSame(stored(kubeDirectorAppV1alpha1, { spec: v1alpha1 }), { spec: hub });
    });

  it('is of version 7 unless the document says otherwise, as the apps of 2018 were', () => {
    const fill = compileDefaults(kubeDirectorAppV1alpha1.schema)!;
    for (const setup_package of [undefined, null, {}, { import_url: null }]) {
      const document = { spec: { ...(setup_package !== undefined && { setup_package }) } };
      fill(document);
      expect((stored(kubeDirectorAppV1alpha1, document) as unknown as { spec: object }).spec).to.include({
        configSchemaVersion: 7,
      });
    }
  });
});

describe('a key of the user’s own in the spec of an app', () => {
  it('carries a prefix in v1alpha1 where it would mean something there', () => {
    const spec = { image: 'mine', note: 'mine', 'v1beta1.image': 'mine too' };
    const document = published(kubeDirectorAppV1alpha1, { spec });
    expectSame(document, {
      spec: { 'v1beta1.image': 'mine', note: 'mine', 'v1beta1.v1beta1.image': 'mine too' },
    });
    expectSame(stored(kubeDirectorAppV1alpha1, document), { spec });
  });
});

describe('the state of a cluster in v1alpha1', () => {
  for (const [hub, v1alpha1] of [
    ['creating', 'creating'],
    ['updating', 'updating'],
    ['configured', 'ready'],
    ['spec modified', 'spec modified'],
  ])
    it(`is ${v1alpha1} when it is ${hub} in v1beta1`, () =>
      expectSame(published(kubeDirectorClusterV1alpha1, { status: { state: hub } }), { status: { state: v1alpha1 } }));

  for (const [hub, v1alpha1] of [
    ['create pending', 'create_pending'],
    ['creating', 'creating'],
    ['configured', 'ready'],
    ['config error', 'config_error'],
    ['delete pending', 'delete_pending'],
    ['deleting', 'deleting'],
  ])
    it(`is ${v1alpha1} for a member that is ${hub} in v1beta1`, () => {
      const status = (state: string) => ({ status: { roles: [{ members: [{ state }] }] } });
      expectSame(published(kubeDirectorClusterV1alpha1, status(hub!)), status(v1alpha1!));
    });
});
