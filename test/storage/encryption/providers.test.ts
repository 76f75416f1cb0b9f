/** What every provider of encryption does to values, as laws, and how values look that it has encrypted. */
import { createDecipheriv, createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { aesCbc } from '../../../storage/encryption/aes-cbc.ts';
import { aesGcm } from '../../../storage/encryption/aes-gcm.ts';
import type { Provider } from '../../../storage/encryption/provider.ts';
import { secretbox } from '../../../storage/encryption/secretbox.ts';
import { secretOf } from './configurations.ts';

const place = '/registry/kubedirector.bluedata.io/kubedirectorclusters/demo/a';
const anyValue = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

const opens = async (provider: Provider, stored: Buffer, key = place): Promise<Buffer | undefined> => {
  try {
    return (await provider.open(stored, key)).value;
  } catch {
    return undefined;
  }
};

const all: [kind: string, make: (fill: number) => Provider, authenticated: boolean][] = [
  ['aesgcm', (fill) => aesGcm('key1', secretOf(fill)), true],
  ['aesgcm', (fill) => aesGcm('key1', secretOf(fill, 16)), true],
  ['aescbc', (fill) => aesCbc('key1', secretOf(fill)), false],
  ['secretbox', (fill) => secretbox('key1', secretOf(fill)), true],
];

for (const [kind, make, authenticated] of all)
  describe(`${kind}: an encrypted value`, () => {
    const provider = make(1);

    it('is decrypted to what it was', () =>
      fc.assert(
        fc.asyncProperty(anyValue, async (value) => {
          const opened = await opens(provider, await provider.seal(value, place));
          expect(opened?.equals(value)).to.equal(true);
        }),
      ));

    it('begins with the mark of its provider and key (K-562)', async () => {
      const stored = await provider.seal(Buffer.from('x'), place);
      expect(stored.toString('latin1')).to.match(new RegExp(`^k8s:enc:${kind}:v1:key1:`));
    });

    it('is another one each time', async () => {
      const [a, b] = [await provider.seal(Buffer.from('x'), place), await provider.seal(Buffer.from('x'), place)];
      expect(a.equals(b)).to.equal(false);
    });

    if (!authenticated) return;

    it('of which any bit was changed is refused', () =>
      fc.assert(
        fc.asyncProperty(anyValue, fc.nat(), fc.nat(7), async (value, at, bit) => {
          const stored = Buffer.from(await provider.seal(value, place));
          const { length } = provider.mark;
          stored[length + (at % (stored.length - length))]! ^= 1 << bit;
          expect(await opens(provider, stored)).to.equal(undefined);
        }),
      ));

    it('that was cut short is refused', () =>
      fc.assert(
        fc.asyncProperty(anyValue, fc.nat(), async (value, length) => {
          const stored = await provider.seal(value, place);
          const { length: least } = provider.mark;
          expect(await opens(provider, stored.subarray(0, least + (length % (stored.length - least))))).to.equal(
            undefined,
          );
        }),
      ));

    it('is refused by another key of the same name', async () =>
      expect(await opens(make(2), await provider.seal(Buffer.from('x'), place))).to.equal(undefined));
  });

describe('aesgcm', () => {
  const provider = aesGcm('key1', secretOf(1));

  it('ties a value to its key in the store: it cannot be moved to another one (K-562)', async () => {
    const stored = await provider.seal(Buffer.from('x'), place);
    expect(await opens(provider, stored, `${place}b`)).to.equal(undefined);
  });

  it('writes nonce, ciphertext and tag, as any AES-GCM reads them', async () => {
    const stored = await provider.seal(Buffer.from('hello'), place);
    const sealed = stored.subarray(provider.mark.length);
    const decipher = createDecipheriv('aes-256-gcm', secretOf(1), sealed.subarray(0, 12));
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-16));
    expect(decipher.update(sealed.subarray(12, -16)).toString() + decipher.final().toString()).to.equal('hello');
  });
});

describe('secretbox', () => {
  it("reads what NaCl wrote: the example of NaCl's own tests", async () => {
    const key = createSecretKey('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389', 'hex');
    const nonce = Buffer.from('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37', 'hex');
    const sealed = Buffer.from(
      'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b' +
        '4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da' +
        '99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
      'hex',
    );
    const provider = secretbox('key1', key);
    const opened = await opens(provider, Buffer.concat([provider.mark, nonce, sealed]));
    expect(opened?.toString('hex')).to.match(
      /^be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc.*0705$/,
    );
  });
});
