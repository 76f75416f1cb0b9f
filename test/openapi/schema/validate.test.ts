/** Validation by schema, in the words that kube-apiserver was heard to use for the same documents. */
import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { type FieldError, faultText } from '../../../openapi/machinery/field.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { anyJson, arbitraryOf } from '../../make/openapi-arbitrary.ts';
import { fixtureSchema } from '../../make/openapi-fixture.ts';

const validate = compileValidation(fixtureSchema);
const texts = (faults: readonly FieldError[]): string[] => faults.map(faultText).sort();
const faultsOfSpec = (spec: unknown): FieldError[] => validate({ metadata: { name: 'c2' }, spec });

describe('validation by schema', () => {
  it('accepts what the schema says', () => {
    expect(texts(faultsOfSpec({ app: 'x' }))).to.deep.equal([]);
    const roles = [{ id: 'a', members: 1, resources: { cpu: 2, memory: '4Gi' } }, { id: 'b' }];
    expect(texts(faultsOfSpec({ app: 'x', replicas: 100, roles, tags: ['x', 'y'], free: { a: [1] } }))).to.deep.equal(
      [],
    );
  });

  it('finds a value of the wrong type, and that it is none of those allowed (K-388, K-399)', () =>
    expect(texts(faultsOfSpec({ app: 'a', mode: 1 }))).to.deep.equal([
      'spec.mode: Invalid value: "integer": spec.mode in body must be of type string: "integer"',
      'spec.mode: Unsupported value: 1: supported values: "a", "b"',
    ]));

  it('finds every fault at once: wrong values, missing, too many and repeated ones (K-399)', () =>
    expect(
      texts(
        faultsOfSpec({
          replicas: -1,
          mode: 'z',
          roles: [{ members: 1 }, { id: 'A' }, { id: 'b', members: 'x' }, { id: 'b' }],
          tags: ['q', 'q'],
        }),
      ),
    ).to.deep.equal(
      [
        'spec.mode: Unsupported value: "z": supported values: "a", "b"',
        'spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
        'spec.roles[0].id: Required value',
        `spec.roles[1].id: Invalid value: "A": spec.roles[1].id in body should match '^[a-z]+$'`,
        'spec.roles[2].members: Invalid value: "string": spec.roles[2].members in body must be of type integer: "string"',
        'spec.roles: Too many: 4: must have at most 3 items',
        'spec.app: Required value',
        'spec.roles[3]: Duplicate value: {"id":"b"}',
        'spec.tags[1]: Duplicate value: "q"',
      ].sort(),
    ));

  it('tells the type that it found and the one that it expected (K-387)', () =>
    expect(texts(faultsOfSpec({ app: 5, replicas: 'x', roles: {} }))).to.deep.equal(
      [
        'spec.roles: Invalid value: "object": spec.roles in body must be of type array: "object"',
        'spec.app: Invalid value: "integer": spec.app in body must be of type string: "integer"',
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      ].sort(),
    ));

  it('knows the bounds of numbers and texts (K-398)', () =>
    expect(texts(faultsOfSpec({ app: '', replicas: 1000 }))).to.deep.equal(
      [
        'spec.replicas: Invalid value: 1000: spec.replicas in body should be less than or equal to 100',
        'spec.app: Invalid value: "": spec.app in body should be at least 1 chars long',
      ].sort(),
    ));

  it('refuses long texts, fractions and null (K-392)', () =>
    expect(texts(faultsOfSpec({ app: 'a'.repeat(25), replicas: 1.5, tags: ['x', null] }))).to.deep.equal(
      [
        'spec.app: Too long: may not be more than 20 bytes',
        // The reference says "int32" and "float64" here, which are no JSON types.
        'spec.replicas: Invalid value: "float64": spec.replicas in body must be of type int32: "float64"',
        'spec.tags[1]: Invalid value: "null": spec.tags[1] in body must be of type string: "null"',
      ].sort(),
    ));

  it('refuses a whole number that its format has no room for', () =>
    expect(texts(compileValidation({ type: 'integer', format: 'int32' })(2 ** 31))).to.deep.equal([
      'Invalid value: 2147483648: Checked value must be of type integer with format int32 in ',
    ]));

  it('keeps integers beyond 2^53 apart (K-112)', () => {
    const { length } = compileValidation({ type: 'integer', format: 'int64', maximum: 2 ** 53 })(2n ** 53n + 1n);
    expect(length).to.equal(1);
    expect(compileValidation({ type: 'integer', format: 'int64' })(2n ** 63n)).to.have.length(1);
    expect(compileValidation({ type: 'integer', format: 'int64' })(2n ** 63n - 1n)).to.have.length(0);
  });

  it('takes a quantity as text or as a whole number, and looks into the text', () => {
    const amounts = (resources: unknown) => texts(faultsOfSpec({ app: 'x', roles: [{ id: 'a', resources }] }));
    expect(amounts({ cpu: 2, memory: '4Gi', disk: '1.5e3' })).to.deep.equal([]);
    expect(amounts({ cpu: '2 cores' })).to.have.length(1);
    expect(amounts({ cpu: [] })).to.have.length(1);
  });

  it('counts characters, not their halves', () => {
    const twoLetters = compileValidation({ type: 'string', minLength: 2, maxLength: 2 });
    expect(twoLetters('😀')).to.have.length(1);
    expect(twoLetters('😀😀')).to.have.length(0);
  });

  for (const [text, valid] of [
    ['2026-11-21T19:52:27Z', true],
    ['2026-11-21T19:52:27.123456Z', true],
    ['2026-11-21T19:52:27+02:00', true],
    ['2026-11-21', false],
    ['yesterday', false],
    ['2026-13-21T19:52:27Z', false],
    ['1', false],
  ] as const)
    it(`${JSON.stringify(text)} is ${valid ? 'a' : 'no'} date-time`, () =>
      expect(compileValidation({ type: 'string', format: 'date-time' })(text)).to.have.length(valid ? 0 : 1));

  it('takes keys that every JavaScript object has for ordinary ones (K-113)', () => {
    const properties = { ['toString' as string]: { type: 'string' } as Schema };
    const named: Schema = { type: 'object', required: ['constructor'], properties };
    expect(texts(compileValidation(named)({}))).to.deep.equal(['constructor: Required value']);
    expect(texts(compileValidation(named)(JSON.parse('{"constructor":1,"__proto__":{"toString":1}}')))).to.deep.equal(
      [],
    );
  });
});

