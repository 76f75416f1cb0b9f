/** Encryption with keys that a key management service keeps: what it is asked, and what becomes of values when it is away. */
import { createDecipheriv, createHmac } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { decode } from '../../../storage/encryption/kms/messages.ts';
import { keyService } from '../../../storage/encryption/kms/provider.ts';
import type { Provider } from '../../../storage/encryption/provider.ts';
import { codeOf } from '../../contract/kv.ts';
import { temporaryFolder } from '../folder.ts';
import { FakeKeyService } from './key-service.ts';

const never = new AbortController().signal;
const place = '/registry/kubedirector.bluedata.io/kubedirectorclusters/demo/a';
const value = Buffer.from('canary');

describe('kms v2: an encrypted value', () => {
  let folder: { path: string; remove(): Promise<void> };
  let service: FakeKeyService;
  let opened: Provider[];
  beforeEach(async () => {
    opened = [];
    folder = await temporaryFolder();
    service = await FakeKeyService.start(join(folder.path, 'kms.sock'));
  });
  afterEach(async () => {
    for (const provider of opened) provider.close?.();
    await service.stop();
    await folder.remove();
  });

  const provider = async () => {
    const made = await keyService({ name: 'vault', endpoint: service.endpoint, timeoutMs: 2000 }, never);
    opened.push(made);
    return made;
  };
  const reads = async (by: Provider, stored: Buffer, key = place) => by.open(stored, key);

  it('carries the encrypted seed of its key with it, as Kubernetes lays it out (K-562)', async () => {
    const stored = await (await provider()).seal(value, place);
    const mark = 'k8s:enc:kms:v2:vault:';
    expect(stored.toString('latin1', 0, mark.length)).to.equal(mark);
    const envelope = decode('EncryptedObject', stored.subarray(mark.length));
    expect(envelope).to.deep.include({ keyID: 'kek1', encryptedDEKSourceType: 1 });
    expect(Object.keys(envelope.annotations)).to.deep.equal(['kms.example/version']);
    const seed = envelope.encryptedDEKSource.subarray('kek1|'.length);
    const { encryptedData: data } = envelope;
    // HKDF's expansion, by the letter of its definition.
    const key = createHmac('sha256', seed)
      .update(Buffer.concat([data.subarray(0, 32), Buffer.of(1)]))
      .digest();
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(32, 44));
    decipher.setAAD(Buffer.from(place)).setAuthTag(data.subarray(-16));
    expect(decipher.update(data.subarray(44, -16)).toString() + decipher.final().toString()).to.equal('canary');
  });

  it('is read by another process, which asks the service once for all values of the first', async () => {
    const writer = await provider();
    const stored = await Promise.all([1, 2, 3].map(() => writer.seal(value, place)));
    expect(service.calls).to.deep.equal(['Status', 'Encrypt']);
    const reader = await provider();
    const read = await Promise.all(stored.map((one) => reads(reader, one)));
    expect(read.map((one) => [one.value.toString(), one.stale])).to.deep.equal(Array(3).fill(['canary', false]));
    expect(service.calls.filter((call) => call === 'Decrypt')).to.have.length(1);
  });

  it('is stale once the service has another key, and readable', async () => {
    const stored = await (await provider()).seal(value, place);
    service.key = 'kek2';
    const after = await provider();
    expect(await reads(after, stored)).to.deep.equal({ value, stale: true });
    expect((await reads(after, await after.seal(value, place))).stale).to.equal(false);
  });

  it('is read and written while the service is away, with keys that are known', async () => {
    const known = await provider();
    const stored = await known.seal(value, place);
    const unknown = await provider();
    await service.stop();
    expect((await reads(known, await known.seal(value, place))).value.toString()).to.equal('canary');
    expect(await codeOf(reads(unknown, stored))).to.equal('Unavailable');
  });

  it('whose data was changed or moved is refused', async () => {
    const one = await provider();
    const stored = await one.seal(value, place);
    const data = stored.indexOf(decode('EncryptedObject', stored.subarray(one.mark.length)).encryptedData);
    await fc.assert(
      fc.asyncProperty(fc.nat(32 + 12 + value.length + 16 - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(stored);
        changed[data + at]! ^= 1 << bit;
        expect(await codeOf(reads(one, changed))).not.to.equal('no error');
      }),
    );
    expect(await codeOf(reads(one, stored, `${place}b`))).not.to.equal('no error');
  });

  it('of a seed that the service refuses is refused, with its words', async () => {
    const stored = await (await provider()).seal(value, place);
    const at = stored.indexOf('kek1|');
    stored.write('kek9|', at);
    const refusal = await reads(await provider(), stored).catch((error: Error) => error.message);
    expect(refusal).to.equal('no such key');
  });

  it('needs a service that is there and well', async () => {
    service.healthz = 'sealed';
    expect(await codeOf(provider())).to.equal('Unavailable');
    await service.stop();
    expect(await codeOf(provider())).to.equal('Unavailable');
  });
});
