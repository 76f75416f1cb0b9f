/** Defaulting by schema: what API conventions call static defaults. */
import { expect } from 'chai';
import fc from 'fast-check';
import { copyOf } from '../../../openapi/machinery/json.ts';
import { compileDefaults } from '../../../openapi/schema/defaults.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { kubeDirectorAppV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { arbitraryOf } from '../../make/openapi-arbitrary.ts';
import { fixtureSchema } from '../../make/openapi-fixture.ts';

const defaulted = (schema: Schema, value: unknown): unknown => {
  const copy = copyOf(value);
  compileDefaults(schema)?.(copy);
  return copy;
};

const text: Schema = { type: 'string' };

describe('defaulting', () => {
  it('fills what is absent, and nothing else', () => {
    expect(defaulted(fixtureSchema, { spec: { app: 'x' } })).to.deep.equal({ spec: { app: 'x', replicas: 1 } });
    expect(defaulted(fixtureSchema, { spec: { replicas: 0 } })).to.deep.equal({ spec: { replicas: 0 } });
    expect(defaulted(fixtureSchema, {})).to.deep.equal({});
  });

  it('takes null for absent where null is no value (K-239)', () => {
    const schema: Schema = {
      type: 'object',
      properties: { a: { ...text, default: 'x' }, b: { ...text, default: 'x', nullable: true } },
    };
    expect(defaulted(schema, { a: null, b: null })).to.deep.equal({ a: 'x', b: null });
  });

  it('goes on inside a default, in lists and in maps', () => {
    const inner: Schema = { type: 'object', properties: { a: { ...text, default: 'x' } } };
    const schema: Schema = {
      type: 'object',
      properties: {
        one: { ...inner, default: {} },
        list: { type: 'array', items: inner },
        map: { type: 'object', additionalProperties: inner },
      },
    };
    expect(defaulted(schema, { list: [{}, { a: 'y' }, 1], map: { k: {} } })).to.deep.equal({
      one: { a: 'x' },
      list: [{ a: 'x' }, { a: 'y' }, 1],
      map: { k: { a: 'x' } },
    });
  });

  it('gives every object a default of its own', () => {
    const schema: Schema = { type: 'object', properties: { list: { type: 'array', default: [] } } };
    const [first, second] = [defaulted(schema, {}), defaulted(schema, {})] as { list: unknown[] }[];
    first!.list.push(1);
    expect(second!.list).to.deep.equal([]);
  });

  it('skips branches in which nothing has a default', () =>
    expect(compileDefaults({ type: 'object', properties: { a: text } })).to.equal(undefined));

  for (const [name, schema] of [
    ['the fixture', fixtureSchema],
    ['KubeDirectorCluster', kubeDirectorCluster],
    ['KubeDirectorApp in v1alpha1', kubeDirectorAppV1alpha1.schema],
  ] as const)
    it(`of ${name} twice is the same as once, and says truly whether it did something`, () => {
      const fill = compileDefaults(schema)!;
      fc.assert(
        fc.property(arbitraryOf(schema, { partial: true }), (value) => {
          const before = copyOf(value);
          const changed = fill(value);
          expect(changed).to.equal(JSON.stringify(value) !== JSON.stringify(before));
          const once = copyOf(value);
          expect(fill(value)).to.equal(false);
          expect(value).to.deep.equal(once);
        }),
      );
    });

  it('makes nothing invalid that was valid', () => {
    const validate = compileValidation(kubeDirectorCluster);
    fc.assert(
      fc.property(arbitraryOf(kubeDirectorCluster), (value) => {
        compileDefaults(kubeDirectorCluster)?.(value);
        expect(validate(value)).to.deep.equal([]);
      }),
    );
  });
});
