/** Resource quantities, as apimachinery's `resource.Quantity` reads them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseQuantity, wholeUnits } from '../../../openapi/machinery/quantity.ts';

const unit = 10n ** 9n;

describe('a quantity', () => {
  for (const [text, nanos] of [
    ['0', 0n],
    ['2', 2n * unit],
    ['500m', unit / 2n],
    ['1n', 1n],
    ['1u', 1_000n],
    ['1.5', 1_500_000_000n],
    ['.5', unit / 2n],
    ['1.', unit],
    ['+1', unit],
    ['-1', -unit],
    ['1k', 1_000n * unit],
    ['1Ki', 1_024n * unit],
    ['4Gi', 4n * 2n ** 30n * unit],
    ['1.5Gi', 3n * 2n ** 29n * unit],
    ['1E', 10n ** 18n * unit],
    ['1Ei', 2n ** 60n * unit],
    ['1e3', 1_000n * unit],
    ['1E3', 1_000n * unit],
    ['1e-3', unit / 1_000n],
    ['12.5E-1', 1_250_000_000n],
  ] as const)
    it(`${text} is ${nanos} billionths`, () => expect(parseQuantity(text)).to.equal(nanos));

  for (const text of [
    '',
    ' ',
    '1 Gi',
    '1gi',
    '1K',
    'Gi',
    '.',
    '1.2.3',
    '--1',
    '1e',
    '1e3k',
    '0x10',
    '١',
    'NaN',
    '1Gi\n',
  ])
    it(`${JSON.stringify(text)} is none`, () => expect(parseQuantity(text)).to.equal(undefined));

  it('written in YAML without quotes is the same', () => expect(parseQuantity(1.5)).to.equal(parseQuantity('1.5')));

  it('finer than a billionth is rounded up, away from zero', () => {
    expect(parseQuantity('0.1n')).to.equal(1n);
    expect(parseQuantity('-0.1n')).to.equal(-1n);
  });

  it('has whole units, rounded away from zero, as Quantity.Value() gives them', () => {
    for (const [text, whole] of [
      ['500m', 1n],
      ['1', 1n],
      ['1001m', 2n],
      ['-500m', -1n],
      ['-1', -1n],
      ['0', 0n],
    ] as const)
      expect(wholeUnits(parseQuantity(text)!), text).to.equal(whole);
  });

  it('means the same in every spelling', () =>
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), (thousands) => {
        const expected = thousands * 1_000n * unit;
        for (const text of [
          `${thousands}k`,
          `${thousands}000`,
          `${thousands}e3`,
          `${thousands}000000m`,
          `${thousands}.0k`,
        ])
          expect(parseQuantity(text), text).to.equal(expected);
      }),
    ));

  it('keeps the order of numbers', () =>
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (a, b) => {
        const [first, second] = [parseQuantity(`${a}m`)!, parseQuantity(`${b}m`)!];
        expect(first < second).to.equal(a < b);
      }),
    ));
});
