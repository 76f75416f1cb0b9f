/**
 * JSON patch (RFC 6902): operations on places named by JSON pointers, all or none (K-248, K-249).
 *
 * As in Kubernetes, an index may be negative, counting from the end, and both the number of operations and what `copy` may add are
 * bounded.
 */
import { copyOf, jsonText, ownValue, sameJson, setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';

const maxOperations = 10_000;
/** Bytes of JSON that all `copy` operations of one patch may add: the limit of a request body. */
const maxCopied = 3 * 1024 * 1024;

const members: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

/** Members that an operation does not have: `unknown field "[0].foo"`. */
export const unknownMembers = (patch: unknown): string[] =>
  Array.isArray(patch)
    ? patch.flatMap((operation, i) =>
        isRecord(operation)
          ? Object.keys(operation)
              .filter((name) => !members.has(name))
              .map((name) => `unknown field ${JSON.stringify(`[${i}].${name}`)}`)
          : [],
      )
    : [];

export interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** As in bodies: deeper documents would be too much for whatever walks them. */
const maxDepth = 1000;

/** @throws StatusError 400 when this is not a list of operations, 413 when it is too long */
export function parseJsonPatch(patch: unknown): PatchOperation[] {
  if (!Array.isArray(patch)) throw StatusError.badRequest('error decoding patch: a JSON patch is a list of operations');
  if (patch.length > maxOperations)
    throw StatusError.entityTooLarge(
      `Request entity too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  return patch.map((operation, i) => {
    if (!isRecord(operation)) throw StatusError.badRequest('error decoding patch: an operation is an object');
    const { op, path, from } = operation;
    if (typeof op !== 'string' || typeof path !== 'string' || (from !== undefined && typeof from !== 'string'))
      throw StatusError.unprocessable(`patch[${i}]`, 'an operation has an op and a path, and both are strings');
    return { op, path, ...(from !== undefined && { from }), value: ownValue(operation, 'value') };
  });
}

/**
 * @param document is changed; take the result, since the root may have been replaced
 * @throws StatusError 422 when an operation cannot be carried out; `document` is then of no use any more
 */
export function jsonPatched(document: unknown, operations: readonly PatchOperation[]): unknown {
  // A wrapper gives the root a parent, so that no operation needs a special case for it.
  const holder: Record<string, unknown> = { root: document };
  const budget = { bytes: maxCopied };
  for (const [i, operation] of operations.entries())
    try {
      carryOut(holder, operation, budget);
    } catch (error) {
      if (!(error instanceof Impossible)) throw error;
      // Words of the sender's in it may be long.
      throw StatusError.unprocessable(`patch[${i}]`, error.message.slice(0, 500));
    }
  return notTooDeep(holder.root);
}

/** Why an operation cannot be carried out, as its sender is told. */
class Impossible extends Error {}

/** Operations are small, but what they build need not be. */
function notTooDeep(value: unknown): unknown {
  if (!reachesBelow(value, maxDepth)) return value;
  throw StatusError.badRequest(`error decoding patch: the result would exceed the max depth of ${maxDepth}`);
}

/** Is anything nested in `value` deeper than `levels`? Looks no further than that. */
const reachesBelow = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => reachesBelow(inner, levels - 1)));

function carryOut(holder: Record<string, unknown>, operation: PatchOperation, budget: { bytes: number }): void {
  const target = pointer(operation.path);
  switch (operation.op) {
    case 'add':
      add(holder, target, copyOf(given(operation)));
      break;
    case 'remove':
      remove(holder, target);
      break;
    case 'replace':
      replace(holder, target, copyOf(given(operation)));
      break;
    case 'move':
      if (operation.path.startsWith(`${operation.from}/`))
        throw new Impossible(`${operation.from} cannot be moved into itself`);
      add(holder, target, remove(holder, pointer(operation.from)));
      break;
    case 'copy':
      add(holder, target, charged(copyOf(notTooDeep(read(holder, pointer(operation.from)))), budget));
      break;
    case 'test':
      if (!sameJson(present(holder, target), operation.value ?? null))
        throw new Impossible(`${operation.path} is not what the test says`);
      break;
    default:
      throw new Impossible(`there is no operation ${JSON.stringify(operation.op)}`);
  }
}

/** What a test compares: a member that is not there equals null, as in Kubernetes. */
function present(holder: Record<string, unknown>, steps: readonly [string, ...string[]]): unknown {
  const [parent, step] = parentOf(holder, steps);
  return isRecord(parent) && !Object.hasOwn(parent, step) ? null : child(parent, step);
}

function charged(value: unknown, budget: { bytes: number }): unknown {
  budget.bytes -= jsonText(value).length;
  if (budget.bytes >= 0) return value;
  throw StatusError.entityTooLarge(
    `Unable to complete the copy, the accumulated size increase is too large, limit is ${maxCopied}`,
  );
}

const given = ({ op, value }: PatchOperation): unknown => {
  if (value === undefined) throw new Impossible(`${op} needs a value`);
  return value;
};

/** The steps of a JSON pointer, from the holder on. */
function pointer(text: string | undefined): [string, ...string[]] {
  if (text === undefined) throw new Impossible('the operation needs a from');
  if (text !== '' && !text.startsWith('/')) throw new Impossible(`a path begins with a slash, and ${text} does not`);
  const steps = text === '' ? [] : text.slice(1).split('/');
  return ['root', ...steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

/** The container of the last step, and that step. */
function parentOf(
  holder: Record<string, unknown>,
  steps: readonly string[],
): [Record<string, unknown> | unknown[], string] {
  const parent = steps.slice(0, -1).reduce<unknown>((node, step) => child(node, step), holder);
  if (!isRecord(parent) && !Array.isArray(parent)) throw notThere(steps.at(-1)!);
  return [parent, steps.at(-1)!];
}

const notThere = (step: string): Impossible => new Impossible(`the path leads nowhere from ${JSON.stringify(step)} on`);

function child(node: unknown, step: string): unknown {
  if (Array.isArray(node)) return node[indexIn(node, step, node.length - 1)];
  if (!isRecord(node) || !Object.hasOwn(node, step)) throw notThere(step);
  return node[step];
}

const read = (holder: Record<string, unknown>, steps: readonly string[]): unknown =>
  steps.reduce<unknown>((node, step) => child(node, step), holder);

function indexIn(list: readonly unknown[], step: string, max: number): number {
  if (!/^(0|-?[1-9][0-9]*)$/.test(step)) throw new Impossible(`${JSON.stringify(step)} is no index of a list`);
  const index = Number(step);
  const found = index < 0 ? index + list.length : index;
  if (found < 0 || found > max) throw new Impossible(`the list has no index ${step}`);
  return found;
}

function add(holder: Record<string, unknown>, steps: readonly string[], value: unknown): void {
  const [parent, step] = parentOf(holder, steps);
  if (!Array.isArray(parent)) setOwn(parent, step, value);
  else if (step === '-') parent.push(value);
  else parent.splice(indexIn(parent, step, parent.length), 0, value);
}

function remove(holder: Record<string, unknown>, steps: readonly string[]): unknown {
  const [parent, step] = parentOf(holder, steps);
  if (Array.isArray(parent)) return parent.splice(indexIn(parent, step, parent.length - 1), 1)[0];
  const value = child(parent, step);
  delete parent[step];
  return value;
}

function replace(holder: Record<string, unknown>, steps: readonly string[], value: unknown): void {
  const [parent, step] = parentOf(holder, steps);
  if (Array.isArray(parent)) parent[indexIn(parent, step, parent.length - 1)] = value;
  else {
    child(parent, step);
    setOwn(parent, step, value);
  }
}
