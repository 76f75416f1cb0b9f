/** YAML as Kubernetes reads it, and where things stand in it. */
import { expect } from 'chai';
import { DecodeError } from '../../apiserver/codec/json.ts';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { linesOf } from '../../apiserver/codec/yaml-lines.ts';

const decoded = (...lines: string[]) => decodeYaml(Buffer.from(lines.join('\n')));

describe('YAML', () => {
  for (const [what, base, wanted] of [
    ['a mapping', '<<: *a', { x: 1, w: 3 }],
    ['several, the first of which wins', '<<: [*a, *b]', { x: 1, w: 3, z: 5 }],
    ['one with a base of its own', '<<: *c', { x: 1, w: 3, z: 6 }],
  ] as const)
    it(`merges ${what}, and what stands beside wins`, () => {
      const bases = ['a: &a {x: 1, w: 2}', 'b: &b {x: 4, z: 5}', 'c: &c {<<: *a, z: 6}'];
      const { value } = decoded(...bases, 'all:', `  ${base}`, '  w: 3');
      expect((value as { all: unknown }).all).to.deep.equal(wanted);
    });

  it('refuses to merge what is no mapping', () =>
    expect(() => decoded('a:', '  <<: 1')).to.throw(
      DecodeError,
      'map merge requires map or sequence of maps as the value',
    ));

  it('refuses merges that multiply', () => {
    const wide = `a: &a {${Array.from({ length: 1000 }, (_, i) => `k${i}: 1`).join(', ')}}`;
    const many = Array.from({ length: 1000 }, () => '- <<: *a');
    expect(() => decoded(wide, 'b:', ...many)).to.throw(DecodeError, 'expands to too many values');
  });

  it('tells every key that stands twice, and takes what it says last (K-147)', () => {
    const { value, duplicates } = decoded('a: 1', 'b:', '- {c: 1, c: 2}', '- d: 1', '  "d": 2', 'a: 3');
    expect(value).to.deep.equal({ a: 3, b: [{ c: 2 }, { d: 2 }] });
    expect(duplicates).to.deep.equal([
      'line 3: key "c" already set in map',
      'line 5: key "d" already set in map',
      'line 6: key "a" already set in map',
    ]);
  });

  for (const [style, text] of [
    ['blocks', 'spec:\n  # how many\n  roles:\n  - id: a\n\n  - id: b\n    members:\n      2\n'],
    ['braces', '{"spec":\n {\n "roles": [\n {"id": "a"},\n\n {"id": "b",\n "members":\n 2}]}}\n'],
  ] as const)
    it(`has lines in ${style}`, () => {
      const lines = linesOf(text);
      const paths = [
        'spec',
        'spec.roles',
        'spec.roles[0].id',
        'spec.roles[1]',
        'spec.roles[1].members',
        'spec.roles[1].x',
      ];
      expect(paths.map(lines)).to.deep.equal([1, 3, 4, 6, 7, 6]);
    });
});
