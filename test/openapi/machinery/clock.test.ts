/** Times and ages as clients meet them: metadata and the AGE column. */
import { expect } from 'chai';
import { ageAt, ageText, microTimestamp, timeOf, timestamp } from '../../../openapi/machinery/clock.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

describe('an age', () => {
  for (const [ageMs, text] of [
    [-2 * second, '<invalid>'],
    [-second, '0s'],
    [0, '0s'],
    [45 * second, '45s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 10 * second, '2m10s'],
    [10 * minute - second, '9m59s'],
    [10 * minute + 30 * second, '10m'],
    [3 * hour - second, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 5 * minute, '3h5m'],
    [8 * hour + 59 * minute, '8h'],
    [2 * day - second, '47h'],
    [2 * day, '2d'],
    [5 * day + 3 * hour, '5d3h'],
    [8 * day + 3 * hour, '8d'],
    [400 * day, '400d'],
    [2 * year - second, '729d'],
    [2 * year + 3 * day, '2y3d'],
    [8 * year + 3 * day, '8y'],
  ] as const)
    it(`of ${ageMs / second} seconds is printed ${text} (K-486)`, () => expect(ageText(ageMs)).to.equal(text));

  it('of an object without creationTimestamp is unknown (K-486)', () => {
    expect(ageAt(timeOf(undefined), 0)).to.equal('<unknown>');
    expect(ageAt(timeOf('yesterday'), 0)).to.equal('<unknown>');
    expect(ageAt(timeOf('2026-11-21T19:52:27Z'), Date.parse('2026-11-21T19:53:12Z'))).to.equal('45s');
  });
});

it('a timestamp has whole seconds (K-338), a MicroTime six digits of one (K-339)', () => {
  const at = Date.parse('2026-11-21T19:52:27.123Z');
  expect(timestamp(at)).to.equal('2026-11-21T19:52:27Z');
  expect(microTimestamp(at)).to.equal('2026-11-21T19:52:27.123000Z');
});
