/** What we own of an object, read off its managedFields. */
import { expect } from 'chai';
import type { ManagedFieldsEntry } from '../../../../openapi/machinery/meta.ts';
import { asKept, below, extracted, fieldsOf, namesIn } from '../../../../reconciler/cluster/children/ownership.ts';

const entry = (manager: string, fieldsV1: object, more: object = {}): ManagedFieldsEntry => ({
  ...{ manager, operation: 'Apply' as const, apiVersion: 'v1', time: 'then', fieldsType: 'FieldsV1' as const },
  fieldsV1: { ...fieldsV1 },
  ...more,
});
const object = (...managedFields: ManagedFieldsEntry[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'x', managedFields },
});

describe('what is ours of an object', () => {
  const mine = entry('kubedirector', { 'f:spec': { 'f:type': {} } });

  it('is what we applied: not what others own, what we own by an update, or through a subresource', () => {
    const others = [
      entry('kubectl', { 'f:spec': {} }),
      entry('kubedirector', { 'f:spec': {} }, { operation: 'Update' }),
      entry('kubedirector', { 'f:status': {} }, { subresource: 'status' }),
    ];
    expect(fieldsOf(object(...others))).to.deep.equal({});
    expect(fieldsOf(object(...others, mine))).to.equal(mine.fieldsV1);
  });

  it('is kept of Services and StatefulSets, and once where it is alike', () => {
    const whole = entry('kubedirector', {
      'f:metadata': { 'f:labels': { 'f:a': {} }, 'f:ownerReferences': { 'k:{"uid":"1"}': {} } },
      'f:spec': { 'f:type': {} },
    });
    const keptOf = (kind: string) =>
      asKept({ ...object(mine, entry('kubectl', {}), whole), kind }).metadata.managedFields;
    const fields = fieldsOf(asKept(object(entry('kubectl', {}), whole)));
    expect(below(fields, 'metadata', 'labels')).to.deep.equal({ 'f:a': {} });
    expect(below(fields, 'spec')).to.deep.equal({ 'f:type': {} });
    expect(namesIn(below(fields, 'metadata'))).not.to.include('ownerReferences');
    expect(keptOf('Service')![0]).to.equal(keptOf('Service')![0]);
    expect(keptOf('Pod')).to.equal(undefined);
    expect(asKept(object(entry('kubectl', {}))).metadata).not.to.have.property('managedFields');
  });

  it('is found below names, and nothing where there is none', () => {
    expect(namesIn(below(fieldsOf(object(mine)), 'spec'))).to.deep.equal(['type']);
    expect(below(fieldsOf(object(mine)), 'spec', 'type', 'deeper')).to.deep.equal({});
    expect(below(fieldsOf(object(mine)), 'constructor')).to.deep.equal({});
  });

  for (const [what, value, fields, expected] of [
    ['a value, as a whole', { a: 1 }, {}, { a: 1 }],
    ['fields, and not their neighbours', { a: 1, b: 2 }, { 'f:a': {} }, { a: 1 }],
    ['a field that is gone', { b: 2 }, { 'f:a': {} }, {}],
    ['the thing itself, and nothing in it', { b: 2 }, { '.': {} }, {}],
    ['a list, as a whole', { l: [1, 2] }, { 'f:l': {} }, { l: [1, 2] }],
    ['values of a set', ['a', 'b', 'c'], { 'v:"a"': {}, 'v:"c"': {} }, ['a', 'c']],
    [
      'items by their keys, with their keys, in the order in which they stand',
      [
        { port: 2, protocol: 'TCP', name: 'b', nodePort: 9 },
        { port: 1, protocol: 'UDP', name: 'u' },
        { port: 1, protocol: 'TCP', name: 'a' },
      ],
      {
        'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} },
        'k:{"port":2,"protocol":"TCP"}': { '.': {}, 'f:port': {} },
        'k:{"port":3,"protocol":"TCP"}': { '.': {} },
      },
      [
        { port: 2, protocol: 'TCP' },
        { port: 1, protocol: 'TCP', name: 'a' },
      ],
    ],
    ['nothing of what nobody can read', [{ name: 'a' }], { 'k:{': {}, 'v:[': {} }, []],
    [
      'a name like that of a prototype',
      JSON.parse('{"__proto__":"x"}'),
      { 'f:__proto__': {} },
      JSON.parse('{"__proto__":"x"}'),
    ],
  ] as const)
    it(`${what}, is extracted`, () => expect(extracted(value, fields)).to.deep.equal(expected));
});
