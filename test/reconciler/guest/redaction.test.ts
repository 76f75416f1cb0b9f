/** What members report is shown without the values that they were told in confidence. */
import { expect } from 'chai';
import fc from 'fast-check';
import { redact } from '../../../reconciler/guest/redaction.ts';

const pem =
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n';

describe('what a member reports', () => {
  for (const [what, secrets, text, shown] of [
    ['a value', ['hunter22'], 'it is hunter22.', 'it is [redacted].'],
    ['every time that it comes', ['hunter22'], 'hunter22 hunter22', '[redacted] [redacted]'],
    ['values that contain others', ['hunter', 'hunter22'], 'hunter22', '[redacted]'],
    ['a value from a file, without the end of its line', ['hunter22\n'], 'is "hunter22"?', 'is "[redacted]"?'],
    ['a value as it stands in JSON', ['a "word" of\tmine'], '"a \\"word\\" of\\tmine"', '"[redacted]"'],
    [
      'the last lines of a value that is cut between lines',
      [pem],
      'AQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\ndone\n',
      '[redacted]done\n',
    ],
    ['a line of a longer text', [pem], '+ echo MIIEvQIBADANBgkqhkiG9w0B\n', '+ echo [redacted]\n'],
    ['the end of a value that is cut', ['correct horse battery'], 'rse battery was taken', '[redacted] was taken'],
    ['the end of a value that is cut in a character', ['größe-der-dinge'], '\ufffdße-der-dinge', '[redacted]'],
    ['the end of a text in JSON', ['one\ntwo\nthree'], 'e\\ntwo\\nthree"}', '[redacted]"}'],
  ] as const)
    it(`is shown without ${what}`, () => expect(redact(text, secrets)).to.equal(shown));

  for (const [what, secrets, text] of [
    ['three letters', ['abc'], 'abc'],
    ['three letters and an end of line', ['abc\n'], 'abc'],
    ['the common words of a longer text', ['yes: no\npassword: hunter22\n'], 'yes: no'],
    ['what looks like the beginning of a value', ['correct horse battery'], 'correct horse is not all'],
    ['nothing at all', ['hunter22'], ''],
    ['what nobody was told', [], '\ufffd hunter22'],
  ] as const)
    it(`keeps ${what}`, () => expect(redact(text, secrets)).to.equal(text));

  it('never has a value in it, however it was cut before it', () => {
    // Letters that are in no word of ours, so that what is left of a value cannot be taken for one.
    const value = fc.string({ unit: fc.constantFrom(...'xyz07\n"\\'), minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(value, fc.nat(40), fc.string({ unit: fc.constantFrom(...'ab ') }), (secret, cut, after) => {
        const kept = secret.slice(Math.min(cut, secret.length - 4));
        const shown = redact(kept + after, [secret]);
        expect(shown.startsWith(kept)).to.equal(false);
      }),
    );
  });
});
