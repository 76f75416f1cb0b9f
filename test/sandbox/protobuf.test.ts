/** Bodies as kubectl 1.32 sends them, recorded. */
import { expect } from 'chai';
import { DecodeError } from '../../apiserver/codec/json.ts';
import { decodeProtobuf } from '../../deploy/sandbox/wire/protobuf.ts';

const decoded = (base64: string) => decodeProtobuf(Buffer.from(base64, 'base64'));

describe('kubectl', () => {
  for (const [command, body, document] of [
    [
      'create ns demo2',
      'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEh0KFQoFZGVtbzISABoAIgAqADIAOABCABIAGgIKABoAIgA=',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo2' }, spec: {} },
    ],
    [
      'create secret generic s2 --from-literal=a=b',
      'azhzAAoMCgJ2MRIGU2VjcmV0Eh4KEgoCczISABoAIgAqADIAOABCABIGCgFhEgFiGgAaACIA',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's2' }, data: { a: 'Yg==' } },
    ],
    [
      'create cm c --from-literal=a=b',
      'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhsKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWIaACIA',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } },
    ],
    [
      'create service nodeport np2 --tcp=80:web --node-port=30123',
      'azhzAAoNCgJ2MRIHU2VydmljZRJrCh8KA25wMhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDbnAyEkQKHgoGODAtd2ViEgNUQ1AYUCIJCAEQABoDd2ViKKvrARIKCgNhcHASA25wMhoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'np2', labels: { app: 'np2' } },
        spec: {
          type: 'NodePort',
          selector: { app: 'np2' },
          ports: [{ name: '80-web', protocol: 'TCP', port: 80, targetPort: 'web', nodePort: 30_123 }],
        },
      },
    ],
    [
      'create role r2 --verb=get --resource=pods --resource-name=x',
      'azhzAAokChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgRSb2xlEiYKEgoCcjISABoAIgAqADIAOABCABIQCgNnZXQSABoEcG9kcyIBeBoAIgA=',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'r2' },
        rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }],
      },
    ],
    [
      'create clusterrolebinding crb2 --clusterrole=view --user=bob --serviceaccount=default:x',
      'azhzAAoyChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEhJDbHVzdGVyUm9sZUJpbmRpbmcSkAEKFAoEY3JiMhIAGgAiACoAMgA4AEIAEigKBFVzZXISGXJiYWMuYXV0aG9yaXphdGlvbi5rOHMuaW8aA2JvYiIAEh4KDlNlcnZpY2VBY2NvdW50EgAaAXgiB2RlZmF1bHQaLgoZcmJhYy5hdXRob3JpemF0aW9uLms4cy5pbxILQ2x1c3RlclJvbGUaBHZpZXcaACIA',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'crb2' },
        subjects: [
          { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' },
          { kind: 'ServiceAccount', name: 'x', namespace: 'default' },
        ],
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      },
    ],
    [
      'auth can-i list statefulsets.apps -n demo',
      'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSRgoQCgASABoAIgAqADIAOABCABIoCiYKBGRlbW8SBGxpc3QaBGFwcHMiACoMc3RhdGVmdWxzZXRzMgA6ABoICAASABoAIAAaACIA',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: {},
        spec: { resourceAttributes: { namespace: 'demo', verb: 'list', group: 'apps', resource: 'statefulsets' } },
      },
    ],
    [
      'create token default --duration=1h',
      'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIAEgMgkBwaBAoAEgAaACIA',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: { expirationSeconds: 3600 },
      },
    ],
    ['drain', 'azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIAGgAiAA==', { apiVersion: 'v1', kind: 'DeleteOptions' }],
  ] as const)
    it(command, () => expect(decoded(body)).to.deep.equal(document));
});

describe('a protobuf body', () => {
  const body = (...bytes: number[]): Buffer => Buffer.from([0x6b, 0x38, 0x73, 0x00, ...bytes]);
  const envelope = (apiVersion: string, kind: string, raw: number[]): Buffer => {
    const part = (number: number, bytes: number[]) => [(number << 3) | 2, bytes.length, ...bytes];
    const chars = (text: string) => [...Buffer.from(text)];
    return body(...part(1, [...part(1, chars(apiVersion)), ...part(2, chars(kind))]), ...part(2, raw));
  };

  it('of a kind that is not known here is nobody’s', () =>
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', []))).to.equal(undefined));

  it('keeps what a pointer says, be it empty', () =>
    expect(decodeProtobuf(envelope('v1', 'Secret', [0x28, 0]))).to.include({ immutable: false }));

  it('may hold fields that are not known here', () =>
    expect(decodeProtobuf(envelope('v1', 'Secret', [0xf8, 0x07, 1, 0x1a, 1, 0x78]))).to.include({ type: 'x' }));

  it('tells times to the microsecond where Kubernetes does (K-339)', () => {
    const varint = (value: number): number[] =>
      value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
    const time = [0x08, ...varint(Date.parse('2026-01-01T00:00:00Z') / 1000), 0x10, ...varint(123_456)];
    const spec = [0x22, time.length, ...time];
    const lease = decodeProtobuf(envelope('coordination.k8s.io/v1', 'Lease', [0x12, spec.length, ...spec])) as never;
    expect(lease).to.have.nested.property('spec.renewTime', '2026-01-01T00:00:00.000123Z');
  });

  for (const [what, bytes] of [
    ['without its prefix', Buffer.from('{"kind":"Secret"}')],
    ['that ends too soon', body(0x0a, 0x7f)],
    ['with a number that never ends', envelope('v1', 'Secret', Array(12).fill(0xff))],
    ['with a field of another type', envelope('v1', 'Secret', [0x18, 1])],
    ['with an unheard-of wire type', envelope('v1', 'Secret', [0x0b])],
  ] as const)
    it(`${what} is refused`, () => expect(() => decodeProtobuf(bytes)).to.throw(DecodeError));
});
