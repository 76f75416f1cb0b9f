/**
 * Laws of what KubeDirector and its program in a member say to each other: what was said is what is heard, whatever it is about, and
 * in whatever pieces it comes.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import { decodeCall, encodeCall, type GuestCall } from '../../../openapi/guest/calls.ts';
import { encodeReport, guestFailures, guestPhases, ReportReader } from '../../../openapi/guest/reports.ts';

const program = Buffer.from('echo a program\n');
const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\n\r\0]/.test(text));
const text = fc.string({ unit: 'grapheme' }).map((value) => Buffer.from(value).toString());
const inContainer = {
  container: line,
  generation: fc.nat(),
  layout: fc.constantFrom('legacy' as const, 'new' as const),
  tailBytes: fc.nat(),
};
const optional = { requiredKeys: [] as [] };
const injection = fc
  .tuple(fc.record({ url: line, directory: line }), fc.record({ mode: line, owner: line, group: line }, optional))
  .map(([always, sometimes]) => ({ ...always, ...sometimes }));
const source = fc
  .tuple(fc.record({ url: line, maxBytes: fc.nat() }), fc.record({ sha256: line }, optional))
  .map(([always, sometimes]) => ({ ...always, ...sometimes }));
const setup = fc.record({
  package: source,
  configure: fc.boolean(),
  configmeta: text,
  helper: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
});
const anyCall: fc.Arbitrary<GuestCall> = fc.oneof(
  fc
    .tuple(
      fc.record({
        verb: fc.constant('setup' as const),
        ...inContainer,
        attempt: fc.nat(),
        systemd: fc.boolean(),
        injections: fc.array(injection),
      }),
      fc.record({ setup }, optional),
    )
    .map(([always, sometimes]) => ({ ...always, ...sometimes })),
  fc
    .tuple(
      fc.record({
        verb: fc.constant('update' as const),
        ...inContainer,
        deadlineSeconds: fc.nat(),
        configmeta: text,
        notifications: fc.array(fc.record({ id: line, arguments: fc.array(line) })),
      }),
      fc.record({ reconnect: line }, optional),
    )
    .map(([always, sometimes]) => ({ ...always, ...sometimes })),
);

const word = fc.stringMatching(/^[a-z0-9-]+$/);
const exitCode = fc.integer({ min: 0, max: 255 });
const sentence = fc.stringMatching(/^[a-z]+( [a-z]+)*$/);
const anyReport = fc.oneof(
  fc.record({ type: fc.constant('phase' as const), phase: fc.constantFrom(...guestPhases) }),
  fc.record({ type: fc.constant('alive' as const) }),
  fc.record({
    type: fc.constant('notified' as const),
    id: word,
    exitCode: fc.oneof(exitCode, fc.constant('skipped' as const)),
  }),
  fc.record({ type: fc.constant('reconnected' as const), exitCode }),
  fc.record({
    type: fc.constant('output' as const),
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    text,
  }),
  fc.record({
    type: fc.constant('result' as const),
    result: fc.oneof(
      fc.record({ ok: fc.constant(true as const) }),
      fc.record({ ok: fc.constant(false as const), failure: fc.constantFrom(...guestFailures), detail: sentence }),
    ),
  }),
);

describe('a call to a member', () => {
  it('is read as it was written', () =>
    fc.assert(
      fc.property(anyCall, (call) => {
        const { argv, input } = encodeCall(call, program);
        expect(decodeCall(argv, input)).to.deep.equal(call);
      }),
    ));

  it('says nothing of its own in the command, which shells and logs see', () =>
    fc.assert(
      fc.property(anyCall, anyCall, (one, other) => {
        const words = (call: GuestCall) => encodeCall(call, program).argv.slice(0, 4);
        expect(words(one)).to.deep.equal(words(other));
        for (const number of encodeCall(one, program).argv.slice(4)) expect(number).to.match(/^\d+$/);
      }),
    ));

  for (const end of ['\n', '\r', '\0'])
    it(`is refused when a value contains ${JSON.stringify(end)}, which would begin an option of its own`, () => {
      const call: GuestCall = {
        ...{ verb: 'setup', container: 'c', generation: 1, layout: 'new', tailBytes: 0, attempt: 1, systemd: false },
        injections: [{ url: `https://example.com/a${end}verb update`, directory: '/etc' }],
      };
      expect(() => encodeCall(call, program)).to.throw(RangeError, 'inject contains a line end or a null');
    });

  it('is told from every other command', () => {
    expect(decodeCall(['sh', '-c', 'cat /etc/passwd', 'kubedirector-guest', '0', '0', '0'], Buffer.alloc(0))).to.equal(
      undefined,
    );
    expect(decodeCall(['bash'], Buffer.alloc(0))).to.equal(undefined);
  });
});

describe('the reports of a member', () => {
  it('are read as they were written, in whatever pieces they come', () =>
    fc.assert(
      fc.property(fc.array(anyReport), fc.array(fc.integer({ min: 1, max: 7 })), (reports, sizes) => {
        const bytes = Buffer.from(reports.map(encodeReport).join(''));
        const reader = new ReportReader();
        const heard = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length] ?? bytes.length;
          heard.push(...reader.read(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(heard).to.deep.equal(reports);
      }),
    ));

  it('have no say in how much is kept of them', () => {
    expect(() => new ReportReader().read(Buffer.alloc(5000, 'a'))).to.throw(RangeError, 'a line is longer');
    expect(() => new ReportReader().read(Buffer.from('output stdout 99999999999\n'))).to.throw(RangeError);
    expect(() => new ReportReader().read(Buffer.from('output stdout -1\n'))).to.throw(RangeError);
  });

  it('are passed over where their words are not known', () =>
    expect(new ReportReader().read(Buffer.from('hello\nphase dancing\nphase checking\n'))).to.deep.equal([
      { type: 'phase', phase: 'checking' },
    ]));
});
