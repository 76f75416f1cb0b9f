/** Field sets, their paths, and FieldsV1. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FieldSet } from '../../../apiserver/managedfields/field-set.ts';
import { readFieldsV1, writeFieldsV1 } from '../../../apiserver/managedfields/fields-v1.ts';
import {
  fieldElement,
  keyElement,
  type Path,
  pathText,
  readElement,
  sortedElements,
  valueElement,
} from '../../../apiserver/managedfields/path-element.ts';

const scalars = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
  fc.boolean(),
);
const elements = fc.oneof(
  fc.string({ unit: 'binary' }).map(fieldElement),
  fc.constantFrom('a', 'b', 'c').map(fieldElement),
  scalars.map(valueElement),
  fc
    .dictionary(fc.constantFrom('id', 'port'), scalars, { minKeys: 1 })
    .map((keys) => keyElement(Object.entries(keys).sort())),
  fc.nat(20).map((i) => `i:${i}`),
);
const paths = fc.array(elements, { minLength: 1, maxLength: 4 });
const sets = fc.array(paths, { maxLength: 12 }).map((list) => FieldSet.of(...list));

const pathsOf = (set: FieldSet): string[] => [...set.paths()].map((path) => JSON.stringify(path)).sort();

describe('a path element', () => {
  for (const [element, text] of [
    [fieldElement('app'), 'f:app'],
    [keyElement([['id', 'a']]), 'k:{"id":"a"}'],
    [
      keyElement([
        ['port', 80],
        ['protocol', 'TCP'],
      ]),
      'k:{"port":80,"protocol":"TCP"}',
    ],
    [valueElement('q'), 'v:"q"'],
    [valueElement(2), 'v:2'],
    [valueElement(true), 'v:true'],
    [valueElement('<&>'), 'v:"\\u003c\\u0026\\u003e"'],
  ] as const)
    it(`is written ${text} (K-275)`, () => expect(element).to.equal(text));

  for (const [written, read] of [
    ['k:{ "b" : 1.0 , "a":"x" }', 'k:{"a":"x","b":1}'],
    ['v:1.0', 'v:1'],
    ['v:"\\u0061<"', 'v:"a\\u003c"'],
    ['v:12345678901234567890', 'v:12345678901234567890'],
    ['i:007', 'i:7'],
    ['f:', 'f:'],
    ['f:k:{}', 'f:k:{}'],
  ] as const)
    it(`may be written ${written}`, () => expect(readElement(written)).to.equal(read));

  it('of a type that a later Kubernetes may know is passed over', () => expect(readElement('x:y')).to.equal(undefined));

  for (const hostile of [
    '',
    'f',
    'spec',
    'k:{',
    'k:[]',
    'k:null',
    'v:',
    'v:{',
    'i:',
    'i:x',
    'i:1e9',
    'i:99999999999999999999',
  ])
    it(`is not ${JSON.stringify(hostile)}`, () => expect(() => readElement(hostile)).to.throw());

  it('is read as it was written', () =>
    fc.assert(fc.property(elements, (element) => readElement(element) === element)));

  it('stands in the order of Kubernetes: fields, items by key, values, places', () =>
    expect(
      sortedElements([
        'i:2',
        'v:"b"',
        'v:10',
        'v:true',
        'v:9',
        'k:{"id":"a!"}',
        'k:{"id":"a"}',
        'f:\u{1f600}',
        'f:\ue000',
        'f:b',
      ]),
    ).to.deep.equal([
      'f:b',
      'f:\ue000',
      'f:\u{1f600}',
      'k:{"id":"a"}',
      'k:{"id":"a!"}',
      'v:9',
      'v:10',
      'v:"b"',
      'v:true',
      'i:2',
    ]));
});

describe('a path', () => {
  for (const [path, text] of [
    [['f:spec', 'f:app'], '.spec.app'],
    [['f:spec', 'f:roles', 'k:{"id":"a"}', 'f:members'], '.spec.roles[id="a"].members'],
    [['f:ports', 'k:{"port":80,"protocol":"TCP"}'], '.ports[port=80,protocol="TCP"]'],
    [['f:tags', 'v:"q"'], '.tags[="q"]'],
    [['f:list', 'i:3', 'f:a'], '.list[3].a'],
  ] as const)
    it(`is told as ${text} (K-269)`, () => expect(pathText(path)).to.equal(text));
});

describe('FieldsV1', () => {
  for (const [title, json, paths] of [
    ['an object of leaves', { 'f:a': {}, 'f:b': {} }, [['f:a'], ['f:b']]],
    ['containers that are owned themselves', { 'f:a': { '.': {}, 'f:b': {} } }, [['f:a'], ['f:a', 'f:b']]],
    ['containers that are not', { 'f:a': { 'f:b': {} } }, [['f:a', 'f:b']]],
    ['null as a leaf', { 'f:a': null }, [['f:a']]],
    ['elements that nobody knows', { 'x:y': { 'f:a': {} }, 'f:b': {} }, [['f:b']]],
    ['a leaf with only such elements', { 'f:a': { 'x:y': {} } }, [['f:a']]],
    ['one element in two spellings', { 'v:1': {}, 'v:1.0': { 'f:a': {} } }, [['v:1'], ['v:1', 'f:a']]],
    ['nothing', {}, []],
    ['a mark on the root, which counts for nothing', { '.': {} }, []],
  ] as const)
    it(`can be ${title} (K-275)`, () =>
      expect(pathsOf(readFieldsV1(json))).to.deep.equal(pathsOf(FieldSet.of(...paths))));

  for (const hostile of [5, 'f:a', [], { 'f:a': 5 }, { 'f:a': [] }, { spec: {} }, { 'f:a': { b: {} } }])
    it(`is not ${JSON.stringify(hostile)}`, () => expect(() => readFieldsV1(hostile)).to.throw(Error));

  it('is the same after reading and writing', () =>
    fc.assert(
      fc.property(sets, (set) => {
        const json = JSON.stringify(writeFieldsV1(set));
        const again = readFieldsV1(JSON.parse(json));
        expect(again.equals(set)).to.equal(true);
        expect(JSON.stringify(writeFieldsV1(again))).to.equal(json);
      }),
    ));
});

describe('field sets', () => {
  const asPaths = (set: FieldSet): Set<string> => new Set(pathsOf(set));
  const below = (path: string, of: string): boolean => {
    const [inner, outer] = [JSON.parse(path) as Path, JSON.parse(of) as Path];
    return outer.length <= inner.length && outer.every((element, i) => inner[i] === element);
  };
  const ways = {
    union: [
      (a: FieldSet, b: FieldSet) => a.union(b),
      (p: string, a: Set<string>, b: Set<string>) => a.has(p) || b.has(p),
    ],
    intersection: [
      (a: FieldSet, b: FieldSet) => a.intersection(b),
      (p: string, a: Set<string>, b: Set<string>) => a.has(p) && b.has(p),
    ],
    difference: [
      (a: FieldSet, b: FieldSet) => a.difference(b),
      (p: string, a: Set<string>, b: Set<string>) => a.has(p) && !b.has(p),
    ],
    'recursive difference': [
      (a: FieldSet, b: FieldSet) => a.recursiveDifference(b),
      (p: string, a: Set<string>, b: Set<string>) => a.has(p) && ![...b].some((other) => below(p, other)),
    ],
  } as const;
  for (const [title, [combine, holds]] of Object.entries(ways))
    it(`have a ${title}`, () =>
      fc.assert(
        fc.property(sets, sets, (x, y) => {
          const [a, b] = [asPaths(x), asPaths(y)];
          const expected = [...new Set([...a, ...b])].filter((path) => holds(path, a, b));
          const combined = combine(x, y);
          expect(pathsOf(combined)).to.deep.equal(expected.sort());
          expect(combined.isEmpty).to.equal(expected.length === 0);
          for (const path of [...a, ...b]) expect(combined.has(JSON.parse(path))).to.equal(expected.includes(path));
          // Nobody changes what he was given.
          expect([asPaths(x), asPaths(y)]).to.deep.equal([a, b]);
        }),
      ));

  it('have leaves: the paths with no other below them', () =>
    fc.assert(
      fc.property(sets, (set) => {
        const all = pathsOf(set);
        const leaves = all.filter((path) => !all.some((other) => other !== path && below(other, path)));
        expect(pathsOf(set.leaves())).to.deep.equal(leaves);
      }),
    ));

  it('are told from the outside in', () =>
    expect([...FieldSet.of(['f:b'], ['f:a', 'f:c'], ['f:d'], ['f:a']).paths()].map(pathText)).to.deep.equal([
      '.a',
      '.b',
      '.d',
      '.a.c',
    ]));

  it('cost as much as they are long, not more', () => {
    const many = FieldSet.of(...Array.from({ length: 20_000 }, (_, i) => ['f:spec', `k:{"id":"${i}"}`, 'f:id']));
    expect(readFieldsV1(writeFieldsV1(many)).equals(many)).to.equal(true);
    expect(many.union(FieldSet.of(['f:spec', 'f:x'])).difference(many).isEmpty).to.equal(false);
  });
});
