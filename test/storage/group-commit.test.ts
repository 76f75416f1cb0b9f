/** Many writes in one transaction, and none the worse for its neighbours. */
import { expect } from 'chai';
import { openEnvironment } from '../../storage/embedded/environment.ts';
import { GroupCommit } from '../../storage/embedded/group-commit.ts';
import { StorageError } from '../../storage/errors.ts';
import { temporaryFolder } from './folder.ts';

const never = new AbortController().signal;

/** A list of words, durable when a transaction resolves; `fail` says which transaction fails, seeing what it would write. */
function wordList(fail: (words: readonly string[]) => boolean) {
  let words: string[] = [];
  const transactions: string[][] = [];
  const commits = new GroupCommit<string[]>({
    begin: () => [...words],
    transaction: async (work) => {
      const done = work();
      await Promise.resolve();
      return done;
    },
    save: (draft) => {
      const added = draft.slice(words.length);
      transactions.push(added);
      if (fail(added)) throw new Error(`no room for ${added}`);
    },
    committed: (draft) => {
      words = draft;
    },
  });
  const add = (word: string, signal = never) => commits.submit((draft) => draft.push(word), word.length, signal);
  return { add, commits, transactions, words: () => words };
}

describe('group commit', () => {
  it('puts into one transaction what waits together', async () => {
    const { add, transactions, words } = wordList(() => false);
    const places = await Promise.all(['a', 'b', 'c'].map((word) => add(word)));
    expect(places).to.deep.equal([1, 2, 3]);
    expect(words()).to.deep.equal(['a', 'b', 'c']);
    expect(transactions).to.deep.equal([['a', 'b', 'c']]);
  });

  it('lets each write meet its own fate when a transaction fails', async () => {
    const { add, words } = wordList((added) => added.includes('b'));
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((word) => add(word)));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(words()).to.deep.equal(['a', 'c']);
  });

  it('does not begin what was given up while it waited', async () => {
    const { add, words } = wordList(() => false);
    const stop = new AbortController();
    const writes = Promise.allSettled([add('a'), add('b', stop.signal), add('c')]);
    stop.abort(new Error('enough'));
    expect((await writes).map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(words()).to.deep.equal(['a', 'c']);
  });

  it('bounds a transaction, and loses none of what is left over', async () => {
    const { add, transactions, words } = wordList(() => false);
    await Promise.all(Array.from({ length: 1000 }, (_, i) => add(String(i))));
    expect(words()).to.have.length(1000);
    expect(Math.max(...transactions.map(({ length }) => length))).to.be.lessThan(1000);
  });

  it('refuses what waits, and whatever comes, once it is closed', async () => {
    const { add, commits } = wordList(() => false);
    const waiting = Promise.allSettled(['a', 'b'].map((word) => add(word)));
    await commits.close();
    for (const { status } of await waiting) expect(status).to.equal('rejected');
    const later = await add('c').catch((error: unknown) => error);
    expect(later instanceof StorageError && later.code).to.equal('Closed');
  });
});

describe('a transaction of lmdb', () => {
  it('that throws leaves nothing behind of what it wrote', async () => {
    const folder = await temporaryFolder();
    const environment = openEnvironment(folder.path);
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    const reason = new StorageError('TooLarge', 'enough');
    const failing = environment.transaction(() => {
      environment.log.putSync(key, value);
      environment.heads.putSync(key, value);
      throw reason;
    });
    expect(await failing.catch((error: unknown) => error)).to.equal(reason);
    expect(environment.log.getBinary(key)).to.equal(undefined);
    expect(environment.heads.getBinary(key)).to.equal(undefined);
    await environment.transaction(() => environment.log.putSync(key, value));
    expect(environment.log.getBinary(key)).to.deep.equal(value);
    await environment.close();
    await folder.remove();
  });
});
