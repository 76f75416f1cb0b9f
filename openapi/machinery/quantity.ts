/**
 * Resource quantities: `500m`, `4Gi`, `1e3`, compared exactly.
 *
 * A quantity is held as a whole number of nano units (Kubernetes rounds anything finer up), so no floating point is involved.
 */

const forms = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/;

const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};

/** A parsed quantity in units of 10^-9. */
export type Nanos = bigint;

const unit = 10n ** 9n;

/** @returns undefined when `text` is not a quantity; numbers are taken as YAML writes them (`cpu: 2`) */
export function parseQuantity(text: string | number): Nanos | undefined {
  const match = forms.exec(String(text));
  if (!match) return undefined;
  const [, sign, digits, suffix = '', exponent] = match;
  const [whole = '', fraction = ''] = digits!.split('.');
  let mantissa = BigInt(`${whole}${fraction}` || '0');
  let scale = 9 - fraction.length;
  const multiple = binary[suffix];
  if (multiple) mantissa *= multiple;
  else scale += exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent);
  const magnitude = scale >= 0 ? mantissa * 10n ** BigInt(scale) : roundedUp(mantissa, 10n ** BigInt(-scale));
  return sign === '-' ? -magnitude : magnitude;
}

const roundedUp = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

/** Whole units, rounded away from zero, as `Quantity.Value()` gives them. */
export const wholeUnits = (nanos: Nanos): bigint => (nanos >= 0n ? roundedUp(nanos, unit) : -roundedUp(-nanos, unit));

/** Is it so many whole units, with nothing left over? */
export const isInteger = (nanos: Nanos): boolean => nanos % unit === 0n;
