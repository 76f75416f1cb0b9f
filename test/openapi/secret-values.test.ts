/**
 * Secret values as they are kept: what goes in comes out with the same key, and with no other.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { decryptSecretValue, encryptSecretValue, newMasterKey } from '../../openapi/secret-values.ts';

const keys = fc
  .constantFrom(16, 24, 32)
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const values = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('a secret value', () => {
  it('is read with the key that it was encrypted with', () =>
    fc.assert(
      fc.property(values, keys, (value, key) => {
        expect(decryptSecretValue(encryptSecretValue(value, key), key)).to.equal(value);
      }),
    ));

  it('is not read with another key', () =>
    fc.assert(
      fc.property(values, keys, keys, (value, key, other) => {
        fc.pre(key !== other);
        expect(decryptSecretValue(encryptSecretValue(value, key), other)).to.equal(undefined);
      }),
    ));

  it('is not read when a bit of it was changed', () =>
    fc.assert(
      fc.property(values, keys, fc.nat(), (value, key, at) => {
        const bytes = Buffer.from(encryptSecretValue(value, key), 'hex');
        bytes[at % bytes.length]! ^= 1;
        expect(decryptSecretValue(bytes.toString('hex'), key)).to.equal(undefined);
      }),
    ));

  it('is never encrypted twice to the same', () => {
    const key = newMasterKey();
    expect(encryptSecretValue('s3cret', key)).not.to.equal(encryptSecretValue('s3cret', key));
  });

  it('is nonce, ciphertext and tag, as AES-GCM is published (test case 14 of its specification)', () => {
    const nonce = '00'.repeat(12);
    const [ciphertext, tag] = ['cea7403d4d606b6e074ec5d3baf39d18', 'd0d1c8a799996bf0265b98b5d48ab919'];
    expect(decryptSecretValue(nonce + ciphertext + tag, '00'.repeat(32))).to.equal('\0'.repeat(16));
  });

  for (const text of ['', 'c0ffee', 'not hex at all', 'abc', '00'.repeat(28)])
    it(`is not found in ${JSON.stringify(text)}`, () => {
      expect(decryptSecretValue(text, newMasterKey())).to.equal(undefined);
    });
});

it('a new master key is one that a configuration may have', () => expect(newMasterKey()).to.match(/^[0-9a-f]{64}$/));
