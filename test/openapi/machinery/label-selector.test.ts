/** Label selectors as clients write them in `labelSelector` and `kubectl get -l`. */
import { expect } from 'chai';
import fc from 'fast-check';
import { exactly, fromStructured, parseLabelSelector, selects } from '../../../openapi/machinery/label-selector.ts';

const labels = { app: 'spark', tier: 'a', members: '5', empty: '' };

describe('a label selector', () => {
  for (const [selector, verdict] of [
    ['', true],
    ['  ', true],
    ['app', true],
    ['!app', false],
    ['! app', false],
    ['legacy', false],
    ['!legacy', true],
    ['app=spark', true],
    ['app==spark', true],
    [' app = spark ', true],
    ['app=', false],
    ['empty=', true],
    ['empty=,app', true],
    ['app!=spark', false],
    ['app!=kafka', true],
    ['app in (kafka,spark)', true],
    ['app in ( kafka , spark )', true],
    ['app in (kafka)', false],
    ['app notin (kafka)', true],
    ['app notin (spark)', false],
    ['empty in ()', true],
    ['app in ()', false],
    ['app in (,spark)', true],
    ['empty in (spark,)', true],
    ['members>4', true],
    ['members > 5', false],
    ['members<6', true],
    ['members gt 4', true],
    ['members lt 4', false],
    ['app=spark,tier in (a,b),!legacy', true],
    ['app=spark,tier=b', false],
  ] as const)
    it(`${JSON.stringify(selector)} ${verdict ? 'selects' : 'leaves out'} ${JSON.stringify(labels)} (K-200)`, () =>
      expect(selects(parseLabelSelector(selector), labels)).to.equal(verdict));

  it('with != or notin selects objects without the key too (K-201)', () => {
    for (const text of ['legacy!=x', 'legacy notin (x,y)']) {
      expect(selects(parseLabelSelector(text), labels)).to.equal(true);
      expect(selects(parseLabelSelector(text), undefined)).to.equal(true);
    }
  });

  it('with > or < leaves out labels that are no integers, and objects without the key (K-201)', () => {
    for (const text of ['app>1', 'app<1', 'legacy>1'])
      expect(selects(parseLabelSelector(text), labels), text).to.equal(false);
  });

  it('takes in and notin as keys and values where these are meant', () => {
    expect(selects(parseLabelSelector('in in (in)'), { in: 'in' })).to.equal(true);
    expect(selects(parseLabelSelector('notin!=in'), { notin: 'in' })).to.equal(false);
  });

  it('does not take what every JavaScript object has for a label', () =>
    expect(selects(parseLabelSelector('!constructor,!toString'), labels)).to.equal(true));

  for (const [selector, text] of [
    ['app spark', "unable to parse requirement: found 'spark', expected: in, notin, =, ==, !=, gt, lt"],
    ['app===spark', "unable to parse requirement: found '=', expected: identifier"],
    ['app=spark tier=a', "found 'tier', expected: ',' or 'end of string'"],
    ['=spark', "found '=', expected: !, identifier, or 'end of string'"],
    [',app', "found ',', expected: !, identifier, or 'end of string'"],
    ['app,', "found '', expected: identifier after ','"],
    ['app,,tier', "found ',', expected: identifier after ','"],
    ['!app=spark', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['app in spark', "unable to parse requirement: found 'spark' expected: '('"],
    ['app in (spark', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['app in (a b)', "unable to parse requirement: found 'b', expected: ',' or ')'"],
    [
      'members>many',
      `unable to parse requirement: values[0]: Invalid value: "many": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ] as const)
    it(`${JSON.stringify(selector)} is refused: ${text} (K-202)`, () =>
      expect(() => parseLabelSelector(selector))
        .to.throw(Error)
        .with.property('message', text));

  it('names what is wrong with a key or a value, as labels are judged (K-202)', () => {
    expect(() => parseLabelSelector('-bad=x')).to.throw(
      /^unable to parse requirement: <nil>: Invalid value: "-bad": name part must consist of/,
    );
    expect(() => parseLabelSelector('app=-bad')).to.throw(
      /^unable to parse requirement: values\[0\]\[app\]: Invalid value: "-bad": a valid label must be/,
    );
  });

  it('in the form that objects carry means the same as in the form that people write', () =>
    expect(
      fromStructured({
        matchLabels: { app: 'spark' },
        matchExpressions: [
          { key: 'tier', operator: 'In', values: ['a', 'b'] },
          { key: 'legacy', operator: 'DoesNotExist' },
        ],
      }),
    ).to.deep.equal(parseLabelSelector('app=spark,tier in (b,a),!legacy')));

  it('that asks for exactly the labels of an object selects it', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(word, word), fc.dictionary(word, word), (own, others) => {
        expect(selects(exactly(own), { ...others, ...own })).to.equal(true);
        const text = Object.entries(own)
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
        expect(parseLabelSelector(text)).to.deep.equal(exactly(own));
      }),
    );
  });
});
