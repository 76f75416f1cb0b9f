/** The Statuses of the catalogue, byte for byte where clients match on them. */
import { expect } from 'chai';
import * as field from '../../../openapi/machinery/field.ts';
import { jsonText } from '../../../openapi/machinery/json.ts';
import {
  deleted,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type Status,
  StatusError,
} from '../../../openapi/machinery/status.ts';

const group = 'kubedirector.bluedata.io';
const clusters = { group, resource: 'kubedirectorclusters' };
const cluster = { group, kind: 'KubeDirectorCluster' };
const spec = field.spec;

const frame = (rest: Partial<Status>): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  ...rest,
});

describe('a Status', () => {
  const about = { name: 'c1', group, kind: 'kubedirectorclusters' };
  for (const [name, error, expected] of [
    ['K-360', StatusError.badRequest('the cause'), frame({ message: 'the cause', reason: 'BadRequest', code: 400 })],
    ['K-361', StatusError.unauthorized(), frame({ message: 'Unauthorized', reason: 'Unauthorized', code: 401 })],
    [
      'K-362',
      StatusError.forbidden(clusters, 'c1', 'User "bob" cannot update resource'),
      frame({
        message: 'kubedirectorclusters.kubedirector.bluedata.io "c1" is forbidden: User "bob" cannot update resource',
        reason: 'Forbidden',
        details: about,
        code: 403,
      }),
    ],
    [
      'K-363',
      StatusError.notFound(clusters, 'c1'),
      frame({
        message: 'kubedirectorclusters.kubedirector.bluedata.io "c1" not found',
        reason: 'NotFound',
        details: about,
        code: 404,
      }),
    ],
    [
      'K-364',
      StatusError.noSuchResource(),
      frame({
        message: 'the server could not find the requested resource',
        reason: 'NotFound',
        details: {},
        code: 404,
      }),
    ],
    [
      'K-365',
      StatusError.notFound({ group: '', resource: 'namespaces' }, 'x'),
      frame({
        message: 'namespaces "x" not found',
        reason: 'NotFound',
        details: { name: 'x', kind: 'namespaces' },
        code: 404,
      }),
    ],
    [
      'K-367',
      StatusError.methodNotAllowed(),
      frame({
        message: 'the server does not allow this method on the requested resource',
        reason: 'MethodNotAllowed',
        details: {},
        code: 405,
      }),
    ],
    [
      'K-106',
      StatusError.notAcceptable(['application/json', 'application/yaml']),
      frame({
        message: 'only the following media types are accepted: application/json, application/yaml',
        reason: 'NotAcceptable',
        code: 406,
      }),
    ],
    [
      'K-369',
      StatusError.alreadyExists(clusters, 'c1'),
      frame({
        message: 'kubedirectorclusters.kubedirector.bluedata.io "c1" already exists',
        reason: 'AlreadyExists',
        details: about,
        code: 409,
      }),
    ],
    [
      'K-370',
      StatusError.conflict(clusters, 'c1'),
      frame({
        message:
          'Operation cannot be fulfilled on kubedirectorclusters.kubedirector.bluedata.io "c1": the object has been modified; please apply your changes to the latest version and try again',
        reason: 'Conflict',
        details: about,
        code: 409,
      }),
    ],
    [
      'K-372',
      StatusError.expired('too old', 'token'),
      frame({ metadata: { continue: 'token' }, message: 'too old', reason: 'Expired', code: 410 }),
    ],
    [
      'K-376',
      StatusError.tooManyRequests('storage is (re)initializing'),
      frame({
        message: 'storage is (re)initializing',
        reason: 'TooManyRequests',
        details: { retryAfterSeconds: 1 },
        code: 429,
      }),
    ],
    [
      'K-378',
      StatusError.internal('failed calling webhook'),
      frame({
        message: 'Internal error occurred: failed calling webhook',
        reason: 'InternalError',
        details: { causes: [{ message: 'failed calling webhook' }] },
        code: 500,
      }),
    ],
    [
      'K-382',
      StatusError.unavailable('apiserver is shutting down', 1),
      frame({
        message: 'apiserver is shutting down',
        reason: 'ServiceUnavailable',
        details: { retryAfterSeconds: 1 },
        code: 503,
      }),
    ],
    [
      'K-384',
      StatusError.revisionTooLarge(99999999, 470),
      frame({
        message: 'Timeout: Too large resource version: 99999999, current: 470',
        reason: 'Timeout',
        details: {
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          retryAfterSeconds: 1,
        },
        code: 504,
      }),
    ],
  ] as const)
    it(`of ${expected.code} ${expected.reason} reads as recorded (${name})`, () => {
      expect(error.status).to.deep.equal(expected);
      expect(error.code).to.equal(expected.code);
    });

  it('of a delete tells whose delete it was, so that kubectl can wait (K-292)', () =>
    expect(jsonText(deleted(clusters, 'c1', 'u-1'))).to.equal(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"c1","group":"kubedirector.bluedata.io","kind":"kubedirectorclusters","uid":"u-1"}}',
    ));

  it('is recognised by its reason (K-356)', () => {
    expect(isNotFound(StatusError.notFound(clusters, 'c1'))).to.equal(true);
    expect(isConflict(StatusError.conflict(clusters, 'c1'))).to.equal(true);
    expect(isAlreadyExists(StatusError.nameNotGenerated(clusters, 'c1'))).to.equal(true);
    expect(isNotFound(new Error('not found'))).to.equal(false);
  });
});

