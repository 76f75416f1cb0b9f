/** Values by their types: what is owned of them, how they differ, how they are merged, and what is taken out of them. */
import { expect } from 'chai';
import { compare } from '../../../apiserver/managedfields/compare.ts';
import type { FieldSet } from '../../../apiserver/managedfields/field-set.ts';
import {
  allFields,
  appliedFields,
  inTodaysGrain,
  withDeclaredFields,
} from '../../../apiserver/managedfields/field-sets-of.ts';
import { compileFieldType } from '../../../apiserver/managedfields/field-type.ts';
import { readFieldsV1, writeFieldsV1 } from '../../../apiserver/managedfields/fields-v1.ts';
import { merged } from '../../../apiserver/managedfields/merge.ts';
import { withoutFields } from '../../../apiserver/managedfields/remove.ts';
import {
  anything,
  integer,
  listByKey,
  listOf,
  mapOf,
  nullable,
  object,
  quantity,
  setOf,
  string,
} from '../../../openapi/schema/schema.ts';

const port = object('', { port: integer(''), protocol: string('', { default: 'TCP' }), name: string('') });
const schema = object('', {
  text: string(''),
  number: integer(''),
  amount: quantity(''),
  struct: object('', { a: string(''), b: string('') }),
  whole: object('', { a: string(''), b: string('') }, { atomic: true }),
  labels: mapOf(string(''), ''),
  groups: mapOf(object('', { a: string(''), b: string('') }), ''),
  tags: setOf(string(''), ''),
  numbers: setOf(integer(''), ''),
  items: listByKey(['id'], object('', { id: string(''), value: string('') }), ''),
  ports: listByKey(['port', 'protocol'], port, ''),
  list: listOf(string(''), ''),
  open: anything(''),
  maybe: nullable(object('', { a: string('') })),
});
const type = compileFieldType(schema);
const json = (set: FieldSet): string => JSON.stringify(writeFieldsV1(set));
const fields = (json: object): FieldSet => readFieldsV1(json);

describe('what an applied value owns', () => {
  for (const [value, owned] of [
    [
      { text: 'x', number: 1, amount: '1Gi' },
      { 'f:amount': {}, 'f:number': {}, 'f:text': {} },
    ],
    [{ struct: { a: 'x' } }, { 'f:struct': { 'f:a': {} } }],
    [{ struct: {} }, { 'f:struct': {} }],
    [{ whole: { a: 'x' } }, { 'f:whole': {} }],
    [{ labels: { k: 'v' } }, { 'f:labels': { 'f:k': {} } }],
    [{ labels: {} }, { 'f:labels': {} }],
    [{ groups: { g: { a: 'x' } } }, { 'f:groups': { 'f:g': { '.': {}, 'f:a': {} } } }],
    [{ tags: ['q', 'p'] }, { 'f:tags': { 'v:"p"': {}, 'v:"q"': {} } }],
    [{ numbers: [10, 9] }, { 'f:numbers': { 'v:9': {}, 'v:10': {} } }],
    [{ tags: [] }, {}],
    [{ items: [{ id: 'a', value: 'x' }] }, { 'f:items': { 'k:{"id":"a"}': { '.': {}, 'f:id': {}, 'f:value': {} } } }],
    [{ ports: [{ port: 80 }] }, { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } }],
    [{ ports: [{ protocol: 'UDP' }] }, { 'f:ports': { 'k:{"protocol":"UDP"}': { '.': {}, 'f:protocol': {} } } }],
    [{ list: ['x'] }, { 'f:list': {} }],
    [{ list: [] }, { 'f:list': {} }],
    [{ open: { a: { b: 1 }, c: [1], d: {} } }, { 'f:open': { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {}, 'f:d': {} } }],
    [{ maybe: null }, { 'f:maybe': {} }],
    [
      { text: null, items: null },
      { 'f:items': {}, 'f:text': {} },
    ],
  ] as const)
    it(`is of ${JSON.stringify(value)} ${JSON.stringify(owned)} (K-276, K-285)`, () =>
      expect(json(appliedFields(type, value))).to.equal(JSON.stringify(owned)));

  it('is more when it is written: every container too (K-276)', () =>
    expect(json(allFields(type, { struct: { a: 'x' }, tags: ['p'], groups: { g: { a: 'x' } } }))).to.equal(
      '{"f:groups":{".":{},"f:g":{".":{},"f:a":{}}},"f:struct":{".":{},"f:a":{}},"f:tags":{".":{},"v:\\"p\\"":{}}}',
    ));

  it('is one leaf for items that repeat (K-286)', () => {
    const items = [{ id: 'a', value: 'x' }, { id: 'a', value: 'y' }, { id: 'b' }];
    expect(json(appliedFields(type, { items }))).to.equal(
      '{"f:items":{"k:{\\"id\\":\\"a\\"}":{},"k:{\\"id\\":\\"b\\"}":{".":{},"f:id":{}}}}',
    );
  });
});

