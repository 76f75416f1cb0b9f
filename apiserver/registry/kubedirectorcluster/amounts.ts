/**
 * Amounts that a role of a cluster asks for: whether they make sense, and whether they suffice for the app.
 */
import { type FieldError, type FieldPath, invalid, required } from '../../../openapi/machinery/field.ts';
import { isInteger, type Nanos, parseQuantity, wholeUnits } from '../../../openapi/machinery/quantity.ts';
import type { AppRole } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { isWhole, resourceNameFaults } from '../resource-names.ts';

type Amount = string | number;

export const amountFaults = (role: ClusterRole, offered: AppRole | undefined, at: FieldPath): FieldError[] => [
  ...resourceFaults(role, at.child('resources')),
  ...positive(role.storage?.size, at.child('storage').child('size')),
  ...positive(role.blockStorage?.size, at.child('blockStorage').child('size')),
  ...positive(role.sharedMemory, at.child('sharedMemory')),
  ...(offered ? [...minResourceFaults(role, offered, at), ...minStorageFaults(role, offered, at)] : []),
];

/** What is taken all the same: an amount below the minimum where amounts were compared in whole units, and what no host has. */
export const amountWarnings = (role: ClusterRole, offered: AppRole | undefined, at: FieldPath): string[] => [
  ...(offered ? shortages(role, offered) : [])
    .filter(({ tolerated }) => tolerated)
    .map(
      ({ name, wanted, least }) =>
        `${requestAt(at, name)}: ${wanted} is less than the ${least} that the app needs, and is accepted since it is rounded up`,
    ),
  ...wholenessWarnings(role, at.child('resources')),
];

/** As Kubernetes judges the resources of a container. */
function resourceFaults({ resources }: ClusterRole, at: FieldPath): FieldError[] {
  const { limits = {} } = resources ?? {};
  const requests = resources?.requests ?? {};
  const each = (amounts: Readonly<Record<string, Amount>>, place: FieldPath): FieldError[] =>
    Object.entries(amounts).flatMap(([name, amount]) => [
      ...resourceNameFaults(name).map((text) => invalid(place.key(name), name, text)),
      ...(nanos(amount) < 0n ? [invalid(place.key(name), amount, 'must be greater than or equal to 0')] : []),
    ]);
  const beyond = Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name];
    if (limit === undefined || nanos(amount) <= nanos(limit)) return [];
    return [invalid(at.child('requests').key(name), amount, `must be less than or equal to ${name} limit of ${limit}`)];
  });
  return [...each(limits, at.child('limits')), ...each(requests, at.child('requests')), ...beyond];
}

/** Kubernetes asks for more of GPUs and the like, which past releases left to it: their pods would not be made. */
function wholenessWarnings({ resources }: ClusterRole, at: FieldPath): string[] {
  const { limits = {} } = resources ?? {};
  const requests = resources?.requests ?? {};
  const warnings = (kind: 'limits' | 'requests', amounts: Readonly<Record<string, Amount>>): string[] =>
    Object.entries(amounts)
      .filter(([name]) => isWhole(name))
      .flatMap(([name, amount]) => {
        const place = at.child(kind).key(name);
        if (!isInteger(nanos(amount)))
          return [`${place}: Kubernetes makes no pods with ${amount} of it: it must be an integer`];
        if (kind === 'limits' || (limits[name] !== undefined && nanos(limits[name]) === nanos(amount))) return [];
        return [`${place}: Kubernetes makes no pods with it unless the limit of ${name} is equal`];
      });
  return [...warnings('limits', limits), ...warnings('requests', requests)];
}

const positive = (amount: Amount | undefined, at: FieldPath): FieldError[] =>
  amount === undefined || nanos(amount) > 0n ? [] : [invalid(at, amount, 'must be greater than zero')];

interface Shortage {
  readonly name: string;
  readonly wanted: Amount;
  readonly least: Amount;
  /** Half a CPU suffices for a minimum of one: past releases rounded up, and people's files rely on it. */
  readonly tolerated: boolean;
}

/** Where nothing is requested, Kubernetes takes the limit for it. */
const shortages = ({ resources }: ClusterRole, { minResources }: AppRole): Shortage[] =>
  Object.entries(minResources ?? {}).flatMap(([name, least]) => {
    const wanted = resources?.requests?.[name] ?? resources?.limits?.[name] ?? '0';
    if (nanos(wanted) >= nanos(least)) return [];
    return [{ name, wanted, least, tolerated: wholeUnits(nanos(wanted)) >= wholeUnits(nanos(least)) }];
  });

const minResourceFaults = (role: ClusterRole, offered: AppRole, at: FieldPath): FieldError[] =>
  shortages(role, offered)
    .filter(({ tolerated }) => !tolerated)
    .map(({ name, wanted, least }) => invalid(requestAt(at, name), wanted, `the app needs at least ${least}`));

const requestAt = (at: FieldPath, name: string): FieldPath => at.child('resources').child('requests').key(name);

function minStorageFaults({ storage }: ClusterRole, { minStorage }: AppRole, at: FieldPath): FieldError[] {
  if (!minStorage || nanos(minStorage.size) <= 0n) return [];
  if (!storage) {
    if (minStorage.ephemeralModeSupported) return [];
    return [required(at.child('storage'), `the app needs at least ${minStorage.size}`)];
  }
  if (nanos(storage.size) >= nanos(minStorage.size)) return [];
  return [invalid(at.child('storage').child('size'), storage.size, `the app needs at least ${minStorage.size}`)];
}

/** Quantities have passed the schema; one that has not is told there. */
const nanos = (amount: Amount): Nanos => parseQuantity(amount) ?? 0n;
