/**
 * Recorded answers of a real kube-apiserver, where `KUBEDIRECTOR_PROBES` names a folder with them: `crdprobe.sh PORT` asks, with curl
 * and jq, and `recorded-*.txt` is what was answered. Our server is asked the same, and code, reason and message are compared.
 */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../storage/folder.ts';
import { startFixtureServer } from '../fixture-server.ts';

const folder = process.env.KUBEDIRECTOR_PROBES;

/** Where we answer otherwise on purpose: what differs, and why. */
const otherwise: Readonly<Record<string, string>> = {
  'create-proto': 'the connection was dropped where we say 415',
  'create-rvset': '400 for 500',
  'put-rvbad': '400 for 500',
  'apply-unknown': '400 for 500',
  'apply-dup': '400 for 500',
  'apply-dupkey-strict': '400 for 500',
  'apply-type': '400 for 500',
  'scale-put-noreplicas': 'a Scale without a number is refused',
};

/** Messages that hold words of Go's decoders, or faults that only custom resources have. Code and reason are equal. */
const ownWords = new Set(['create-badmeta', 'create-notjson', 'create-array', 'patch-nonobj']);

interface Recorded {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
}

/** By the labels of a recording, which stand after `###`. */
function answersIn(text: string): Map<string, Recorded> {
  const sections = text.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [label = '', ...lines] = section.split('\n');
      const [, code = ''] = /^HTTP\/\S+ (\d+)/m.exec(lines.join('\n')) ?? [];
      // Long bodies are cut off, so they are not read as JSON.
      const [, message = '""'] = /"message":\s*("(?:[^"\\]|\\.)*")/.exec(section) ?? [];
      const [, reason = ''] = /"reason":\s*"([A-Za-z]+)",\s*"(?:details|code)"/.exec(section) ?? [];
      return [label.trim(), { code, reason, message: JSON.parse(message) as string }];
    }),
  );
}

/** A message without what differs from run to run; its faults in order, since Go tells those of a map in any. */
const comparable = (message: string): string => {
  const masked = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UID').replace(/patch: Invalid value: .*/, 'patch');
  const [, frame = masked, list] = /^(.* is invalid: )\[(.*)\]$/.exec(masked) ?? [];
  if (list === undefined) return masked;
  // Fields that begin with a dot, and one that has no name, are of checks that custom resources have beside their schema.
  const faults = list.split(/, (?=[.<]?[a-z]+(?:\.|>|\[))/).filter((fault) => !/^[.<]/.test(fault));
  return faults.length === 1 ? frame + faults[0] : `${frame}[${faults.sort().join(', ')}]`;
};

describe('recorded answers of a kube-apiserver', () => {
  if (!folder) {
    it('are left out: KUBEDIRECTOR_PROBES names no folder with them');
    return;
  }
  const recorded = answersIn(readFileSync(join(folder, globSync('recorded-*.txt', { cwd: folder })[0]!), 'utf8'));
  let ours: Map<string, Recorded>;
  before(async function () {
    this.timeout(120_000);
    const server = await startFixtureServer();
    const scratch = await temporaryFolder();
    try {
      const { stdout } = await promisify(execFile)('bash', [join(folder, 'crdprobe.sh'), new URL(server.url).port], {
        cwd: scratch.path,
        env: { ...process.env, KSPEC: scratch.path },
        maxBuffer: 64 * 1024 * 1024,
      });
      ours = answersIn(stdout);
    } finally {
      await scratch.remove();
      await server.stop();
    }
  });

  for (const [label, theirs] of recorded)
    it(`${label}${otherwise[label] ? `, where ${otherwise[label]}` : ''}`, () => {
      const answer = ours.get(label);
      if (otherwise[label]) {
        expect(answer?.code).to.match(/^4/);
        if (theirs.code !== '500') return;
        const text = (message: string): string => message.replace(/expected string, got .*/, 'expected string');
        expect(text(answer!.message)).to.equal(text(theirs.message));
        return;
      }
      expect(answer?.code).to.equal(theirs.code);
      expect(answer?.reason).to.equal(theirs.reason);
      if (!ownWords.has(label)) expect(comparable(answer!.message)).to.equal(comparable(theirs.message));
    });
});
