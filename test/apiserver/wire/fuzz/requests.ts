/**
 * Requests that nobody in his right mind would send, and many that come close to good ones, as fast-check makes them.
 */
import fc, { type Arbitrary } from 'fast-check';
import { fixtureGroup, fixtureKind, fixturePlural } from '../../../make/fixture-kind.ts';

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

const oneOf = fc.constantFrom;
/** Names that mean something to JavaScript, to JSON or to Kubernetes. */
const strangeNames = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '', '.', '..', '*', '\u0000'],
  ...['kind', 'apiVersion', 'metadata', 'spec', 'status', 'name', 'namespace', 'labels', 'annotations', 'app', 'mode'],
  ...['roles', 'tags', 'free', 'replicas', 'id', 'managedFields', 'ownerReferences', 'finalizers', 'resourceVersion'],
  ...['f:spec', 'k:{"id":"a"}', 'v:1', '$patch', '$deleteFromPrimitiveList', '<<'],
];
const key = fc.oneof(oneOf(...strangeNames), fc.string({ maxLength: 8, unit: 'binary' }));
const scalar: Arbitrary<unknown> = fc.oneof(
  oneOf<unknown>(null, true, 0, -1, 1.5, 1e300, -0, 2 ** 53, '', 'x', '0', 'NaN', [], {}, '2026-01-01T00:00:00Z'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    // Entries, since a record would take `__proto__` for the prototype.
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 5 })
      .map((entries) =>
        JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`),
      ),
  ),
})).value;

/** A document that is right but for a few places. */
const nearlyGood = fc
  .tuple(
    oneOf('a', 'b', 'c', 'Bad_Name', '', 'x'.repeat(260)),
    fc.record(
      {
        kind: fc.oneof(oneOf(fixtureKind, 'Scale', 'DeleteOptions'), scalar),
        apiVersion: fc.oneof(oneOf(`${fixtureGroup}/v1beta1`, `${fixtureGroup}/v1alpha1`, 'autoscaling/v1'), scalar),
        metadata: anything,
        spec: anything,
        status: anything,
        extra: anything,
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        labels: anything,
        annotations: anything,
        finalizers: fc.oneof(fc.constant(['a.b/c']), anything),
        ownerReferences: anything,
        managedFields: anything,
        resourceVersion: scalar,
        uid: scalar,
        creationTimestamp: scalar,
        deletionTimestamp: scalar,
        generation: scalar,
        generateName: scalar,
        namespace: scalar,
      },
      { requiredKeys: [] },
    ),
    fc.record(
      { app: scalar, mode: scalar, roles: anything, tags: anything, replicas: scalar, free: anything, x: anything },
      { requiredKeys: [] },
    ),
  )
  .map(([name, change, metadata, spec]) => ({
    apiVersion: `${fixtureGroup}/v1beta1`,
    kind: fixtureKind,
    metadata: { name, ...metadata },
    spec: { app: 'spark', ...spec },
    ...change,
  }));

const pointer = fc
  .array(fc.oneof(key, oneOf('spec', 'metadata', 'free', 'roles', '0', '-', '-1', '~1', '~', '99999999999')), {
    maxLength: 4,
  })
  .map((steps) => steps.map((step) => `/${step}`).join(''));
const operations = fc.array(
  fc.oneof(
    fc.record(
      {
        op: fc.oneof(oneOf('add', 'remove', 'replace', 'move', 'copy', 'test'), scalar),
        path: fc.oneof(pointer, scalar),
        from: fc.oneof(pointer, scalar),
        value: anything,
        more: scalar,
      },
      { requiredKeys: ['op', 'path'] },
    ),
    anything,
  ),
  { maxLength: 6 },
);

const yamlText = fc
  .array(
    oneOf(
      ...[
        'a: ',
        '- ',
        '&a ',
        '*a',
        '<<: ',
        '{',
        '}',
        '[',
        ']',
        '\n',
        '\n  ',
        '"',
        "'",
        '|',
        '>',
        '!!binary ',
        '!<x> ',
        '? ',
        '%YAML 1.1\n',
      ],
      ...[
        '---\n',
        '...\n',
        'y',
        'null',
        '0o7',
        '.inf',
        '1e5',
        '2026-01-01',
        '#',
        '\t',
        'kind: ',
        'metadata: ',
        'spec: ',
        '__proto__: ',
      ],
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

const asText = (document: Arbitrary<unknown>): Arbitrary<string> =>
  document.map((value) => JSON.stringify(value) ?? 'null');
/** A text with a piece cut out or put in. */
const mangled = (texts: Arbitrary<string>): Arbitrary<string> =>
  fc.tuple(texts, fc.nat(), fc.nat(20), fc.string({ unit: 'binary', maxLength: 5 })).map(([text, at, length, put]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + put + text.slice(from + length);
  });

const body: Arbitrary<string | Buffer | undefined> = fc.oneof(
  { weight: 6, arbitrary: asText(nearlyGood) },
  { weight: 3, arbitrary: asText(operations) },
  { weight: 2, arbitrary: asText(anything) },
  { weight: 2, arbitrary: mangled(asText(nearlyGood)) },
  { weight: 2, arbitrary: yamlText },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes])),
  },
  { weight: 1, arbitrary: oneOf<string | undefined>(undefined, '', ' ', '['.repeat(5000), '{"a":'.repeat(5000)) },
);

const base = `/apis/${fixtureGroup}/v1beta1/namespaces/default/${fixturePlural}`;
const rawSegment = oneOf(
  ...[
    'a',
    'b',
    'none',
    'status',
    'scale',
    'nope',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%00',
    '%zz',
    '%25',
    '__proto__',
    'constructor',
  ],
  ...[
    'namespaces',
    'default',
    'watch',
    'apis',
    'api',
    'v1',
    'v1beta1',
    'v1alpha1',
    fixtureGroup,
    fixturePlural,
    '',
    '%F0%9F%98%80',
  ],
);
const path = fc.oneof(
  { weight: 3, arbitrary: fc.constant(base) },
  { weight: 2, arbitrary: fc.array(rawSegment, { maxLength: 8 }).map((segments) => `/${segments.join('/')}`) },
  { weight: 1, arbitrary: fc.array(rawSegment, { maxLength: 3 }).map((segments) => `${base}/${segments.join('/')}`) },
  { weight: 1, arbitrary: oneOf('/openapi/v2', '/openapi/v3', '/apis', '/api', '/version', '/livez', '/readyz/x') },
);

const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const token = fc.oneof(
  fc
    .record({
      v: fc.oneof(fc.constant('meta.k8s.io/v1'), scalar),
      rv: fc.oneof(oneOf<unknown>(1, -1, 0, 3), scalar),
      start: fc.oneof(oneOf('a\u0000', '/a', '../x\u0000'), scalar),
    })
    .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  anyText,
);
const labelSelector = fc
  .array(oneOf('a', 'b', '=', '==', '!=', '!', ',', ' in ', ' notin ', '(', ')', '>', '<', ' ', 'x/y', '5', 'é'), {
    maxLength: 10,
  })
  .map((parts) => parts.join(''));
const fieldSelector = fc
  .array(oneOf('metadata.name', 'spec.app', 'spec.x', '=', '==', '!=', ',', 'a', '\\', '\\,', '\\=', ' '), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
/** Revisions that have come long ago: waiting for others takes its time, and is no fault. */
const revision = fc.oneof(
  oneOf('', '0', '1', '2', '-1', 'abc', '1.5', '0x1', '1e0', '٣'),
  anyText.filter((text) => !/^\d+$/.test(text)),
);
const option = fc.oneof(
  fc.tuple(fc.constant('dryRun'), oneOf('All', 'Some', '')),
  fc.tuple(fc.constant('fieldValidation'), oneOf('Ignore', 'Warn', 'Strict', 'x', '')),
  fc.tuple(fc.constant('fieldManager'), fc.oneof(oneOf('m', 'n', ''), anyText)),
  fc.tuple(fc.constant('force'), oneOf('true', 'false', 'x', '')),
  fc.tuple(fc.constant('limit'), oneOf('0', '1', '-1', 'x', '99999999999999999999', '')),
  fc.tuple(fc.constant('continue'), token),
  fc.tuple(fc.constant('resourceVersion'), revision),
  fc.tuple(fc.constant('resourceVersionMatch'), oneOf('Exact', 'NotOlderThan', 'x', '')),
  fc.tuple(fc.constant('labelSelector'), labelSelector),
  fc.tuple(fc.constant('fieldSelector'), fieldSelector),
  fc.tuple(fc.constant('propagationPolicy'), oneOf('Orphan', 'Foreground', 'Background', 'x', '')),
  fc.tuple(fc.constant('gracePeriodSeconds'), oneOf('0', '5', '-3', 'x', '1e9')),
  fc.tuple(fc.constant('orphanDependents'), oneOf('true', 'false', '')),
  fc.tuple(fc.constant('pretty'), oneOf('true', '0', '')),
  fc.tuple(fc.constant('includeObject'), oneOf('None', 'Object', 'x')),
  fc.tuple(key, anyText),
);
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());
const query = fc
  .array(option, { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&'));

const accept = fc
  .array(
    fc
      .tuple(
        oneOf(
          'application/json',
          'application/yaml',
          'application/vnd.kubernetes.protobuf',
          '*/*',
          'application/*',
          'text/html',
          'x',
          '',
        ),
        fc.array(
          oneOf(
            'as=Table',
            'as=PartialObjectMetadata',
            'as=PartialObjectMetadataList',
            'g=meta.k8s.io',
            'v=v1',
            'v=v1beta1',
            'v=v9',
            'q=0.5',
            'q=x',
            'q=0',
            'stream=watch',
            'pretty=1',
            '=',
            'as',
          ),
          { maxLength: 4 },
        ),
      )
      .map(([type, parameters]) => [type, ...parameters].join(';')),
    { maxLength: 3 },
  )
  .map((clauses) => clauses.join(','));
const contentType = oneOf(
  ...[
    'application/json',
    'application/yaml',
    'application/merge-patch+json',
    'application/json-patch+json',
    'application/apply-patch+yaml',
  ],
  ...[
    'application/strategic-merge-patch+json',
    'application/vnd.kubernetes.protobuf',
    'application/cbor',
    'x',
    '',
    ';;',
    'application/json;charset=x',
  ],
);
const headers = fc.record(
  {
    accept,
    'accept-encoding': oneOf('gzip', 'gzip;q=0', 'br', ''),
    'user-agent': oneOf('fuzz', 'curl/8', '', '/', '\u00e9/1'),
    'audit-id': oneOf('x', ' ', 'x'.repeat(500)),
    'if-none-match': oneOf('*', '"', '"x", W/"y"'),
  },
  { requiredKeys: [] },
);

const named = oneOf('a', 'b', 'c', 'none').map((name) => `${base}/${name}`);
const below = fc.tuple(oneOf('a', 'b'), oneOf('status', 'scale')).map(([name, part]) => `${base}/${name}/${part}`);
const patchType = oneOf('application/merge-patch+json', 'application/json-patch+json', 'application/apply-patch+yaml');
const documentType = oneOf('application/json', 'application/json', 'application/yaml');

/** Method, path and content type: mostly such as belong together, so that bodies and options are reached. */
const aims = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('POST'), fc.constant(base), documentType) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('PUT'), fc.oneof(named, below), documentType) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('PATCH'), fc.oneof(named, below), patchType) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('DELETE'), fc.oneof(named, fc.constant(base)), documentType) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('GET'), fc.oneof(named, below, fc.constant(base)), documentType) },
  {
    weight: 4,
    arbitrary: fc.tuple(
      oneOf('GET', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'),
      fc.oneof(path, named, below),
      contentType,
    ),
  },
);

export const requests: Arbitrary<FuzzedRequest> = fc
  .tuple(aims, fc.oneof({ weight: 1, arbitrary: fc.constant('') }, { weight: 1, arbitrary: query }), headers, body)
  .map(([[method, where, type], what, sent, bytes]) => ({
    method,
    path: what ? `${where}?${what}` : where,
    headers: { ...sent, 'content-type': type },
    body: method === 'GET' || method === 'HEAD' ? undefined : bytes,
  }));
