/**
 * The time, as an argument: whoever needs "now" is handed a Clock, so that tests and simulations set it.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** `metav1.Time`: RFC 3339, UTC, whole seconds (K-338). */
export const timestamp = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

/** `metav1.MicroTime`: six digits of a second (K-339). */
export const microTimestamp = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 23)}000Z`;

/**
 * How long ago, as kubectl's AGE columns print it (K-486): two units at most, coarser the older.
 *
 * @param ageMs milliseconds; more than a second in the future is `<invalid>`
 */
export function ageText(ageMs: number): string {
  const seconds = Math.trunc(ageMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (days < 365 * 8) return withRest(years, 'y', days % 365, 'd');
  return `${years}y`;
}

const withRest = (count: number, unit: string, rest: number, restUnit: string): string =>
  rest ? `${count}${unit}${rest}${restUnit}` : `${count}${unit}`;

/** What a time stands for, in milliseconds since the epoch; NaN: nobody knows. */
export const timeOf = (text: string | undefined): number => (text ? Date.parse(text) : Number.NaN);

/** The age of what happened at such a time. */
export const ageAt = (atMs: number, nowMs: number): string =>
  Number.isNaN(atMs) ? '<unknown>' : ageText(nowMs - atMs);
