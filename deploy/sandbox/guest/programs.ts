/**
 * The few programs that simulated containers have, for people who want to look at what KubeDirector wrote, and for KubeDirector.
 */
import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeCall, guestProgramName } from '../../../openapi/guest/calls.ts';
import type { SimulatedContainer } from './containers.ts';
import { Member } from './member.ts';

/** One program that somebody wants to run. */
export interface Invocation {
  readonly container: SimulatedContainer;
  readonly argv: readonly string[];
  readonly stdin: AsyncIterable<Buffer>;
  /** Resolves when whoever reads has taken it. */
  write(stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void>;
  readonly signal: AbortSignal;
  /** See {@link Member}. */
  readonly aliveMs: number;
}

type Program = (words: readonly string[], invocation: Invocation) => Promise<number> | number;

/** As a shell says that it knows no such program. */
const unknown = 127;
/** A call is longer than that only when something is wrong with it. */
const longestCall = 16 * 1024 * 1024;

/** @returns its exit code */
export async function run(invocation: Invocation): Promise<number> {
  const [name = '', ...words] = invocation.argv;
  if (invocation.argv[3] === guestProgramName) return answerCall(invocation);
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program) return program(words, invocation);
  await say(
    invocation,
    `${name}: pods are simulated here, nothing runs in them; ${Object.keys(programs).join(', ')} show what is there`,
  );
  return unknown;
}

const say = ({ write }: Invocation, line: string): Promise<void> => write('stderr', Buffer.from(`${line}\n`));
const print = ({ write }: Invocation, text: string): Promise<void> => write('stdout', Buffer.from(text));

async function answerCall(invocation: Invocation): Promise<number> {
  const { container, argv, stdin, signal, aliveMs } = invocation;
  const length = Number(argv[4]);
  if (!(length <= longestCall)) {
    await say(invocation, `${guestProgramName}: a call of ${length} bytes is too long`);
    return 1;
  }
  const call = decodeCall(argv, await take(stdin, length));
  if (call) return new Member(container, (text) => print(invocation, text), aliveMs).answer(call, signal);
  await say(invocation, `${guestProgramName}: this call is not understood here`);
  return 1;
}

/** So many bytes, or all when there are fewer. */
async function take(stdin: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let left = length;
  if (left > 0)
    for await (const piece of stdin) {
      pieces.push(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) break;
    }
  return Buffer.concat(pieces);
}

const isDirectory = ({ files }: SimulatedContainer, path: string): boolean => files.list(path) !== undefined;
const isFile = ({ files }: SimulatedContainer, path: string): boolean => files.read(path) !== undefined;
/** The working directory is the root. */
const absolute = (path: string): string => posix.resolve('/', path);

async function cat(words: readonly string[], invocation: Invocation): Promise<number> {
  const { container, stdin, write } = invocation;
  let exitCode = 0;
  for (const word of words.length ? words : ['-'])
    if (word === '-') for await (const piece of stdin) await write('stdout', piece);
    else {
      const text = container.files.read(absolute(word));
      if (text !== undefined) await print(invocation, text);
      else {
        await say(
          invocation,
          `cat: ${word}: ${isDirectory(container, word) ? 'Is a directory' : 'No such file or directory'}`,
        );
        exitCode = 1;
      }
    }
  return exitCode;
}

/** `head -c COUNT`, of standard input. */
async function head(words: readonly string[], invocation: Invocation): Promise<number> {
  const [flag, count = ''] = words;
  if (flag !== '-c' || !/^\d{1,9}$/.test(count) || words.length > 2) {
    await say(invocation, 'head: only "head -c COUNT" of standard input is simulated here');
    return 1;
  }
  let left = Number(count);
  if (left > 0)
    for await (const piece of invocation.stdin) {
      await invocation.write('stdout', piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) break;
    }
  return 0;
}

/** Options are accepted, and change nothing. */
async function ls(words: readonly string[], invocation: Invocation): Promise<number> {
  const { container } = invocation;
  const named = words.filter((word) => !word.startsWith('-'));
  let exitCode = 0;
  for (const word of named.length ? named : ['/']) {
    const names = container.files.list(absolute(word)) ?? (isFile(container, absolute(word)) ? [word] : undefined);
    if (names) await print(invocation, names.map((name) => `${name}\n`).join(''));
    else {
      await say(invocation, `ls: cannot access '${word}': No such file or directory`);
      exitCode = 2;
    }
  }
  return exitCode;
}

const checks: Readonly<Record<string, (container: SimulatedContainer, path: string) => boolean>> = {
  '-f': isFile,
  '-d': isDirectory,
  '-e': (container, path) => isFile(container, path) || isDirectory(container, path),
  '-s': ({ files }, path) => Boolean(files.read(path)),
};

async function test(words: readonly string[], invocation: Invocation): Promise<number> {
  const [flag = '', path] = words;
  const check = Object.hasOwn(checks, flag) ? checks[flag] : undefined;
  if (check && path !== undefined) return check(invocation.container, absolute(path)) ? 0 : 1;
  await say(invocation, `test: only ${Object.keys(checks).join(', ')} are simulated here`);
  return 2;
}

async function printenv(words: readonly string[], invocation: Invocation): Promise<number> {
  const { environment } = invocation.container;
  const [name] = words;
  if (name === undefined) {
    await print(invocation, [...environment].map(([key, value]) => `${key}=${value}\n`).join(''));
    return 0;
  }
  const value = environment.get(name);
  if (value === undefined) return 1;
  await print(invocation, `${value}\n`);
  return 0;
}

async function pause([seconds = '']: readonly string[], { signal }: Invocation): Promise<number> {
  if (!/^\d{1,6}$/.test(seconds)) return 1;
  await sleep(Number(seconds) * 1000, undefined, { signal });
  return 0;
}

const programs: Readonly<Record<string, Program>> = {
  cat,
  head,
  ls,
  test,
  echo: async (words, invocation) => {
    await print(invocation, `${words.join(' ')}\n`);
    return 0;
  },
  hostname: async (_, invocation) => {
    await print(invocation, `${invocation.container.hostname}\n`);
    return 0;
  },
  env: (words, invocation) => (words.length ? run({ ...invocation, argv: words }) : printenv([], invocation)),
  printenv,
  sleep: pause,
  true: () => 0,
  false: () => 1,
};