describe('two values', () => {
  const differ = (old: unknown, now: unknown): string => {
    const { added, modified, removed } = compare(type, old, now);
    return Object.entries({ added, modified, removed })
      .flatMap(([way, set]) => (set.isEmpty ? [] : [`${way} ${json(set)}`]))
      .join(', ');
  };
  for (const [old, now, difference] of [
    [{ text: 'x' }, { text: 'x' }, ''],
    [{ text: 'x' }, { text: 'y' }, 'modified {"f:text":{}}'],
    [{ number: 1 }, { number: 1.0 }, ''],
    [{ amount: 1 }, { amount: '1' }, 'modified {"f:amount":{}}'],
    [{}, { struct: { a: 'x' } }, 'added {"f:struct":{".":{},"f:a":{}}}'],
    [{ struct: {} }, { struct: { a: 'x' } }, 'added {"f:struct":{"f:a":{}}}'],
    [{ struct: { a: 'x' } }, {}, 'removed {"f:struct":{".":{},"f:a":{}}}'],
    [{ whole: { a: 'x' } }, { whole: { b: 'x' } }, 'modified {"f:whole":{}}'],
    [{ whole: { a: 'x', b: 'y' } }, { whole: { b: 'y', a: 'x' } }, ''],
    [
      { labels: { a: '1', b: '1' } },
      { labels: { b: '2', c: '1' } },
      'added {"f:labels":{"f:c":{}}}, modified {"f:labels":{"f:b":{}}}, removed {"f:labels":{"f:a":{}}}',
    ],
    [{ tags: ['p', 'q'] }, { tags: ['q', 'p'] }, ''],
    [{ tags: ['p'] }, { tags: ['q'] }, 'added {"f:tags":{"v:\\"q\\"":{}}}, removed {"f:tags":{"v:\\"p\\"":{}}}'],
    [{ tags: ['p'] }, { tags: [] }, 'removed {"f:tags":{"v:\\"p\\"":{}}}'],
    [
      { items: [{ id: 'a', value: 'x' }, { id: 'b' }] },
      { items: [{ id: 'b' }, { id: 'a', value: 'y' }] },
      'modified {"f:items":{"k:{\\"id\\":\\"a\\"}":{"f:value":{}}}}',
    ],
    [
      { ports: [{ port: 80 }] },
      { ports: [{ port: 80, protocol: 'TCP' }] },
      'added {"f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{"f:protocol":{}}}}',
    ],
    [{ list: ['x', 'y'] }, { list: ['y', 'x'] }, 'modified {"f:list":{}}'],
    [{ maybe: null }, { maybe: {} }, 'modified {"f:maybe":{}}'],
    [{ maybe: null }, {}, 'removed {"f:maybe":{}}'],
    [{ text: null }, {}, ''],
    [{}, { items: null }, ''],
    [{ text: 'x' }, { text: null }, 'modified {"f:text":{}}'],
    [
      { open: { a: 1 } },
      { open: { a: { b: 1 } } },
      'added {"f:open":{"f:a":{"f:b":{}}}}, modified {"f:open":{"f:a":{}}}',
    ],
    [{ open: { a: [1] } }, { open: { a: [2] } }, 'modified {"f:open":{"f:a":{}}}'],
    [
      { open: { a: { b: 1 } } },
      { open: { a: 'x' } },
      'modified {"f:open":{"f:a":{}}}, removed {"f:open":{"f:a":{"f:b":{}}}}',
    ],
    [
      { items: [{ id: 'a', value: 'x' }, { id: 'a' }] },
      { items: [{ id: 'a' }, { id: 'a', value: 'x' }] },
      'modified {"f:items":{"k:{\\"id\\":\\"a\\"}":{}}}',
    ],
    [
      { items: [{ id: 'a' }, { id: 'a' }] },
      { items: [{ id: 'a' }] },
      'added {"f:items":{"k:{\\"id\\":\\"a\\"}":{".":{},"f:id":{}}}}, removed {"f:items":{"k:{\\"id\\":\\"a\\"}":{}}}',
    ],
    [
      { items: [{ id: 'a' }] },
      { items: [{ id: 'a' }, { id: 'a' }] },
      'added {"f:items":{"k:{\\"id\\":\\"a\\"}":{}}}, removed {"f:items":{"k:{\\"id\\":\\"a\\"}":{".":{},"f:id":{}}}}',
    ],
    // What is stored against its schema is one thing, and nothing breaks.
    [{ struct: 5, tags: {} }, { struct: { a: 'x' }, tags: ['p'] }, 'modified {"f:struct":{},"f:tags":{}}'],
  ] as const)
    it(`${JSON.stringify(old)} and ${JSON.stringify(now)}: ${difference || 'do not differ'}`, () =>
      expect(differ(old, now)).to.equal(difference));
});

