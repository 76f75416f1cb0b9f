/** Documents of every past release are put into the one spelling that v1alpha1 emits, whole documents and patches alike. */
import { expect } from 'chai';
import fc from 'fast-check';
import { mergePatched } from '../../../apiserver/patch/merge-patch.ts';
import type { Form } from '../../../openapi/form.ts';
import { type FieldError, faultText } from '../../../openapi/machinery/field.ts';
import { copyOf, jsonText } from '../../../openapi/machinery/json.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { kubeDirectorAppV1alpha1 as app } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { kubeDirectorClusterV1alpha1 as cluster } from '../../../openapi/v1alpha1/kubedirectorcluster.ts';
import { kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { arbitraryOf } from '../../make/openapi-arbitrary.ts';

interface Respelled {
  readonly document: Record<string, unknown>;
  readonly faults: readonly FieldError[];
  readonly warnings: readonly string[];
}

function respelled(form: Form, given: unknown): Respelled {
  const document = copyOf(given) as Record<string, unknown>;
  const warnings: string[] = [];
  const faults = form.respell!(document, (text) => warnings.push(text));
  return { document, faults, warnings };
}

type Spec = Record<string, unknown>;
const url = 'file:///opt/a.tgz';
const other = 'file:///opt/b.tgz';

/** Today's spelling; an older one of the same; the older one with another value; is a client told? */
type Row = readonly [today: Spec, older: Spec, disagreeing: Spec, told: boolean];

const ofApps: readonly Row[] = [
  [{ distro_id: 'a' }, { distroID: 'a' }, { distroID: 'b' }, false],
  [{ systemctlMounts: true }, { systemdRequired: true }, { systemdRequired: false }, false],
  [{ persist_dirs: ['/a'] }, { defaultPersistDirs: ['/a'] }, { defaultPersistDirs: ['/b'] }, false],
  [{ persist_dirs: ['/a'] }, { default_persist_dirs: ['/a'] }, { default_persist_dirs: [] }, true],
  [{ image: { repoTag: 'a' } }, { defaultImageRepoTag: 'a' }, { defaultImageRepoTag: 'b' }, false],
  [{ image: { repoTag: 'a' } }, { default_image_repo_tag: 'a' }, { default_image_repo_tag: 'b' }, true],
  [{ setup_package: { config_api_version: 7 } }, { configSchemaVersion: 7 }, { configSchemaVersion: 8 }, false],
  [{ setup_package: { config_api_version: 7 } }, { config_schema_version: 7 }, { config_schema_version: 8 }, true],
  [{ setup_package: { config_api_version: 7 } }, { schema_version: 7 }, { schema_version: 8 }, true],
  [
    { setup_package: { import_url: url } },
    { defaultConfigPackage: { packageURL: url } },
    { defaultConfigPackage: { packageURL: other } },
    false,
  ],
  [
    { setup_package: { import_url: null } },
    { defaultConfigPackage: null },
    { defaultConfigPackage: { packageURL: other } },
    false,
  ],
  [
    { setup_package: { import_url: url } },
    { default_config_package: { package_url: url } },
    { default_config_package: { package_url: other } },
    true,
  ],
  [
    { setup_package: { import_url: url } },
    { setup_package: { packageURL: url } },
    { setup_package: { packageURL: other } },
    false,
  ],
  [
    { services: [{ endpoint: { url_scheme: 'http', is_dashboard: true } }] },
    { services: [{ endpoint: { urlScheme: 'http', isDashboard: true } }] },
    { services: [{ endpoint: { urlScheme: 'https' } }] },
    false,
  ],
  [
    { roles: [{ image: { repoTag: 'a' } }] },
    { roles: [{ imageRepoTag: 'a' }] },
    { roles: [{ imageRepoTag: 'b' }] },
    false,
  ],
  [
    { roles: [{ image: { repoTag: 'a' } }] },
    { roles: [{ image_repo_tag: 'a' }] },
    { roles: [{ image_repo_tag: 'b' }] },
    true,
  ],
  [
    { roles: [{ setup_package: { import_url: url } }] },
    { roles: [{ configPackage: { packageURL: url } }] },
    { roles: [{ configPackage: null }] },
    false,
  ],
  [
    { roles: [{ setup_package: { import_url: url } }] },
    { roles: [{ config_package: { package_url: url } }] },
    { roles: [{ config_package: { package_url: other } }] },
    true,
  ],
  [
    { roles: [{ persistDirs: ['/a'] }] },
    { roles: [{ persist_dirs: ['/a'] }] },
    { roles: [{ persist_dirs: ['/b'] }] },
    true,
  ],
  [
    { config: { selected_roles: ['a'] } },
    { config: { selectedRoles: ['a'] } },
    { config: { selectedRoles: [] } },
    false,
  ],
  [
    { config: { config_meta: { a: 'b' } } },
    { config: { configMeta: { a: 'b' } } },
    { config: { configMeta: { a: 'c' } } },
    false,
  ],
  [
    { config: { node_services: [{ role_id: 'a', service_ids: ['ssh'] }] } },
    { config: { roleServices: [{ roleID: 'a', serviceIDs: ['ssh'] }] } },
    { config: { roleServices: [] } },
    false,
  ],
  [
    { config: { node_services: [{ role_id: 'a', service_ids: ['ssh'] }] } },
    { config: { role_services: [{ role_id: 'a', service_ids: ['ssh'] }] } },
    { config: { role_services: [] } },
    true,
  ],
];

const ofClusters: readonly Row[] = [
  [{ roles: [{ name: 'a' }] }, { roles: [{ id: 'a' }] }, { roles: [{ id: 'b' }] }, false],
  [{ roles: [{ replicas: 2 }] }, { roles: [{ members: 2 }] }, { roles: [{ members: 3 }] }, false],
];

const ofClusterStatuses: readonly Row[] = [
  [{ generation_uid: 'a' }, { generationUID: 'a' }, { generationUID: 'b' }, false],
  [{ cluster_service: 'a' }, { clusterService: 'a' }, { clusterService: 'b' }, false],
  [{ lastNodeID: 1 }, { last_node_id: 1 }, { last_node_id: 2 }, true],
  [{ roles: [{ stateful_set: 'a' }] }, { roles: [{ statefulSet: 'a' }] }, { roles: [{ statefulSet: 'b' }] }, false],
  [
    { roles: [{ members: [{ nodeID: 1 }] }] },
    { roles: [{ members: [{ node_id: 1 }] }] },
    { roles: [{ members: [{ node_id: 2 }] }] },
    true,
  ],
];

/** Both documents in one, item by item: a user who kept the old line when adding the new one. */
function together(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((item, i) => (i < b.length ? together(item, b[i]) : item));
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) || Array.isArray(b)) return a;
  const merged: Record<string, unknown> = { ...b };
  for (const [key, value] of Object.entries(a)) merged[key] = key in merged ? together(value, merged[key]) : value;
  return merged;
}

