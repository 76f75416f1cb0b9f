/** JSON in memory: exact integers (K-112), and keys that JavaScript gives a meaning of its own (K-113). */
import { expect } from 'chai';
import fc from 'fast-check';
import { copyOf, jsonText, ownValue, sameJson, setOwn } from '../../../openapi/machinery/json.ts';

const anyJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const treacherous = '{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"toString":"x"}';

describe('JSON in memory', () => {
  it('writes an integer beyond 2^53 digit for digit (K-112)', () =>
    expect(jsonText({ a: [9007199254740993n], b: 1 })).to.equal('{"a":[9007199254740993],"b":1}'));

  it('is copied deeply, and the copy says the same', () =>
    fc.assert(
      fc.property(anyJson, (value) => {
        const copy = copyOf(value);
        expect(sameJson(copy, value)).to.equal(true);
        expect(jsonText(copy)).to.equal(jsonText(value));
        if (typeof value === 'object' && value !== null) expect(copy).not.to.equal(value);
      }),
    ));

  it('says the same whatever the order of its keys', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string(), anyJson), (object) => {
        const reversed: Record<string, unknown> = {};
        for (const key of Object.keys(object).reverse()) setOwn(reversed, key, object[key]);
        expect(sameJson(object, reversed)).to.equal(true);
      }),
    ));

  it('says something else when any value differs', () => {
    for (const [a, b] of [
      [null, undefined],
      [0, false],
      ['', null],
      [[], {}],
      [[1], [1, 2]],
      [{ a: 1 }, { a: 1, b: null }],
      [{ a: 1 }, { b: 1 }],
      [
        { a: undefined, b: 1 },
        { a: 1, b: undefined },
      ],
    ])
      expect(sameJson(a, b), `${jsonText(a)} and ${jsonText(b)}`).to.equal(false);
  });

  it('takes an absent key for one without a value', () =>
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).to.equal(true));

  it('keeps __proto__ and constructor as plain data (K-113)', () => {
    const value = JSON.parse(treacherous) as Record<string, unknown>;
    const copy = copyOf(value);
    expect(jsonText(copy)).to.equal(treacherous);
    expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype);
    expect(sameJson(copy, value)).to.equal(true);
    expect(sameJson(copy, {})).to.equal(false);
    expect((copy as { polluted?: boolean }).polluted).to.equal(undefined);
  });

  it('has no inherited keys', () => {
    for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(ownValue({}, key), key).to.equal(undefined);
    const object: Record<string, unknown> = {};
    setOwn(object, '__proto__', 1);
    expect(ownValue(object, '__proto__')).to.equal(1);
  });
});
