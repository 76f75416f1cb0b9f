/** The file of a backup, as laws: what was written is read, and nothing else is taken for it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type BackupEntry, decoded, Encoder, format, type Header } from '../../../storage/backup/format.ts';
import { codeOf } from '../../contract/kv.ts';
import { collected } from './collected.ts';

const header: Header = {
  format,
  prefix: '/registry/',
  identity: 'a',
  revision: 7,
  takenAt: '2026-01-01T00:00:00Z',
  store: 'etcd 3.5.13',
};

const anyEntry: fc.Arbitrary<BackupEntry> = fc.record({
  key: fc.string({ unit: 'binary' }),
  revision: fc.nat(),
  createRevision: fc.nat(),
  value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
});

const written = (entries: readonly BackupEntry[]): Buffer => {
  const encoder = new Encoder();
  return Buffer.concat([encoder.header(header), ...entries.map((entry) => encoder.entry(entry)), encoder.trailer()]);
};

async function* inPieces(bytes: Buffer, size = bytes.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (bytes: Buffer, size?: number) => collected(decoded(inPieces(bytes, size)));

describe('the file of a backup', () => {
  it('is read as it was written, in pieces of any size', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyEntry), fc.integer({ min: 1, max: 50 }), async (entries, size) => {
        expect(await read(written(entries), size)).to.deep.equal([header, ...entries]);
      }),
    ));

  it('of which any bit was changed is refused', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyEntry, { maxLength: 3 }), fc.nat(), fc.nat(7), async (entries, at, bit) => {
        const bytes = written(entries);
        bytes[at % (bytes.length - 1)]! ^= 1 << bit;
        expect(await codeOf(read(bytes))).to.equal('Unreadable');
      }),
    ));

  it('that was cut short is refused', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyEntry, { maxLength: 3 }), fc.nat(), async (entries, length) => {
        const bytes = written(entries);
        expect(await codeOf(read(bytes.subarray(0, length % (bytes.length - 1))))).to.equal('Unreadable');
      }),
    ));

  it('of another format is refused, naming it', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ ...header, format: 'kubedirector backup 9' })}\n{}\n{}\n`);
    const refusal = await read(bytes).catch((error: Error) => error.message);
    expect(refusal).to.equal(
      'the backup cannot be used: it is no backup of the format "kubedirector backup 1", but "kubedirector backup 9"',
    );
  });
});
