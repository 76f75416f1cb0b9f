/** Objects found by the values of their fields: the same ones as by looking at all, in the same order. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FieldIndex } from '../../apiserver/cache/field-index.ts';
import { noObjects } from '../../apiserver/cache/objects.ts';
import { Snapshot } from '../../apiserver/cache/snapshot.ts';
import { type FieldSelector, selectsFields } from '../../openapi/machinery/field-selector.ts';

const snapshot = (name: string, revision: number, fields: Snapshot['fields']): Snapshot =>
  new Snapshot({
    key: `ns/${name}`,
    namespace: 'ns',
    name,
    uid: '',
    revision,
    createRevision: 1,
    labels: {},
    fields,
    bytes: Buffer.alloc(0),
    whole: true,
  });

const value = fc.constantFrom('', 'a', 'b');
const fieldsOfOne = fc.record({ app: value, images: fc.uniqueArray(value) }, { requiredKeys: [] });
const write = fc.record({ name: fc.constantFrom('x', 'y', 'z'), fields: fc.option(fieldsOfOne, { nil: undefined }) });
const selector = fc.array(
  fc.record({ field: fc.constantFrom('app', 'images', 'other'), negated: fc.boolean(), value }),
  { maxLength: 2 },
);

describe('an index of fields', () => {
  it('finds, after any writes, what looking at all objects finds', () =>
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), selector, (writes, terms: FieldSelector) => {
        const all = noObjects();
        const index = new FieldIndex(['app', 'images']);
        for (const [revision, { name, fields }] of writes.entries()) {
          const previous = all.get(`ns/${name}`);
          if (fields) {
            const current = snapshot(name, revision, fields);
            all.set(current.key, current);
            index.put(current, previous);
          } else if (previous) {
            all.delete(previous.key);
            index.remove(previous);
          }
        }
        const picked = (objects: typeof all): Snapshot[] =>
          [...objects.values()].filter((one) => selectsFields(terms, one.fields));
        expect(picked(index.narrowed(terms) ?? all)).to.deep.equal(picked(all));
      }),
    ));

  it('looks at those of one value only, and at the fewest when several are asked for', () => {
    const index = new FieldIndex(['app', 'images']);
    for (const [i, app] of ['a', 'a', 'b'].entries()) index.put(snapshot(`c${i}`, i, { app, images: ['x'] }));
    const term = (field: string, wanted: string) => ({ field, value: wanted, negated: false });
    expect(index.narrowed([term('images', 'x'), term('app', 'b')])?.size).to.equal(1);
    expect(index.narrowed([term('app', 'c')])?.size).to.equal(0);
    expect(index.narrowed([{ ...term('app', 'b'), negated: true }])).to.equal(undefined);
  });
});
