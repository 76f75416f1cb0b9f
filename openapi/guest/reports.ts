/**
 * What KubeDirector's program in a member tells on its standard output, line by line, while it works.
 *
 *     phase configuring                  what it is doing now
 *     alive                              twice a minute while a script runs, so that a dead connection is noticed
 *     notified ID EXITCODE               a notification was delivered; `skipped` where it had been before
 *     reconnected EXITCODE
 *     output stdout 12                   the end of what a failed script wrote: so many bytes follow, then a line end
 *     result ok | result failed WORD DETAIL
 *
 * The last line is always a result. What comes without one was cut off. Members are not trusted: lines have a limit, and words that
 * are not known are passed over.
 */

/** What the program is busy with. `waiting` is for a script that another call has started. */
export const guestPhases = [
  'checking',
  'injecting',
  'systemd',
  'fetching',
  'unpacking',
  'configuring',
  'waiting',
  'notifying',
] as const;
export type GuestPhase = (typeof guestPhases)[number];

/**
 * Why it failed. `script`: DETAIL is the exit code. The others have a sentence.
 *
 * injection: a file could not be fetched or put in place. systemd: it did not come up in time. package: the package could not be
 * fetched, is too large, has another checksum or is not as packages are. member: something that every member needs is missing or
 * refused, such as a directory that cannot be written. script: the start script ended with an exit code.
 */
export const guestFailures = ['injection', 'systemd', 'package', 'member', 'script'] as const;
export type GuestFailure = (typeof guestFailures)[number];

export type GuestResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly failure: GuestFailure; readonly detail: string };

export type GuestReport =
  | { readonly type: 'phase'; readonly phase: GuestPhase }
  | { readonly type: 'alive' }
  | { readonly type: 'notified'; readonly id: string; readonly exitCode: number | 'skipped' }
  | { readonly type: 'reconnected'; readonly exitCode: number }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'result'; readonly result: GuestResult };

export function encodeReport(report: GuestReport): string {
  switch (report.type) {
    case 'phase':
      return `phase ${report.phase}\n`;
    case 'alive':
      return 'alive\n';
    case 'notified':
      return `notified ${report.id} ${report.exitCode}\n`;
    case 'reconnected':
      return `reconnected ${report.exitCode}\n`;
    case 'output':
      return `output ${report.stream} ${Buffer.byteLength(report.text)}\n${report.text}\n`;
    case 'result':
      return report.result.ok ? 'result ok\n' : `result failed ${report.result.failure} ${report.result.detail}\n`;
  }
}

const longestLine = 4096;
const longestOutput = 1 << 20;
const newline = 0x0a;

/** Reads reports from chunks of bytes as they come. */
export class ReportReader {
  #rest: Buffer = Buffer.alloc(0);
  /** An output whose text is yet to come. */
  #awaited: { readonly stream: 'stdout' | 'stderr'; readonly bytes: number } | undefined;

  /** @throws RangeError when a member sends what its program never would: it is not to be listened to any longer */
  read(chunk: Uint8Array): GuestReport[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const reports: GuestReport[] = [];
    for (let report = this.#next(); report !== undefined; report = this.#next())
      if (report !== 'nothing') reports.push(report);
    return reports;
  }

  #next(): GuestReport | 'nothing' | undefined {
    if (this.#awaited) return this.#output(this.#awaited);
    const end = this.#rest.indexOf(newline);
    if (end < 0) {
      if (this.#rest.length > longestLine) throw new RangeError(`a line is longer than ${longestLine} bytes`);
      return undefined;
    }
    const line = this.#rest.toString('utf8', 0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return this.#understand(line);
  }

  #output({ stream, bytes }: { stream: 'stdout' | 'stderr'; bytes: number }): GuestReport | undefined {
    if (this.#rest.length < bytes + 1) return undefined;
    const text = this.#rest.toString('utf8', 0, bytes);
    this.#rest = this.#rest.subarray(bytes + 1);
    this.#awaited = undefined;
    return { type: 'output', stream, text };
  }

  #understand(line: string): GuestReport | 'nothing' {
    const [word, first = '', second = '', ...others] = line.split(' ');
    switch (word) {
      case 'phase':
        return guestPhases.includes(first as GuestPhase) ? { type: 'phase', phase: first as GuestPhase } : 'nothing';
      case 'alive':
        return { type: 'alive' };
      case 'notified':
        return { type: 'notified', id: first, exitCode: second === 'skipped' ? second : codeOf(second) };
      case 'reconnected':
        return { type: 'reconnected', exitCode: codeOf(first) };
      case 'output':
        return this.#await(first, Number(second));
      case 'result':
        return { type: 'result', result: first === 'ok' ? { ok: true } : failureOf(second, others.join(' ')) };
      default:
        return 'nothing';
    }
  }

  #await(stream: string, bytes: number): 'nothing' {
    if (!(bytes >= 0 && bytes <= longestOutput)) throw new RangeError(`an output has ${bytes} bytes`);
    this.#awaited = { stream: stream === 'stderr' ? 'stderr' : 'stdout', bytes };
    return 'nothing';
  }
}

/** Something that is no number counts as a failure. */
const codeOf = (text: string): number => (/^\d{1,3}$/.test(text) ? Number(text) : 255);

const failureOf = (word: string, detail: string): GuestResult => ({
  ok: false,
  failure: guestFailures.includes(word as GuestFailure) ? (word as GuestFailure) : 'member',
  detail,
});
