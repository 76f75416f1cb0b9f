/**
 * Options in the query string: read, checked, and all faults told at once in the words of K-136 to K-140, K-186 and K-194 to K-199.
 */
import { type FieldError, FieldPath, forbidden, invalid, notSupported } from '../../openapi/machinery/field.ts';
import { inWords } from '../../openapi/machinery/json.ts';
import { apiVersionOf, isRecord } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { DeleteOptions, PropagationPolicy } from '../registry/deletion.ts';
import type { DocumentOptions, FieldValidation } from '../registry/documents.ts';
import { isPrintable, managerFaults, maxManagerBytes } from '../registry/metadata.ts';
import { parseSelectors, type Selectors } from '../registry/selection.ts';
import type { Manager } from '../registry/strategy.ts';
import type { Exchange } from './exchange.ts';
import { isYes } from './query.ts';
import type { IncludeObject } from './representation.ts';

const at = (name: string): FieldPath => new FieldPath(name);

const refuse = (kind: string, faults: readonly FieldError[]): void => {
  if (faults.length) throw StatusError.invalid({ group: 'meta.k8s.io', kind }, '', faults);
};

const validations: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];

/** @param kind of the options, as Kubernetes calls it: `CreateOptions` */
export function writeOptions(
  exchange: Exchange,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  isApply = false,
): DocumentOptions & { readonly manager: Manager } {
  const { query, user, warn, attributes } = exchange;
  const validation = query.get('fieldValidation') ?? '';
  const faults = [
    ...dryRunFaults(query.getAll('dryRun')),
    ...managerFaults(query.get('fieldManager') ?? '', at('fieldManager')),
  ];
  if (!validations.includes(validation)) faults.push(notSupported(at('fieldValidation'), validation, validations));
  if (kind === 'PatchOptions' && !isApply && query.has('force'))
    faults.push(forbidden(at('force'), 'may not be specified for non-apply patch'));
  refuse(kind, faults);
  return {
    user,
    warn,
    subresource: attributes.subresource,
    dryRun: query.has('dryRun'),
    isPatch: kind === 'PatchOptions',
    fieldValidation: (validation || 'Warn') as FieldValidation,
    manager: { name: query.get('fieldManager') || programOf(exchange), apiVersion: apiVersionOf(attributes) },
  };
}

/** Who says nothing owns fields in the name of the program: what stands before the slash of `User-Agent` (K-141). */
function programOf(exchange: Exchange): string {
  // Node takes headers for Latin-1; clients mean UTF-8.
  const agent = Buffer.from(exchange.header('user-agent') ?? '', 'latin1').toString('utf8');
  let name = '';
  for (const letter of agent.split('/', 1)[0] ?? '') {
    if (!isPrintable(letter)) continue;
    if (Buffer.byteLength(name + letter) > maxManagerBytes) break;
    name += letter;
  }
  return name;
}

function dryRunFaults(values: readonly string[]): FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported(at('dryRun'), values, ['All'])];
}

const policies = ['Foreground', 'Background', 'Orphan'] as const;

/**
 * Options of a delete: from the body when it has any, else from the query (K-289).
 *
 * @param body undefined when it was empty
 * @returns also whether the old way was used to ask that dependents go, too
 */
export function deleteOptions(
  { query }: Exchange,
  body: unknown,
): { options: DeleteOptions; dryRun: boolean; isCascading: boolean } {
  const given = body === undefined ? fromQuery(query) : fromBody(body);
  const { propagationPolicy: policy, orphanDependents: orphan, dryRun = [] } = given;
  const faults = dryRunFaults(dryRun as string[]);
  if (policy !== undefined && !policies.includes(policy as PropagationPolicy))
    faults.push(notSupported(at('propagationPolicy'), policy, [...policies, 'nil']));
  if (policy !== undefined && orphan !== undefined)
    faults.push(
      invalid(at('propagationPolicy'), policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  refuse('DeleteOptions', faults);
  const propagation = policy ?? (orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background');
  const { preconditions, gracePeriodSeconds } = given;
  return {
    dryRun: dryRun.length > 0,
    isCascading: orphan === false,
    options: {
      ...(propagation !== undefined && { propagationPolicy: propagation as PropagationPolicy }),
      ...(preconditions && { preconditions }),
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds: gracePeriodSeconds < 0 ? 1 : gracePeriodSeconds }),
    },
  };
}

interface GivenDeleteOptions {
  propagationPolicy?: string;
  orphanDependents?: boolean;
  dryRun?: string[];
  preconditions?: { uid?: string; resourceVersion?: string };
  gracePeriodSeconds?: number;
}

function fromQuery(query: URLSearchParams): GivenDeleteOptions {
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  return {
    ...(policy !== null && { propagationPolicy: policy }),
    ...(orphan !== null && { orphanDependents: isYes(orphan) }),
    ...(query.has('gracePeriodSeconds') && { gracePeriodSeconds: integer(query, 'gracePeriodSeconds') }),
    dryRun: query.getAll('dryRun'),
  };
}

function fromBody(body: unknown): GivenDeleteOptions {
  if (body === null) return {};
  if (!isRecord(body)) throw StatusError.badRequest('the delete options are not an object');
  const { kind, propagationPolicy, orphanDependents, dryRun, preconditions, gracePeriodSeconds } = body;
  if (kind !== undefined && kind !== 'DeleteOptions')
    throw StatusError.badRequest(`decoded object cannot be converted to DeleteOptions: it is a ${inWords(kind)}`);
  const wrong = (name: string): StatusError => StatusError.badRequest(`${name} in DeleteOptions is of the wrong type`);
  const given: GivenDeleteOptions = {};
  if (typeof propagationPolicy === 'string') given.propagationPolicy = propagationPolicy;
  else if (propagationPolicy != null) throw wrong('propagationPolicy');
  if (typeof orphanDependents === 'boolean') given.orphanDependents = orphanDependents;
  else if (orphanDependents != null) throw wrong('orphanDependents');
  if (Number.isSafeInteger(gracePeriodSeconds)) given.gracePeriodSeconds = gracePeriodSeconds as number;
  else if (gracePeriodSeconds != null) throw wrong('gracePeriodSeconds');
  if (Array.isArray(dryRun)) given.dryRun = dryRun.map(inWords);
  else if (dryRun != null) throw wrong('dryRun');
  if (isRecord(preconditions)) {
    const { uid, resourceVersion } = preconditions;
    given.preconditions = {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && { resourceVersion }),
    };
  } else if (preconditions != null) throw wrong('preconditions');
  return given;
}

