/**
 * What was wrong before and is as it was may stay (K-242): schemas become stricter, and an object that was stored before can still be
 * labelled, finalized and mended bit by bit.
 */
import type { FieldError } from '../../openapi/machinery/field.ts';
import { ownValue, sameJson } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';

/** The faults that a write has brought: those of values that it has changed. What cannot be found in both counts as changed. */
export const broughtFaults = (faults: readonly FieldError[], before: unknown, now: unknown): FieldError[] =>
  faults.filter((fault) => !isOld(fault, before, now));

function isOld({ field, reason }: FieldError, before: unknown, now: unknown): boolean {
  const steps = stepsOf(field);
  // What is missing was missing before only if all that is beside it is the same.
  const judged = reason === 'FieldValueRequired' ? steps.slice(0, -1) : steps;
  if (!judged.length) return false;
  const [old, present] = [valueAt(before, judged), valueAt(now, judged)];
  return old !== undefined && present !== undefined && sameJson(old, present);
}

/** `spec.roles[0].id` as its steps. Keys that hold dots come out wrong, and so lead nowhere. */
export const stepsOf = (field: string): string[] => field.split(/[.[\]]+/).filter((step) => step !== '');

const valueAt = (document: unknown, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((node, step) => {
    if (Array.isArray(node)) return /^\d+$/.test(step) ? node[Number(step)] : undefined;
    return isRecord(node) ? ownValue(node, step) : undefined;
  }, document);
