/** Node ids in an annotation. */
import { expect } from 'chai';
import fc from 'fast-check';
import { nodeIDsText, parseNodeIDs } from '../../../reconciler/cluster/node-ids.ts';

describe('node ids', () => {
  for (const [ids, text] of [
    [[], ''],
    [[1, 2, 3], '1-3'],
    [[1, 2, 3, 7], '1-3,7'],
    [[7, 1, 2], '7,1-2'],
  ] as const)
    it(`${ids.join(' ')} are written as "${text}"`, () => expect(nodeIDsText(ids)).to.equal(text));

  for (const text of ['x', '1-', '3-1', '1-99999999999', '1,,2'])
    it(`nothing is read from "${text}"`, () => expect(parseNodeIDs(text)).to.deep.equal([]));

  it('come back as they were written', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 }), (ids) => {
        expect(parseNodeIDs(nodeIDsText(ids))).to.deep.equal(ids);
      }),
    ));

  it('of a thousand members take a few characters', () =>
    expect(nodeIDsText(Array.from({ length: 1000 }, (_, i) => i + 5))).to.equal('5-1004'));
});