for (const [form, part, kind, rows] of [
  [app, 'spec', 'an app', ofApps],
  [cluster, 'spec', 'a cluster', ofClusters],
  [cluster, 'status', 'the status of a cluster', ofClusterStatuses],
] as const)
  describe(`${kind} in v1alpha1`, () => {
    for (const [today, older, disagreeing, told] of rows) {
      it(`may be spelled ${jsonText(older)}${told ? ', and the client is told' : ''}`, () => {
        const { document, faults, warnings } = respelled(form, { [part]: older });
        expect(document).to.deep.equal({ [part]: today });
        expect(faults).to.deep.equal([]);
        if (!told) expect(warnings).to.deep.equal([]);
        else for (const warning of warnings) expect(warning).to.match(/^\S+ is an older spelling of \S+$/);
        expect(warnings.length > 0).to.equal(told);
      });

      it(`may say ${jsonText(today)} twice, but not in two ways`, () => {
        const agreeing = respelled(form, { [part]: together(today, older) });
        expect(agreeing.faults.map(faultText)).to.deep.equal([]);
        expect(agreeing.document).to.deep.equal({ [part]: today });
        const { faults } = respelled(form, { [part]: together(today, disagreeing) });
        expect(faults).to.have.length(1);
        expect(faultText(faults[0]!)).to.match(/^(\S+): Invalid value: .* is also spelled (\S+), with another value$/);
      });
    }
  });