/** A schema in ajv's words. Which keywords mean what there is ajv's knowledge; sets and map lists it does not know. */
function inAjvWords({ definition: _, example: __, ...schema }: Schema): Record<string, unknown> {
  const { properties, items, additionalProperties } = schema;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  return {
    ...schema,
    ...(intOrString && { type: ['integer', 'string'] }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, inAjvWords(value)])),
    }),
    ...(items && { items: inAjvWords(items) }),
    ...(schema['x-kubernetes-list-type'] === 'set' && { uniqueItems: true }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: inAjvWords(additionalProperties) }),
  };
}

function ajvFor(schema: Schema): (value: unknown) => boolean {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const within = (bits: number) => (value: number) => value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);
  ajv.addFormat('int32', { type: 'number', validate: within(32) });
  ajv.addFormat('int64', { type: 'number', validate: within(64) });
  ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text));
  ajv.addKeyword({
    keyword: 'x-kubernetes-list-map-keys',
    type: 'array',
    validate: (keys: string[], list: unknown[]) => {
      const ids = list.map((item) => keys.map((key) => (item as Record<string, unknown> | null)?.[key]));
      const told = ids.filter((id) => id.some((value) => value !== undefined)).map((id) => JSON.stringify(id));
      return new Set(told).size === told.length;
    },
  });
  return ajv.compile(inAjvWords(schema)) as (value: unknown) => boolean;
}

/** Any small schema; objects and lists of it nest two levels deep. */
const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ node: Schema }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'schema' },
    fc.record(
      { type: fc.constant('string' as const), minLength: fc.nat(3), maxLength: fc.integer({ min: 3, max: 6 }) },
      { requiredKeys: ['type'] },
    ),
    fc.constant({ type: 'string', pattern: '^[a-c]+$' } as Schema),
    fc.constant({ type: 'string', enum: ['a', 'b'] } as Schema),
    fc.record(
      {
        type: fc.constantFrom('integer' as const, 'number' as const),
        minimum: fc.integer({ min: -9, max: 0 }),
        maximum: fc.integer({ min: 1, max: 9 }),
      },
      { requiredKeys: ['type'] },
    ),
    fc.constant({ type: 'integer', format: 'int32' } as Schema),
    fc.constant({ type: 'boolean', nullable: true } as Schema),
    fc.constant({ 'x-kubernetes-int-or-string': true, pattern: '^[0-9]+%?$' } as Schema),
    fc.constant({ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' } as Schema),
    fc.record({ type: fc.constant('array' as const), items: tie('node'), maxItems: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ type: fc.constant('object' as const), additionalProperties: tie('node') }),
    fc.record(
      {
        type: fc.constant('object' as const),
        properties: fc.record({ a: tie('node'), b: tie('node') }),
        required: fc.subarray(['a', 'b']),
        nullable: fc.boolean(),
      },
      { requiredKeys: ['type', 'properties'] },
    ),
  ),
})).node;

/** The value with one place in it, chosen by `at`, replaced by `other`. */
function withOneOther(value: unknown, other: unknown, at: number): unknown {
  if (typeof value !== 'object' || value === null || at % 4 === 0) return other;
  const keys = Object.keys(value);
  if (keys.length === 0) return other;
  const chosen = keys[at % keys.length]!;
  const inside = withOneOther((value as Record<string, unknown>)[chosen], other, Math.trunc(at / 2));
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === chosen ? inside : item));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, key === chosen ? inside : item]));
}

const nearly = (schema: Schema): fc.Arbitrary<unknown> =>
  fc.oneof(
    arbitraryOf(schema),
    fc
      .tuple(arbitraryOf(schema), fc.oneof(fc.constantFrom(null, 1.5, -1, 'A', [], {}), anyJson), fc.nat())
      .map(([value, other, at]) => withOneOther(value, other, at)),
  );

describe('our validator and ajv', () => {
  it('agree about any value of any small schema', () =>
    fc.assert(
      fc.property(
        anySchema.chain((schema) =>
          fc.tuple(fc.constant(schema), fc.array(nearly(schema), { minLength: 1, maxLength: 4 })),
        ),
        ([schema, values]) => {
          const ours = compileValidation(schema);
          const theirs = ajvFor(schema);
          for (const value of values) expect(ours(value).length === 0, JSON.stringify(value)).to.equal(theirs(value));
        },
      ),
      { numRuns: 300 },
    )).timeout(60_000);

  it('agree about the fixture', () => {
    const theirs = ajvFor(fixtureSchema);
    fc.assert(
      fc.property(nearly(fixtureSchema), (value) => {
        expect(validate(value).length === 0, JSON.stringify(value)).to.equal(theirs(value));
      }),
      { numRuns: 500 },
    );
  });
});
