/**
 * Durations as Go writes them, and so Kubernetes in flags and parameters: `1m30s`.
 */

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['\u00b5s', 1e-3],
  ['\u03bcs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** @returns milliseconds, below zero after a minus. @throws Error in the words of Go */
export function parseDuration(text: string): number {
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  const part = /(\d+(?:\.\d*)?|\.\d+)([^.\d]*)/y;
  let ms = 0;
  while (part.lastIndex < rest.length || rest === '') {
    const [, amount, unit = ''] = part.exec(rest) ?? [];
    if (amount === undefined) throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
    if (unit === '') throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const unitMs = unitsMs.get(unit);
    if (unitMs === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    ms += Number(amount) * unitMs;
  }
  return sign === '-' ? -ms : ms;
}

/** Milliseconds; undefined when the text is no duration, or one below zero. */
export function durationMs(text: string): number | undefined {
  try {
    const ms = parseDuration(text);
    return ms < 0 ? undefined : ms;
  } catch {
    return undefined;
  }
}
