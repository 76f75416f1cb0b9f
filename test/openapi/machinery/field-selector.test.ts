/** Field selectors as clients write them in `fieldSelector`. Which fields a kind has is its own knowledge. */
import { expect } from 'chai';
import fc from 'fast-check';
import { demanded, parseFieldSelector, selectsFields } from '../../../openapi/machinery/field-selector.ts';

const fields = {
  'metadata.name': 'c1',
  'metadata.namespace': 'demo',
  'spec.app': '',
  'spec.roles.image': ['a', 'b'],
  'spec.roles.package': [],
};

describe('a field selector', () => {
  for (const [selector, verdict] of [
    ['', true],
    ['metadata.name=c1', true],
    ['metadata.name==c1', true],
    ['metadata.name!=c1', false],
    ['metadata.name=c2', false],
    ['metadata.name=c1,metadata.namespace=demo', true],
    ['metadata.name=c1,metadata.namespace!=demo', false],
    ['metadata.name=c1,', true],
    ['spec.app=', true],
    ['spec.other=', true],
    ['spec.other!=x', true],
    ['spec.roles.image=a', true],
    ['spec.roles.image=a,spec.roles.image=b', true],
    ['spec.roles.image=c', false],
    ['spec.roles.image!=a', false],
    ['spec.roles.image!=c', true],
    ['spec.roles.image=', false],
    ['spec.roles.package=', true],
    ['spec.roles.package!=a', true],
  ] as const)
    it(`${JSON.stringify(selector)} ${verdict ? 'selects' : 'leaves out'} demo/c1 (K-203)`, () =>
      expect(selectsFields(parseFieldSelector(selector), fields)).to.equal(verdict));

  it('takes any value, with comma, equals sign and backslash escaped (K-203)', () =>
    fc.assert(
      fc.property(fc.string(), (value) => {
        const escaped = value.replace(/[\\,=]/g, '\\$&');
        expect(parseFieldSelector(`a=${escaped}`)).to.deep.equal([{ field: 'a', negated: false, value }]);
      }),
    ));

  for (const [selector, text] of [
    ['junk', "invalid selector: 'junk'; can't understand 'junk'"],
    ['metadata.name=a,junk', "invalid selector: 'metadata.name=a,junk'; can't understand 'junk'"],
    ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ] as const)
    it(`${JSON.stringify(selector)} is refused: ${text} (K-203)`, () =>
      expect(() => parseFieldSelector(selector))
        .to.throw(Error)
        .with.property('message', text));

  it('with an equals sign too many is refused', () => expect(() => parseFieldSelector('a=b=c')).to.throw(/unescaped/));

  it('tells the one value that it demands, for rules that name objects (K-037)', () => {
    expect(demanded(parseFieldSelector('metadata.name=c1'), 'metadata.name')).to.equal('c1');
    expect(demanded(parseFieldSelector('metadata.name!=c1'), 'metadata.name')).to.equal(undefined);
    expect(demanded(parseFieldSelector(''), 'metadata.name')).to.equal(undefined);
  });
});
