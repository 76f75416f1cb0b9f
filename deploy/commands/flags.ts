/**
 * Flags: read, completed and checked, with every fault told at once.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** What is wrong with a command line or the machine, in sentences for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Flag {
  /** `DIR`, `N`: what the help shows for the value. */
  readonly value: string;
  readonly help: string;
  readonly fallback?: string;
  /** What the flag alone means, without a value; absent: it needs one. */
  readonly alone?: string;
}

/** @throws UsageError naming what it does not know */
export function readFlags<F extends Readonly<Record<string, Flag>>>(
  flags: F,
  args: readonly string[],
): { values: { [K in keyof F]: string | undefined }; rest: string[] } {
  const options: ParseArgsOptionsConfig = Object.fromEntries(
    Object.keys(flags).map((name) => [name, { type: 'string' }]),
  );
  try {
    const spelled = args.map((arg) => {
      const alone = arg.startsWith('--') ? flags[arg.slice(2)]?.alone : undefined;
      return alone === undefined ? arg : `${arg}=${alone}`;
    });
    const { values, positionals } = parseArgs({ args: spelled, options, allowPositionals: true, strict: true });
    const complete = Object.entries(flags).map(([name, { fallback }]) => [name, values[name] ?? fallback]);
    return { values: Object.fromEntries(complete), rest: positionals };
  } catch (error) {
    // Node goes on to explain how to pass such words as values; nobody means that.
    throw new UsageError((error as Error).message.replace(/\. To specify a positional.*/, '.'));
  }
}

/** The lines of a help text, one for each flag. */
export const flagsHelp = (flags: Readonly<Record<string, Flag>>): string =>
  Object.entries(flags)
    .map(([name, { value, help, fallback }]) => {
      const otherwise = fallback === undefined ? '' : ` (${fallback})`;
      return `  --${`${name}=${value}`.padEnd(28)} ${help}${otherwise}`;
    })
    .join('\n');