describe('a list with a list applied to it', () => {
  for (const [live, configuration, result] of [
    ['', 'ab', 'ab'],
    ['ab', '', 'ab'],
    ['abc', 'b', 'abc'],
    ['ab', 'ba', 'ba'],
    ['ab', 'c', 'abc'],
    ['ab', 'ca', 'cab'],
    ['abc', 'cxa', 'bcxa'],
    ['axb', 'ab', 'axb'],
    ['axb', 'ba', 'xba'],
    ['xab', 'ba', 'xba'],
    ['abx', 'ba', 'bxa'],
    ['axbycz', 'cab', 'xyczab'],
  ] as const) {
    it(`is in order: ${configuration} to ${live} makes ${result} (K-285)`, () => {
      const [tags, applied] = [[...live], [...configuration]];
      expect(merged(type, { tags }, { tags: applied })).to.deep.equal({ tags: [...result] });
      const items = (ids: Iterable<string>) => ({ items: [...ids].map((id) => ({ id })) });
      expect(merged(type, items(tags), items(applied))).to.deep.equal(items(result));
    });
  }

  it('has its items merged by their keys, defaults among them', () =>
    expect(
      merged(
        type,
        { ports: [{ port: 80, protocol: 'TCP', name: 'x' }] },
        {
          ports: [
            { port: 80, name: 'y' },
            { port: 80, protocol: 'UDP' },
          ],
        },
      ),
    ).to.deep.equal({
      ports: [
        { port: 80, protocol: 'TCP', name: 'y' },
        { port: 80, protocol: 'UDP' },
      ],
    }));

  it('is taken as a whole where it is atomic', () =>
    expect(merged(type, { list: ['a', 'b'] }, { list: ['c'] })).to.deep.equal({ list: ['c'] }));

  it('keeps items that repeat, unless it says what they are to be (K-286)', () => {
    const live = { items: [{ id: 'a', value: '1' }, { id: 'a', value: '2' }, { id: 'b' }, { id: 'b' }] };
    expect(merged(type, live, { items: [{ id: 'b', value: '3' }] })).to.deep.equal({
      items: [
        { id: 'a', value: '1' },
        { id: 'a', value: '2' },
        { id: 'b', value: '3' },
      ],
    });
  });
});

