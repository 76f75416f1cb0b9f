/**
 * The log: one line of JSON for programs, or one readable line for a person at a terminal (K-606, K-607).
 *
 * What may be logged is decided where it is logged; secrets never reach this file.
 */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** @param error what was thrown; its whole chain of causes is written */
  error(message: string, error: unknown, fields?: LogFields): void;
  /** The same log, with these fields on every line. */
  with(fields: LogFields): Log;
}

type Level = 'info' | 'warn' | 'error';
type Sink = (level: Level, message: string, fields: LogFields) => void;

const make = (sink: Sink, always: LogFields): Log => ({
  info: (message, fields) => sink('info', message, { ...always, ...fields }),
  warn: (message, fields) => sink('warn', message, { ...always, ...fields }),
  error: (message, error, fields) => sink('error', message, { ...always, ...fields, err: chainOf(error) }),
  with: (fields) => make(sink, { ...always, ...fields }),
});

/** JSON lines on a stream, with the keys that klog's JSON format has. */
export const jsonLog = (stream: NodeJS.WritableStream): Log =>
  make((level, msg, fields) => {
    stream.write(`${JSON.stringify({ ts: new Date().toISOString(), level, msg, ...fields })}\n`);
  }, {});

/** Lines for people; information is left out, since they asked for none. */
export const plainLog = (stream: NodeJS.WritableStream): Log =>
  make((level, message, fields) => {
    if (level === 'info') return;
    const details = Object.entries(fields).map(
      ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    stream.write(`${[`${level}: ${message}`, ...details].join('\n')}\n`);
  }, {});

export const silentLog: Log = make(() => {}, {});

/** An error and its causes, outermost first, with the stack of the innermost one: where it began. */
const chainOf = (error: unknown): string => {
  const messages: string[] = [];
  let current = error;
  let stack = '';
  while (current instanceof Error && messages.length < 8) {
    messages.push(`${current.name}: ${current.message}`);
    stack = current.stack ?? stack;
    current = current.cause;
  }
  if (current !== undefined && !(current instanceof Error)) messages.push(String(current));
  return [messages.join(' <- '), ...stack.split('\n').slice(1, 8)].join('\n');
};
