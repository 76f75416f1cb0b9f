/** Pruning by schema: unknown fields never reach storage (K-152), and clients are told their paths. */
import { expect } from 'chai';
import fc from 'fast-check';
import { copyOf } from '../../../openapi/machinery/json.ts';
import { Path } from '../../../openapi/schema/path.ts';
import { compilePruning } from '../../../openapi/schema/prune.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { arbitraryOf } from '../../make/openapi-arbitrary.ts';
import { fixtureSchema } from '../../make/openapi-fixture.ts';

function pruned(schema: Schema, value: unknown): { value: unknown; removed: string[] } {
  const copy = copyOf(value);
  const removed: string[] = [];
  const changed = compilePruning(schema)?.(copy, new Path(), (path) => removed.push(path)) ?? false;
  expect(changed).to.equal(removed.length > 0);
  return { value: copy, removed: removed.sort() };
}

describe('pruning', () => {
  it('removes unknown fields and names them (K-152)', () => {
    const document = {
      metadata: { name: 'c2', foo: 1 },
      spec: { app: 'x', zork: 1, roles: [{ id: 'a', bad: true }] },
      top: 1,
    };
    expect(pruned(fixtureSchema, document)).to.deep.equal({
      value: { metadata: { name: 'c2' }, spec: { app: 'x', roles: [{ id: 'a' }] } },
      removed: ['metadata.foo', 'spec.roles[0].bad', 'spec.zork', 'top'],
    });
  });

  it('keeps whatever stands in a node that keeps unknown fields, and goes on below its known ones', () => {
    expect(pruned(fixtureSchema, { spec: { free: { a: { b: [1] } } } }).removed).to.deep.equal([]);
    const spec = { note: 'mine', label: { name: 'x', colour: 'red' }, config: { strange: 1 } };
    expect(pruned(kubeDirectorApp, { spec })).to.deep.equal({
      value: { spec: { note: 'mine', label: { name: 'x', colour: 'red' }, config: {} } },
      removed: ['spec.config.strange'],
    });
  });

  it('keeps the keys of maps and looks at their values', () => {
    const map: Schema = { type: 'object', additionalProperties: { type: 'object', properties: { a: {} } } };
    expect(pruned(map, { x: { a: 1, b: 1 }, y: {} })).to.deep.equal({
      value: { x: { a: 1 }, y: {} },
      removed: ['x.b'],
    });
  });

  it('leaves values of wrong types to validation', () =>
    expect(pruned(fixtureSchema, { spec: { roles: { id: 'a' }, app: [] } }).removed).to.deep.equal([]));

  it('removes __proto__ and constructor like any other unknown field (K-113)', () => {
    const { value, removed } = pruned(fixtureSchema, JSON.parse('{"spec":{"__proto__":{"a":1},"constructor":1}}'));
    expect(removed).to.deep.equal(['spec.__proto__', 'spec.constructor']);
    expect(Object.keys((value as { spec: object }).spec)).to.deep.equal([]);
  });

  for (const [name, schema] of [
    ['the fixture', fixtureSchema],
    ['KubeDirectorApp', kubeDirectorApp],
  ] as const)
    it(`removes nothing from what the schema of ${name} admits`, () => {
      const unknownKeys = fc.string({ minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(arbitraryOf(schema, { unknownKeys }), (value) => {
          const before = copyOf(value);
          expect(pruned(schema, value)).to.deep.equal({ value: before, removed: [] });
        }),
      );
    });
});