describe('a fault about two spellings', () => {
  it('names both, and shows the value that it would have kept', () => {
    const { faults } = respelled(app, { spec: { roles: [{}, { persistDirs: ['/a'], persist_dirs: ['/b'] }] } });
    expect(faults.map(faultText)).to.deep.equal([
      'spec.roles[1].persistDirs: Invalid value: ["/a"]: is also spelled spec.roles[1].persist_dirs, with another value',
    ]);
  });

  it('leaves what is of a wrong type to be seen', () => {
    const { document, faults } = respelled(app, { spec: { setup_package: 'x', configSchemaVersion: 7 } });
    expect(document).to.deep.equal({ spec: { setup_package: 'x' } });
    expect(faults.map(faultText)).to.deep.equal([
      'spec.setup_package: Invalid value: "x": is also spelled spec.configSchemaVersion, with another value',
    ]);
  });
});

describe('the version of the setup contract', () => {
  const inRoles = (...versions: number[]) => ({
    roles: versions.map((config_api_version) => ({ setup_package: { config_api_version, import_url: url } })),
  });

  it('may stand in the packages of roles, as in 2018, and moves to that of the app', () => {
    const { document, faults, warnings } = respelled(app, { spec: inRoles(8, 8) });
    expect(faults).to.deep.equal([]);
    expect(document).to.deep.equal({
      spec: {
        setup_package: { config_api_version: 8 },
        roles: [{ setup_package: { import_url: url } }, { setup_package: { import_url: url } }],
      },
    });
    expect(warnings[0]).to.equal(
      'spec.roles[0].setup_package.config_api_version is an older spelling of spec.setup_package.config_api_version',
    );
  });

  it('is one for the whole app', () => {
    const text =
      'spec.roles[1].setup_package.config_api_version: Invalid value: 9: differs from spec.setup_package.config_api_version, which is 8: the packages of an app all follow one version of the contract';
    expect(respelled(app, { spec: inRoles(8, 9) }).faults.map(faultText)).to.deep.equal([text]);
    const spec = { setup_package: { config_api_version: 8 }, ...inRoles(8, 9) };
    expect(respelled(app, { spec }).faults.map(faultText)).to.deep.equal([text]);
  });

  it('stands beside the word that there is no package', () => {
    for (const spec of [
      { defaultConfigPackage: null, configSchemaVersion: 8 },
      { configSchemaVersion: 8, defaultConfigPackage: null },
      { setup_package: null, configSchemaVersion: 8 },
    ])
      expect(respelled(app, { spec })).to.deep.equal({
        document: { spec: { setup_package: { config_api_version: 8, import_url: null } } },
        faults: [],
        warnings: [],
      });
  });
});

describe('a merge patch in v1alpha1', () => {
  for (const [patch, today] of [
    [{ defaultImageRepoTag: null }, { image: null }],
    [{ configSchemaVersion: null }, { setup_package: { config_api_version: null } }],
    [{ defaultConfigPackage: null }, { setup_package: { import_url: null } }],
    [{ setup_package: null }, { setup_package: null }],
    [{ distroID: null }, { distro_id: null }],
  ])
    it(`that says ${jsonText(patch)} removes what is now at ${jsonText(today)}`, () =>
      expect(respelled(app, { spec: patch })).to.deep.equal({ document: { spec: today }, faults: [], warnings: [] }));
});