describe('a value with another one applied to it', () => {
  for (const [live, configuration, result] of [
    [{ text: 'x', number: 1 }, { text: 'y' }, { text: 'y', number: 1 }],
    [{ whole: { a: '1' } }, { whole: { b: '2' } }, { whole: { b: '2' } }],
    [{ struct: { a: '1' } }, { struct: { b: '2' } }, { struct: { a: '1', b: '2' } }],
    [{ struct: { a: '1' } }, { struct: {} }, { struct: { a: '1' } }],
    [{ struct: { a: '1' } }, { struct: null }, { struct: { a: '1' } }],
    [{ maybe: { a: '1' } }, { maybe: null }, { maybe: { a: '1' } }],
    [{ maybe: {} }, { maybe: null }, { maybe: null }],
    [{ open: { a: { b: 1 } } }, { open: { a: { c: 2 } } }, { open: { a: { b: 1, c: 2 } } }],
    [{ open: { a: { b: 1 } } }, { open: { a: [2] } }, { open: { a: [2] } }],
    [{ open: { a: [1] } }, { open: { a: { b: 1 } } }, { open: { a: { b: 1 } } }],
    [{ struct: 5 }, { struct: { a: '1' } }, { struct: { a: '1' } }],
  ] as const)
    it(`${JSON.stringify(live)} and ${JSON.stringify(configuration)} is ${JSON.stringify(result)}`, () =>
      expect(merged(type, live, configuration)).to.deep.equal(result));

  it('may have any name for a field', () => {
    const hostile = JSON.parse('{"labels":{"__proto__":"x","constructor":"y"}}');
    expect(JSON.stringify(merged(type, { labels: { toString: 'z' } }, hostile))).to.equal(
      '{"labels":{"toString":"z","__proto__":"x","constructor":"y"}}',
    );
    expect(json(appliedFields(type, hostile))).to.equal('{"f:labels":{"f:__proto__":{},"f:constructor":{}}}');
  });
});

describe('a value without some of its fields', () => {
  for (const [value, gone, left] of [
    [{ text: 'x', number: 1 }, { 'f:text': {} }, { number: 1 }],
    [{ struct: { a: '1', b: '2' } }, { 'f:struct': { 'f:a': {} } }, { struct: { b: '2' } }],
    [{ struct: { a: '1' } }, { 'f:struct': { '.': {}, 'f:a': {} } }, {}],
    [{ tags: ['p', 'q'] }, { 'f:tags': { 'v:"p"': {} } }, { tags: ['q'] }],
    [
      { items: [{ id: 'a', value: 'x' }, { id: 'b' }] },
      { 'f:items': { 'k:{"id":"a"}': { 'f:value': {} }, 'k:{"id":"b"}': {} } },
      { items: [{ id: 'a' }] },
    ],
    [{ whole: { a: '1', b: '2' } }, { 'f:whole': { 'f:a': {} } }, { whole: { a: '1', b: '2' } }],
    [{ open: { a: { b: 1 } } }, { 'f:open': { 'f:a': {} } }, { open: {} }],
    // What stays must be what it was: a list, and items with their keys.
    [{ tags: ['p'] }, { 'f:tags': { 'v:"p"': {} } }, { tags: [] }],
    [
      { items: [{ id: 'a', value: 'x' }] },
      { 'f:items': { 'k:{"id":"a"}': { 'f:id': {}, 'f:value': {} } } },
      { items: [{ id: 'a' }] },
    ],
  ] as const)
    it(`${JSON.stringify(value)} less ${JSON.stringify(gone)} is ${JSON.stringify(left)}`, () =>
      expect(withoutFields(type, value, fields(gone))).to.deep.equal(left));
});

describe('a set', () => {
  it('can be made to hold the declared fields on the way, and only those', () =>
    expect(
      json(
        withDeclaredFields(
          type,
          fields({
            'f:struct': { 'f:a': {} },
            'f:groups': { 'f:g': { 'f:a': {} } },
            'f:items': { 'k:{"id":"a"}': { 'f:id': {} } },
          }),
        ),
      ),
    ).to.equal(
      '{"f:groups":{".":{},"f:g":{"f:a":{}}},"f:items":{".":{},"k:{\\"id\\":\\"a\\"}":{"f:id":{}}},"f:struct":{".":{},"f:a":{}}}',
    ));

  it('from a time when parts were owned is of the whole, where that is owned as a whole now', () => {
    const old = fields({
      'f:whole': { 'f:a': {} },
      'f:list': { 'i:0': {} },
      'f:items': { 'k:{"id":"a"}': { 'f:id': {} } },
      'f:gone': { 'f:a': {} },
    });
    expect(json(inTodaysGrain(type, old))).to.equal(
      '{"f:gone":{"f:a":{}},"f:items":{"k:{\\"id\\":\\"a\\"}":{"f:id":{}}},"f:list":{},"f:whole":{}}',
    );
    const today = fields({ 'f:whole': {}, 'f:open': { 'f:a': { 'f:b': {} } } });
    expect(inTodaysGrain(type, today)).to.equal(today);
  });
});