export interface ListOptions {
  readonly selectors: Selectors;
  readonly limit: number;
  readonly continue: string;
  /** As given: it is understood last of all, by {@link revisionOf}. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
}

/**
 * What cannot be read is refused before what may not be, as everywhere (K-135).
 *
 * @throws StatusError 400 and 422 in the words of the matrix K-188 to K-199
 */
export function listOptions({ query }: Exchange): ListOptions {
  const { limit, selectors } = readOptions(query);
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const token = query.get('continue') ?? '';
  const matchAt = at('resourceVersionMatch');
  const faults: FieldError[] = [];
  if (match !== '') {
    if (version === '')
      faults.push(forbidden(matchAt, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (token !== '') faults.push(forbidden(matchAt, 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      faults.push(notSupported(matchAt, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0')
      faults.push(forbidden(matchAt, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (query.has('sendInitialEvents'))
    faults.push(forbidden(at('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  refuse('ListOptions', faults);
  return {
    selectors,
    limit: Math.max(limit, 0),
    continue: token,
    resourceVersion: version,
    match: match as ListOptions['match'],
  };
}

/** What lists and watches alike must be able to read, whatever they use of it. @throws StatusError 400 */
function readOptions(query: URLSearchParams): { limit: number; timeoutSeconds: number; selectors: Selectors } {
  return {
    timeoutSeconds: integer(query, 'timeoutSeconds'),
    limit: integer(query, 'limit'),
    selectors: parseSelectors(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? ''),
  };
}

export interface WatchOptions {
  readonly selectors: Selectors;
  /** As given, like that of a list. */
  readonly resourceVersion: string;
  /** Undefined: as the resourceVersion implies (K-209, K-210, K-214). */
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
  /** 0: the server's choice. */
  readonly timeoutSeconds: number;
}

/** @throws StatusError 400 and 422 */
export function watchOptions({ query }: Exchange): WatchOptions {
  const { timeoutSeconds, selectors } = readOptions(query);
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents');
  const matchAt = at('resourceVersionMatch');
  const faults: FieldError[] = [];
  if (initial !== null && match !== 'NotOlderThan')
    faults.push(forbidden(matchAt, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (match !== '') {
    if (initial === null)
      faults.push(
        forbidden(matchAt, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
      );
    if (match !== 'NotOlderThan') faults.push(notSupported(matchAt, match, ['NotOlderThan']));
    if (query.get('continue'))
      faults.push(forbidden(matchAt, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  refuse('ListOptions', faults);
  return {
    selectors,
    resourceVersion: query.get('resourceVersion') ?? '',
    sendInitialEvents: initial === null ? undefined : isYes(initial),
    bookmarks: isYes(query.get('allowWatchBookmarks')),
    timeoutSeconds: Math.max(timeoutSeconds, 0),
  };
}

/** Where lists and watches say what a resourceVersion is that is none. */
export const revisionOfMany = (text: string): number | undefined => revisionOf(text, 'invalid resource version: ');

/**
 * A resourceVersion as a revision; undefined when unset.
 *
 * @throws StatusError BadRequest (K-172, K-198)
 */
export function revisionOf(text: string, prefix = ''): number | undefined {
  if (text === '') return undefined;
  const [, digits] = /^0*(\d+)$/.exec(text) ?? [];
  // Of what no double can hold, and no store has come to, it counts only that it is far off.
  if (digits !== undefined && digits.length <= 20 && BigInt(digits) < 2n ** 64n) return Number(digits);
  const quoted = JSON.stringify(text);
  throw StatusError.badRequest(
    `${prefix}resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${digits ? 'value out of range' : 'invalid syntax'}`,
  );
}

/** @returns 0 when unset. @throws StatusError BadRequest (K-136) */
function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === '') return 0;
  if (!/^[-+]?\d+$/.test(text))
    throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const number = Number(text);
  if (Math.abs(number) <= 2 ** 63) return number;
  throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
}

/** @throws StatusError BadRequest (K-122) */
export function includeObject({ query }: Exchange): IncludeObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw StatusError.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