describe('a merge patch in v1alpha1 that was made from a file', () => {
  const file = (spec: Spec) => ({ apiVersion: 'kubedirector.bluedata.io/v1alpha1', kind: 'KubeDirectorApp', spec });
  const heeded = (patch: Spec, said: Spec): Spec => {
    const given = { spec: copyOf(patch) };
    app.keepWhatIsSaid!(given, file(copyOf(said)));
    return respelled(app, given).document.spec as Spec;
  };

  const nulls = (spec: Spec): Spec => Object.fromEntries(Object.keys(spec).map((key) => [key, null]));
  // A null in a file is nothing that a merge patch could say.
  for (const [today, older] of ofApps.filter(([spec]) => !jsonText(spec).includes('null')))
    it(`keeps ${jsonText(today)} when the file said ${jsonText(older)} before, and the other way round`, () => {
      const kept = respelled(app, { spec: today }).document;
      for (const [patch, now] of [
        [nulls(older), today],
        [{ ...nulls(today), ...older }, older],
      ] as const)
        expect(mergePatched(copyOf(kept), { spec: heeded(patch, now) })).to.deep.equal(kept);
    });

  for (const [patch, said, left] of [
    [{ systemdRequired: null }, {}, { systemctlMounts: null }],
    [{ defaultConfigPackage: null }, { configSchemaVersion: 7 }, { setup_package: { import_url: null } }],
    [
      { default_config_package: null },
      { setup_package: { config_api_version: 7 } },
      { setup_package: { import_url: null } },
    ],
  ] as const)
    it(`removes what the file has no more: ${jsonText(patch)}`, () => expect(heeded(patch, said)).to.deep.equal(left));
});

/** Every scalar in a document, as text. */
function scalars(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [jsonText(value)];
  return Object.values(value).flatMap(scalars);
}

for (const [kind, hub, form] of [
  ['KubeDirectorApp', kubeDirectorApp, app],
  ['KubeDirectorCluster', kubeDirectorCluster, cluster],
] as const)
  describe(`respelling a ${kind}`, () => {
    const input = arbitraryOf(form.inputSchema!, { partial: true, presence: 0.2 });

    it('twice changes nothing more, and finds nothing more', () =>
      fc.assert(
        fc.property(input, (given) => {
          const once = respelled(form, given);
          expect(respelled(form, once.document)).to.deep.equal({ document: once.document, faults: [], warnings: [] });
        }),
      ));

    it('invents no value', () =>
      fc.assert(
        fc.property(input, (given) => {
          const said = new Set(scalars(given));
          for (const value of scalars(respelled(form, given).document)) expect(said).to.include(value);
        }),
      ));

    it('leaves alone what v1alpha1 emits', () =>
      fc.assert(
        fc.property(arbitraryOf(hub, { presence: 0.2 }), (object) => {
          const emitted = form.fromHub!(object as KubeObject);
          expect(respelled(form, emitted)).to.deep.equal({ document: emitted, faults: [], warnings: [] });
        }),
      ));

    it('makes a valid document of one that clients find valid, but for fields that are missing', () => {
      const validate = compileValidation(form.schema);
      const older = arbitraryOf(form.inputSchema!, { presence: 0.1 });
      fc.assert(
        fc.property(older, (given) => {
          const { document, faults } = respelled(form, given);
          const missing = (fault: FieldError) => fault.reason === 'FieldValueRequired';
          if (!faults.length) expect(validate(document).filter((fault) => !missing(fault))).to.deep.equal([]);
        }),
      );
    });

    it('takes any JSON without complaint about what it does not know', () =>
      fc.assert(
        fc.property(fc.jsonValue(), fc.jsonValue(), (spec, status) => {
          const given = JSON.parse(JSON.stringify({ spec, status })) as unknown;
          expect(respelled(form, given)).to.deep.equal({ document: given, faults: [], warnings: [] });
        }),
      ));
  });