describe('Invalid', () => {
  const faults = [
    field.invalid(spec.child('replicas'), -1, 'spec.replicas in body should be greater than or equal to 0'),
    field.required(spec.child('app')),
  ];

  it('names the kind, every fault and its field (K-354, K-399)', () => {
    const { status } = StatusError.invalid(cluster, 'c2', faults);
    expect(status).to.deep.equal(
      frame({
        reason: 'Invalid',
        code: 422,
        message:
          'KubeDirectorCluster.kubedirector.bluedata.io "c2" is invalid: [spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0, spec.app: Required value]',
        details: {
          name: 'c2',
          group,
          kind: 'KubeDirectorCluster',
          causes: [
            {
              reason: 'FieldValueInvalid',
              message: 'Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
              field: 'spec.replicas',
            },
            { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.app' },
          ],
        },
      }),
    );
  });

  it('says a single fault without brackets, and equal texts once (K-401)', () => {
    expect(StatusError.invalid(cluster, 'c2', [faults[1]!]).message).to.match(
      / is invalid: spec\.app: Required value$/,
    );
    expect(StatusError.invalid(cluster, 'c2', [faults[1]!, faults[1]!]).message).to.match(
      / is invalid: spec\.app: Required value$/,
    );
  });

  for (const [name, fault, reason, text] of [
    ['K-385', field.required('f', 'say which'), 'FieldValueRequired', 'Required value: say which'],
    ['K-386', field.invalid('f', 'x', 'no good'), 'FieldValueInvalid', 'Invalid value: "x": no good'],
    [
      'K-387',
      field.typeInvalid('spec.members', 'integer', 'string'),
      'FieldValueTypeInvalid',
      'Invalid value: "string": spec.members in body must be of type integer: "string"',
    ],
    [
      'K-388',
      field.notSupported('f', 'z', ['a', 'b']),
      'FieldValueNotSupported',
      'Unsupported value: "z": supported values: "a", "b"',
    ],
    ['K-389', field.duplicate('f', { id: 'b' }), 'FieldValueDuplicate', 'Duplicate value: {"id":"b"}'],
    ['K-390', field.forbidden('f', 'not now'), 'FieldValueForbidden', 'Forbidden: not now'],
    ['K-391', field.notFound('f', 'x'), 'FieldValueNotFound', 'Not found: "x"'],
    ['K-392', field.tooLong('f', 20), 'FieldValueTooLong', 'Too long: may not be more than 20 bytes'],
    ['K-393', field.tooMany('f', 4, 3), 'FieldValueTooMany', 'Too many: 4: must have at most 3 items'],
  ] as const)
    it(`${reason} reads ${text} (${name})`, () => {
      expect(fault.message).to.equal(text);
      expect(fault.reason).to.equal(reason);
    });

  it('shows strings as Go quotes them, scalars bare, structures as compact JSON (K-397)', () => {
    for (const [value, text] of [
      ['a"b', '"a\\"b"'],
      ['\\ \u0001\u0007\t\v\u007f', String.raw`"\\ \x01\a\t\v\x7f"`],
      ['é 😀 \u200b\u{e0001}', String.raw`"é 😀 \u200b\U000e0001"`],
      [{ a: '\u0001' }, String.raw`{"a":"\u0001"}`],
      [1.5, '1.5'],
      [true, 'true'],
      [null, 'null'],
      [[1], '[1]'],
    ] as const)
      expect(field.printed(value)).to.equal(text);
  });

  it('writes paths with dots, and indexes and keys in brackets (K-396)', () => {
    expect(String(spec.child('roles').index(2).child('id'))).to.equal('spec.roles[2].id');
    expect(String(field.metadata.child('labels').key('a/b'))).to.equal('metadata.labels[a/b]');
    expect(String(field.root.child('kind'))).to.equal('kind');
  });
});
