/** Strategic merge patches as kubectl makes them for Kubernetes' own kinds. */
import { expect } from 'chai';
import fc from 'fast-check';
import { strategicMerged } from '../../deploy/sandbox/wire/strategic-merge.ts';

type Fields = Record<string, unknown>;

/** A pod's spec, as the patch leaves it. */
const patched = (spec: Fields, patch: Fields): unknown => strategicMerged({ spec }, { spec: patch }).spec;

const [nginx, redis] = [
  { name: 'nginx', image: 'nginx:1' },
  { name: 'redis', image: 'redis:1' },
];

describe('a strategic merge patch', () => {
  for (const [what, spec, patch, result] of [
    [
      'merges containers by their names and adds those that are new',
      { containers: [nginx, redis] },
      {
        containers: [
          { name: 'redis', image: 'redis:2' },
          { name: 'side', image: 'side:1' },
        ],
      },
      { containers: [nginx, { name: 'redis', image: 'redis:2' }, { name: 'side', image: 'side:1' }] },
    ],
    [
      'deletes an item that it names',
      { containers: [nginx, redis] },
      { containers: [{ $patch: 'delete', name: 'nginx' }] },
      { containers: [redis] },
    ],
    [
      'replaces a list if it says so',
      { containers: [nginx, redis] },
      { containers: [{ $patch: 'replace' }, { name: 'only', image: 'x' }] },
      { containers: [{ name: 'only', image: 'x' }] },
    ],
    [
      'replaces lists that nobody merges',
      { tolerations: [{ key: 'a' }], volumeClaimTemplates: [{ a: 1 }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }], volumeClaimTemplates: [{ a: 1 }] },
    ],
    [
      'merges variables, ports and mounts inside a container',
      {
        containers: [
          {
            name: 'a',
            env: [{ name: 'X', value: '1' }],
            ports: [{ containerPort: 80, name: 'web' }],
            volumeMounts: [{ mountPath: '/a', name: 'v' }],
          },
        ],
      },
      {
        containers: [
          {
            name: 'a',
            env: [{ name: 'X', value: '2' }],
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            volumeMounts: [{ mountPath: '/b', name: 'w' }],
          },
        ],
      },
      {
        containers: [
          {
            name: 'a',
            env: [{ name: 'X', value: '2' }],
            ports: [{ containerPort: 80, name: 'web', protocol: 'TCP' }],
            volumeMounts: [
              { mountPath: '/a', name: 'v' },
              { mountPath: '/b', name: 'w' },
            ],
          },
        ],
      },
    ],
    [
      'merges the ports of a service by their numbers',
      { ports: [{ port: 80, nodePort: 30_080 }, { port: 81 }] },
      {
        ports: [
          { port: 80, targetPort: 'web' },
          { $patch: 'delete', port: 81 },
        ],
      },
      { ports: [{ port: 80, nodePort: 30_080, targetPort: 'web' }] },
    ],
    ['deletes with a null', { nodeName: 'x', hostname: 'y' }, { nodeName: null }, { hostname: 'y' }],
    [
      'keeps of a union only what it names',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
    ],
    [
      'replaces an object if it says so',
      { nodeSelector: { a: '1', b: '2' } },
      { nodeSelector: { $patch: 'replace', c: '3' } },
      { nodeSelector: { c: '3' } },
    ],
    [
      'puts items in the order it gives, and leaves others where they stood',
      { containers: [{ name: 'injected' }, { name: 'a' }, { name: 'b' }] },
      { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }], containers: [{ name: 'c' }] },
      { containers: [{ name: 'c' }, { name: 'injected' }, { name: 'b' }, { name: 'a' }] },
    ],
    [
      'leaves no directive in what it adds',
      {},
      { containers: [{ name: 'a', '$setElementOrder/env': [{ name: 'X' }], env: [{ name: 'X' }] }] },
      { containers: [{ name: 'a', env: [{ name: 'X' }] }] },
    ],
  ] as [string, Fields, Fields, Fields][])
    it(what, () => expect(patched(spec, patch)).to.deep.equal(result));

  it('joins finalizers, and takes out those that it names', () => {
    const document = { metadata: { finalizers: ['a/a', 'b/b'] } };
    const joined = strategicMerged(document, { metadata: { finalizers: ['b/b', 'c/c'] } });
    expect(joined).to.deep.equal({ metadata: { finalizers: ['a/a', 'b/b', 'c/c'] } });
    const taken = strategicMerged(joined, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/a', 'c/c'] } });
    expect(taken).to.deep.equal({ metadata: { finalizers: ['b/b'] } });
  });

  it('is refused when it commands what nobody knows, or an item that nothing tells apart', () => {
    expect(() => patched({}, { $patch: 'explode' })).to.throw('unknown patch type: explode');
    expect(() => patched({ containers: [] }, { containers: [{ image: 'x' }] })).to.throw(
      'does not contain declared merge key: name',
    );
    expect(() => patched({}, { $patch: { toString: 1 } })).to.throw('unknown patch type: {"toString":1}');
    expect(() => patched({ args: ['a'] }, { '$deleteFromPrimitiveList/args': 5 })).to.throw(
      '$deleteFromPrimitiveList/args is not a list',
    );
    expect(() => patched({ containers: [] }, { containers: [{ image: 9007199254740993n }] })).to.throw(
      'map: {"image":9007199254740993} does not contain',
    );
  });

  it('changes neither the document nor itself, and twice is the same as once', () =>
    fc.assert(
      fc.property(anySpec, anySpec, (spec, patch) => {
        const before = structuredClone({ spec, patch });
        const once = patched(spec, patch) as Fields;
        expect({ spec, patch }).to.deep.equal(before);
        expect(patched(once, patch)).to.deep.equal(once);
      }),
    ));
});

const anyContainer = fc.record(
  { name: fc.constantFrom('a', 'b', 'c'), image: fc.string(), env: fc.constant([{ name: 'X', value: '1' }]) },
  { requiredKeys: ['name'] },
);
const anySpec: fc.Arbitrary<Fields> = fc.record(
  {
    containers: fc.uniqueArray(anyContainer, { selector: ({ name }) => name }),
    nodeSelector: fc.dictionary(fc.constantFrom('a', 'b'), fc.string()),
    hostname: fc.string(),
    tolerations: fc.array(fc.record({ key: fc.string() })),
  },
  { requiredKeys: [] },
);
