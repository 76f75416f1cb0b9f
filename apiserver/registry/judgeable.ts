/**
 * What can still be judged of an object that its schema refuses: everything but the values that are wrong by themselves.
 *
 * Rules must not meet what a schema forbids, yet whoever sent it wants to hear of all faults at once. So wrong values are left out where
 * that makes an object that the schema admits. A list or an object is never left out: others refer to what is in them.
 */
import type { FieldError } from '../../openapi/machinery/field.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import type { Validator } from '../../openapi/schema/validate.ts';
import { stepsOf } from './ratcheting.ts';

export interface Judgeable<T> {
  readonly object: T;
  /** Is this fault about something else than what was left out? */
  isNews(fault: FieldError): boolean;
}

/** @returns undefined when nothing more can be said of the object */
export function judgeable<T extends KubeObject>(object: T, validate: Validator): Judgeable<T> | undefined {
  const rest = copyOf(object);
  const wrong = validate(rest).filter(isGrave);
  if (!wrong.every((fault) => leftOut(rest, stepsOf(fault.field)))) return undefined;
  if (wrong.length && validate(rest).some(isGrave)) return undefined;
  const known = new Set(wrong.map(placeOf));
  return { object: rest, isNews: (fault) => !known.has(placeOf(fault)) };
}

/** Rules can live with an item that is there twice. */
const isGrave = ({ reason }: FieldError): boolean => reason !== 'FieldValueDuplicate';

/** Takes a scalar out of an object, in place. @returns whether it was one, so that it could be */
function leftOut(object: unknown, steps: readonly string[]): boolean {
  const name = steps.at(-1);
  const holder = steps.slice(0, -1).reduce<unknown>((node, step) => {
    if (Array.isArray(node)) return node[Number(step)];
    return isRecord(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  }, object);
  if (name === undefined || !isRecord(holder) || !Object.hasOwn(holder, name)) return false;
  if (typeof holder[name] === 'object' && holder[name] !== null) return false;
  delete holder[name];
  return true;
}

/** Rules write keys of maps in brackets, schemas after a dot. */
const placeOf = ({ field }: FieldError): string => stepsOf(field).join('.');
