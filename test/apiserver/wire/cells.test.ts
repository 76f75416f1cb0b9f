import { expect } from 'chai';
import fc from 'fast-check';
import { Cells } from '../../../apiserver/http/table.ts';
import { ageAt, timeOf } from '../../../openapi/machinery/clock.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const time = fc.date({ min: new Date(0), max: new Date(now), noInvalidDate: true }).map((date) => date.toISOString());

describe('the cells of a row', () => {
  it('are what they were, with ages reckoned when they are printed (K-486)', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.integer(),
            fc.constantFrom(true, null),
            fc.record({ since: fc.option(time, { nil: undefined }), before: fc.string(), after: fc.string() }),
            fc.record({ since: time }),
          ),
        ),
        (cells) => {
          const expected = cells.map((cell) => {
            if (!cell || typeof cell !== 'object') return cell;
            const { since, before = '', after = '' } = cell as { since?: string; before?: string; after?: string };
            return `${before}${ageAt(timeOf(since), now)}${after}`;
          });
          expect(JSON.parse(new Cells(cells).at(now))).to.deep.equal(expected);
        },
      ),
    ));
});
