/** What clients are told while storage cannot do what it is asked: Kubernetes' own refusals, after which they try again (K-545). */
import { expect } from 'chai';
import { StorageError, type StorageErrorCode } from '../../storage/errors.ts';
import { MemoryStore } from '../../storage/memory.ts';
import { appDocument, appsPath } from '../make/documents.ts';
import { startServer, type TestServer } from './serving.ts';

/** A store that fails, from when it is told to, with what it is told. */
class TroubledStore extends MemoryStore {
  trouble: Error | undefined;
  /** Fails only what is read, key by key. */
  troubleOfReads: Error | undefined;

  override async range(...call: Parameters<MemoryStore['range']>): ReturnType<MemoryStore['range']> {
    if (this.troubleOfReads) throw this.troubleOfReads;
    return super.range(...call);
  }

  override async currentRevision(signal: AbortSignal): Promise<number> {
    if (this.trouble) throw this.trouble;
    return super.currentRevision(signal);
  }

  override async txn(...call: Parameters<MemoryStore['txn']>): ReturnType<MemoryStore['txn']> {
    if (this.trouble) throw this.trouble;
    return super.txn(...call);
  }
}

const asStorageSays = (code: StorageErrorCode) => new StorageError(code, 'as the test has it');

describe('while storage is in trouble', () => {
  const kv = new TroubledStore();
  let server: TestServer;
  before(async () => {
    server = await startServer({ kv });
  });
  after(() => server.stop());
  afterEach(() => {
    kv.trouble = undefined;
  });

  for (const [what, trouble, code, reason, retryAfter] of [
    ['cannot be reached', asStorageSays('Unavailable'), 503, 'ServiceUnavailable', '1'],
    ['did not answer in time', new DOMException('too late', 'TimeoutError'), 503, 'ServiceUnavailable', '1'],
    ['was closed', asStorageSays('Closed'), 503, 'ServiceUnavailable', '1'],
  ] as const)
    it(`that ${what}, a read of the newest state is ${code} ${reason}`, async () => {
      kv.trouble = trouble;
      for (const path of [`${appsPath}/absent`, appsPath, `${appsPath}?watch=true`]) {
        const { code: told, body, headers } = await server.admin.ask(path);
        expect([told, body.reason, headers['retry-after']], path).to.deep.equal([code, reason, retryAfter]);
      }
    });

  for (const [what, trouble, code, reason, retryAfter] of [
    ['cannot be reached', asStorageSays('Unavailable'), 503, 'ServiceUnavailable', '1'],
    ['has no space left', asStorageSays('NoSpace'), 503, 'ServiceUnavailable', '1'],
    // It may have happened: to be looked at, not to be tried again as it was.
    ['did not confirm it', asStorageSays('OutcomeUnknown'), 504, 'Timeout', undefined],
  ] as const)
    it(`that ${what}, a write is ${code} ${reason}`, async () => {
      kv.trouble = trouble;
      const { code: told, body, headers } = await server.admin.ask(appsPath, { body: appDocument('late') });
      expect([told, body.reason, headers['retry-after']]).to.deep.equal([code, reason, retryAfter]);
    });

  it('what is there already is 503, too, when storage goes away before it can be named', async () => {
    await server.admin.ask(appsPath, { body: appDocument('there') });
    kv.troubleOfReads = asStorageSays('Unavailable');
    const { code, body } = await server.admin.ask(appsPath, { body: appDocument('there') });
    kv.troubleOfReads = undefined;
    expect([code, body.reason]).to.deep.equal([503, 'ServiceUnavailable']);
  });

  it('reads of any state are answered all the same', async () => {
    kv.trouble = asStorageSays('Unavailable');
    expect((await server.admin.ask(`${appsPath}?resourceVersion=0`)).code).to.equal(200);
  });
});
