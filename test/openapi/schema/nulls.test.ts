/** Nulls by schema: where they say "not set", and where they are values. */
import { expect } from 'chai';
import { compileNulls } from '../../../openapi/schema/nulls.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';

const text: Schema = { type: 'string' };
const without = (schema: Schema, value: unknown): unknown => {
  compileNulls(schema)?.(value);
  return value;
};

describe('nulls', () => {
  it('are no values of fields, unless the schema allows them (K-239)', () =>
    expect(
      without(
        {
          type: 'object',
          properties: { a: text, b: { ...text, nullable: true }, c: { type: 'object', properties: { d: text } } },
        },
        { a: null, b: null, c: { d: null } },
      ),
    ).to.deep.equal({ b: null, c: {} }));

  it('are no values of maps, unless the schema allows them (K-239)', () => {
    expect(without({ type: 'object', additionalProperties: text }, { a: null, b: 'x' })).to.deep.equal({ b: 'x' });
    const nullable = { ...text, nullable: true };
    expect(without({ type: 'object', additionalProperties: nullable }, { a: null })).to.deep.equal({ a: null });
  });

  it('stay in lists, and where nothing is known of what holds them', () => {
    const list: Schema = { type: 'array', items: { type: 'object', properties: { a: text } } };
    expect(without(list, [null, { a: null, b: null }])).to.deep.equal([null, { b: null }]);
    expect(without({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { a: null })).to.deep.equal({
      a: null,
    });
  });

  it('touch no prototype', () => {
    const value = JSON.parse('{"__proto__":null,"constructor":null}');
    without({ type: 'object', properties: { constructor: text, toString: text } }, value);
    expect(Object.keys(value)).to.deep.equal(['__proto__']);
  });
});
