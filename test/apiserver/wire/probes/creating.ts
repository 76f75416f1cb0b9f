/**
 * Probes that create.
 */
import { expect } from 'chai';
import { fixtureKind, fixtureObject } from '../../../make/fixture-kind.ts';
import { causes, create, D, holds, kindAndGroup, resource, type Step, yaml } from './step.ts';

const unknowns = {
  ...fixtureObject('c2', { zork: 1 }, { foo: 1 }),
  top: 1,
};

const twice = JSON.stringify(fixtureObject('c2')).replace('"app":"spark"', '"app":"x","app":"y","zork":1');

const twiceInYaml =
  'apiVersion: kubedirector.bluedata.io/v1beta1\nkind: KubeDirectorCluster\nmetadata:\n  name: c2\nspec:\n  app: x\n  app: z\n  zork: 1\n';

const invalidSpec = {
  replicas: -1,
  mode: 'z',
  roles: [{ members: 1 }, { id: 'A' }, { id: 'b', members: 'x' }, { id: 'b' }],
  tags: ['q', 'q'],
};

const strict = `${fixtureKind} in version "v1beta1" cannot be handled as a ${fixtureKind}: strict decoding error: `;

const unrecognized = `the object provided is unrecognized (must be of type ${fixtureKind}): `;

export const reading: readonly Step[] = [
  ['K-672', 'resources', '/apis/kubedirector.bluedata.io/v1beta1', {}, 200, '', holds({ kind: 'APIResourceList' })],
];

