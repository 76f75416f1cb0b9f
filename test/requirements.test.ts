/**
 * The requirements that the project cites by number, such as in titles of tests, each have one row in test/README.md.
 *
 * A row says what the number means and which tests state it, so the table can neither promise too much nor fall behind.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const citingFiles = globSync('{openapi,storage,apiserver,reconciler,deploy,test}/**/*.{ts,yaml,md}', { cwd: root })
  .filter((file) => file !== 'test/README.md')
  .sort();

/** Number → the files that cite it. */
function citations(): Map<string, string[]> {
  const citing = new Map<string, string[]>();
  for (const file of citingFiles)
    for (const number of new Set(read(file).match(/\bK-\d+\b/g)))
      citing.set(number, [...(citing.get(number) ?? []), file]);
  return citing;
}

/** The last column of a row: the tests among `files`, or a dash. */
const statedIn = (files: readonly string[]): string =>
  files
    .filter((file) => file.startsWith('test/'))
    .map((file) => `\`${file.slice('test/'.length)}\``)
    .join(', ') || '–';

interface Row {
  readonly number: string;
  readonly meaning: string;
  readonly files: string;
}

const rowText = ({ number, meaning, files }: Row): string => `| ${number} | ${meaning} | ${files} |`;

const rows: readonly Row[] = [...read('test/README.md').matchAll(/^\| (K-\d+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number, meaning, files]) => ({ number: number!, meaning: meaning!, files: files! }),
);
const numbers = rows.map(({ number }) => number);

describe('the table of requirements in test/README.md', () => {
  const citing = citations();

  it('is found at all, and so are the citations', () => {
    expect(rows.length).to.be.above(100);
    expect(citing.size).to.be.above(100);
  });

  it('has a row for every number that is cited', () => {
    const missing = [...citing]
      .filter(([number]) => !numbers.includes(number))
      .map(
        ([number, files]) => `add: ${rowText({ number, meaning: `what ${files[0]} means`, files: statedIn(files) })}`,
      );
    expect(missing.sort()).to.deep.equal([]);
  });

  it('has no row for a number that nobody cites', () => {
    const idle = rows.filter(({ number }) => !citing.has(number));
    expect(idle.map((row) => `take out: ${rowText(row)}`)).to.deep.equal([]);
  });

  it('names in every row exactly the tests that cite it', () => {
    const wrong = rows.flatMap((row) => {
      const files = statedIn(citing.get(row.number) ?? []);
      return !citing.has(row.number) || row.files === files ? [] : [`change to: ${rowText({ ...row, files })}`];
    });
    expect(wrong).to.deep.equal([]);
  });

  it('has one row for each number, in their order', () => {
    const stray = rows.filter(({ number }, i) => i > 0 && number <= numbers[i - 1]!);
    expect(stray.map((row) => `move or take out: ${rowText(row)}`)).to.deep.equal([]);
  });
});

/** Of these, every number is stated by a test or listed as not done: requests and answers, tables, limits, and the probes. */
const accountedFor: readonly (readonly [from: number, to: number])[] = [
  [1, 406],
  [481, 491],
  [572, 576],
  [672, 758],
];

describe('the list of what is not done in test/README.md', () => {
  const listed = [...read('test/README.md').matchAll(/^\| (K-\d+) \| [^|]+ \|$/gm)].map(([, number]) => number!);
  const stated = new Set(rows.filter(({ files }) => files !== '–').map(({ number }) => number));

  it('accounts for every requirement on requests and answers that no test states', () => {
    const all = accountedFor.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, i) => `K-${String(from + i).padStart(3, '0')}`),
    );
    expect(all.filter((number) => !stated.has(number) && !listed.includes(number))).to.deep.equal([]);
  });

  it('lists nothing that a test states, and nothing twice', () => {
    expect(listed.filter((number, i) => stated.has(number) || listed.indexOf(number) !== i)).to.deep.equal([]);
  });
});

describe('a test', () => {
  it('writes out every number that it states', () => {
    // A range would claim what stands between its ends, whether or not somebody has stated it.
    const ranges = citingFiles
      .filter((file) => file.startsWith('test/'))
      .flatMap((file) =>
        (read(file).match(/\bK-\d+ (?:to|through|–|-) K-\d+\b/g) ?? []).map((range) => `${file}: ${range}`),
      );
    expect(ranges).to.deep.equal([]);
  });
});