export const creating: readonly Step[] = [
  [
    'K-681',
    'an object',
    D,
    create(fixtureObject('c1')),
    201,
    '',
    holds({ 'metadata.generation': 1, 'metadata.managedFields[0].manager': 'probe' }),
  ],
  ['K-682', 'the same again', D, create(fixtureObject('c1')), 409, 'AlreadyExists', `${resource} "c1" already exists`],
  [
    'K-683',
    'unknown fields',
    `${D}?dryRun=All`,
    create(unknowns),
    201,
    '',
    ({ warnings }) =>
      expect(warnings).to.deep.equal(
        ['metadata.foo', 'spec.zork', 'top'].map((path) => `299 - "unknown field \\"${path}\\""`),
      ),
  ],
  [
    'K-684',
    'unknown fields, strictly',
    `${D}?dryRun=All&fieldValidation=Strict`,
    create(unknowns),
    400,
    'BadRequest',
    `${strict}unknown field "metadata.foo", unknown field "spec.zork", unknown field "top"`,
  ],
  [
    'K-685',
    'a field that stands twice, strictly',
    `${D}?dryRun=All&fieldValidation=Strict`,
    create(twice),
    400,
    'BadRequest',
    `${strict}duplicate field "spec.app", unknown field "spec.zork"`,
  ],
  [
    'K-686',
    'the same in YAML',
    `${D}?dryRun=All&fieldValidation=Strict`,
    create(twiceInYaml, yaml),
    400,
    'BadRequest',
    `${strict}yaml: unmarshal errors:\n  line 7: key "app" already set in map, unknown field "spec.zork"`,
  ],
  [
    'K-687',
    'a word of YAML that is a boolean',
    `${D}?dryRun=All`,
    create(twiceInYaml.replace('app: z', 'app: y'), yaml),
    422,
    'Invalid',
    causes(['TypeInvalid', 'spec.app', 'Invalid value: "boolean": spec.app in body must be of type string: "boolean"']),
  ],
  [
    'K-688',
    'ten faults',
    D,
    create({ ...fixtureObject('c2'), spec: invalidSpec }),
    422,
    'Invalid',
    causes(
      ['NotSupported', 'spec.mode', 'Unsupported value: "z": supported values: "a", "b"'],
      ['Invalid', 'spec.replicas', 'Invalid value: -1: spec.replicas in body should be greater than or equal to 0'],
      ['Required', 'spec.roles[0].id', 'Required value'],
      ['Invalid', 'spec.roles[1].id', `Invalid value: "A": spec.roles[1].id in body should match '^[a-z]+$'`],
      [
        'TypeInvalid',
        'spec.roles[2].members',
        'Invalid value: "string": spec.roles[2].members in body must be of type integer: "string"',
      ],
      ['TooMany', 'spec.roles', 'Too many: 4: must have at most 3 items'],
      ['Required', 'spec.app', 'Required value'],
      ['Duplicate', 'spec.roles[3]', 'Duplicate value: {"id":"b"}'],
      ['Duplicate', 'spec.tags[1]', 'Duplicate value: "q"'],
    ),
  ],
  [
    'K-689',
    'wrong types',
    D,
    create({ ...fixtureObject('c2'), spec: { app: 5, replicas: 'x', roles: {} } }),
    422,
    'Invalid',
    causes(
      ['TypeInvalid', 'spec.roles', 'Invalid value: "object": spec.roles in body must be of type array: "object"'],
      ['TypeInvalid', 'spec.app', 'Invalid value: "integer": spec.app in body must be of type string: "integer"'],
      [
        'TypeInvalid',
        'spec.replicas',
        'Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      ],
    ),
  ],
  [
    'K-690',
    'a fraction, a null and a long word',
    D,
    create({ ...fixtureObject('c2'), spec: { app: 'a'.repeat(25), replicas: 1.5, tags: ['x', null] } }),
    422,
    'Invalid',
    causes(
      [
        'TypeInvalid',
        'spec.replicas',
        'Invalid value: "float64": spec.replicas in body must be of type int32: "float64"',
      ],
      ['TypeInvalid', 'spec.tags[1]', 'Invalid value: "null": spec.tags[1] in body must be of type string: "null"'],
      ['TooLong', 'spec.app', 'Too long: may not be more than 20 bytes'],
    ),
  ],
  [
    'K-691',
    'a name in capitals',
    D,
    create(fixtureObject('Bad')),
    422,
    'Invalid',
    `${kindAndGroup} "Bad" is invalid: metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  ],
  [
    'K-692',
    'no kind',
    D,
    create('{"metadata":{"name":"nokind"},"spec":{"app":"x"}}'),
    400,
    'BadRequest',
    `${unrecognized}Object 'Kind' is missing in '{"metadata":{"name":"nokind"},"spec":{"app":"x"}}' ({"metadata":{"name":"nokind"}, ...)`,
  ],
  [
    'K-693',
    'another kind',
    D,
    create({ ...fixtureObject('x'), kind: 'Nope' }),
    422,
    'Invalid',
    `Nope.kubedirector.bluedata.io "x" is invalid: kind: Invalid value: "Nope": must be ${fixtureKind}`,
  ],
  ...['kubedirector.bluedata.io/v1alpha1', 'apps/v1'].map(
    (apiVersion): Step => [
      'K-694',
      `apiVersion ${apiVersion}`,
      D,
      create({ ...fixtureObject('x'), apiVersion }),
      400,
      'BadRequest',
      `the API version in the data (${apiVersion}) does not match the expected API version (kubedirector.bluedata.io/v1beta1)`,
    ],
  ),
  [
    'K-695',
    'a label that is a number',
    D,
    create(fixtureObject('x', {}, { labels: { a: 1 } })),
    400,
    'BadRequest',
    /^KubeDirectorCluster in version "v1beta1" cannot be handled as a KubeDirectorCluster: /,
  ],
  ...[
    ['hello', /json parse error: .* \(68656c6c6f\)$/],
    ['[]', /json parse error: .* \(5b5d\)$/],
    ['', /json parse error: .* \(<empty>\)$/],
  ].map(
    ([body, words]): Step => [
      'K-696',
      `the body ${JSON.stringify(body)}`,
      D,
      create(body),
      400,
      'BadRequest',
      ({ body: { message } }) => {
        expect(message).to.match(/^the object provided is unrecognized \(must be of type KubeDirectorCluster\): /);
        expect(message)
          .to.contain("couldn't get version/kind; ")
          .and.to.match(words as RegExp);
      },
    ],
  ),
  [
    'K-697',
    'a resourceVersion',
    D,
    create(fixtureObject('x', {}, { resourceVersion: '1' })),
    400,
    'BadRequest',
    'resourceVersion should not be set on objects to be created',
  ],
  [
    'K-698',
    'a status and a generation',
    D,
    create({ ...fixtureObject('st', {}, { generation: 7 }), status: { state: 'x' } }),
    201,
    '',
    ({ body }) => {
      expect(body).not.to.have.property('status');
      expect(body.metadata.generation).to.equal(1);
    },
  ],
  [
    'K-699',
    'another namespace',
    D,
    create(fixtureObject('x', {}, { namespace: 'other' })),
    400,
    'BadRequest',
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
  [
    'K-700',
    'a namespace that is not there',
    D.replace('default', 'nonesuch'),
    create(fixtureObject('x')),
    404,
    'NotFound',
    holds({ message: 'namespaces "nonesuch" not found', details: { name: 'nonesuch', kind: 'namespaces' } }),
  ],
  [
    'K-701',
    'a namespace that is going',
    D.replace('default', 'ending'),
    create(fixtureObject('x')),
    403,
    'Forbidden',
    holds({
      message: `${resource} "x" is forbidden: unable to create new content in namespace ending because it is being terminated`,
      'details.causes[0].reason': 'NamespaceTerminating',
    }),
  ],
  [
    'K-702',
    'the beginning of a name',
    `${D}?dryRun=All`,
    create({ ...fixtureObject(''), metadata: { generateName: 'gen-' } }),
    201,
    '',
    ({ body: { metadata } }) => {
      expect(metadata.name).to.match(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(metadata).not.to.have.property('resourceVersion');
    },
  ],
  [
    'K-703',
    'no name',
    D,
    create({ ...fixtureObject(''), metadata: {} }),
    422,
    'Invalid',
    /metadata\.name: Required value: name or generateName is required$/,
  ],
  ['K-704', 'a form', D, create('a=b', 'application/x-www-form-urlencoded'), 415, 'UnsupportedMediaType'],
  ['K-705', 'no content type', `${D}?dryRun=All`, create(JSON.stringify(fixtureObject('c2')), ''), 201, ''],
  ['K-706', 'CBOR', D, create('x', 'application/cbor'), 415, 'UnsupportedMediaType'],
  [
    'K-707',
    'more than three megabytes',
    D,
    create(`{"a":"${'x'.repeat(3_200_000)}"}`),
    413,
    'RequestEntityTooLarge',
    'Request entity too large: limit is 3145728',
  ],
  [
    'K-708',
    'a half dry run',
    `${D}?dryRun=Some`,
    create(fixtureObject('x')),
    422,
    'Invalid',
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  ],
  [
    'K-708',
    'a long manager',
    `${D}?fieldManager=${'x'.repeat(129)}`,
    create(fixtureObject('x')),
    422,
    'Invalid',
    'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
  ],
  [
    'K-708',
    'an unheard of validation',
    `${D}?fieldValidation=Nope`,
    create(fixtureObject('x')),
    422,
    'Invalid',
    'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
  ],
];
