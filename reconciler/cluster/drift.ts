/**
 * Drift: how a child that exists differs from what it is to be, as a merge patch that mends what Kubernetes lets us mend, and as
 * sentences about what it does not.
 *
 * Only fields that we set are looked at. What the host or a user added beside them stays.
 */
import { sameJson } from '../../openapi/machinery/json.ts';
import type { ObjectMeta, OwnerReference } from '../../openapi/machinery/meta.ts';
import { parseQuantity } from '../../openapi/machinery/quantity.ts';
import type { Amount, Child, Container, Service, ServicePort, StatefulSet } from '../host-types.ts';
import { controllerOf } from './current.ts';
import type { MergePatch } from './ports.ts';

/** @returns undefined when there is nothing to mend */
export function statefulSetPatch(seen: StatefulSet, wanted: StatefulSet): MergePatch | undefined {
  return patchOf(seen, wanted, {
    ...(seen.spec.replicas !== wanted.spec.replicas && { replicas: wanted.spec.replicas }),
  });
}

/** @returns undefined when there is nothing to mend */
export function servicePatch(seen: Service, wanted: Service): MergePatch | undefined {
  const { type, selector, publishNotReadyAddresses, ports = [] } = wanted.spec;
  return patchOf(seen, wanted, {
    ...(seen.spec.type !== type && { type }),
    ...(!sameJson(seen.spec.selector, selector) && { selector: replacing(seen.spec.selector, selector) }),
    ...(seen.spec.publishNotReadyAddresses !== publishNotReadyAddresses && { publishNotReadyAddresses }),
    ...(!samePorts(seen.spec.ports ?? [], ports) && { ports: keepingNodePorts(seen.spec.ports ?? [], ports, type) }),
  });
}

/** Makes `owner` the controller of a child, or lets go of it. @returns undefined when there is nothing to do */
export function ownerPatch(seen: Child, owner: OwnerReference, owned: boolean): MergePatch | undefined {
  if ((controllerOf(seen)?.uid === owner.uid) === owned) return undefined;
  const others = seen.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.uid) ?? [];
  return withPrecondition(seen, { ownerReferences: owned ? [...others, owner] : others }, {});
}

/** What cannot be changed in a StatefulSet that exists, and differs from what is wanted: one phrase each. */
export function unchangeable(seen: StatefulSet, wanted: StatefulSet): string[] {
  const [have, want] = [seen.spec, wanted.spec];
  const [app, wantedApp] = [have.template.spec.containers[0], want.template.spec.containers[0]!];
  return [
    ...(have.serviceName === want.serviceName ? [] : [`serviceName is ${have.serviceName}, not ${want.serviceName}`]),
    ...(sameJson(have.selector.matchLabels, want.selector.matchLabels) ? [] : ['its selector is not ours']),
    ...(sameClaims(have, want) ? [] : ['its claims have another size or number']),
    ...(app?.image === wantedApp.image ? [] : [`members run the image ${app?.image}, not ${wantedApp.image}`]),
    ...(sameResources(app, wantedApp) ? [] : ['members have other resources']),
  ];
}

function patchOf(seen: Child, wanted: Child, spec: Record<string, unknown>): MergePatch | undefined {
  const metadata = metadataPatch(seen.metadata, wanted.metadata);
  if (Object.keys(metadata).length === 0 && Object.keys(spec).length === 0) return undefined;
  return withPrecondition(seen, metadata, spec);
}

/** A patch that was made for another state of the object than it has by then is refused with a Conflict. */
const withPrecondition = (
  { metadata: { resourceVersion } }: Child,
  metadata: Record<string, unknown>,
  spec: Record<string, unknown>,
): MergePatch => ({
  metadata: { ...metadata, ...(resourceVersion && { resourceVersion }) },
  ...(Object.keys(spec).length > 0 && { spec }),
});

function metadataPatch(seen: ObjectMeta, wanted: ObjectMeta): Record<string, unknown> {
  const labels = missing(seen.labels, wanted.labels);
  const annotations = missing(seen.annotations, wanted.annotations);
  const owner = wanted.ownerReferences![0]!;
  const owned = seen.ownerReferences?.some((reference) => sameJson(reference, owner));
  const others = seen.ownerReferences?.filter(({ uid }) => uid !== owner.uid) ?? [];
  return {
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(!owned && { ownerReferences: [...others, owner] }),
  };
}

/** The wanted entries that are not there. */
function missing(
  seen: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const entries = Object.entries(wanted).filter(([key, value]) => seen[key] !== value);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** A merge patch that leaves exactly `wanted`: keys that must go are null. */
const replacing = (
  seen: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): Record<string, string | null> => ({
  ...Object.fromEntries(Object.keys(seen).map((key) => [key, null])),
  ...wanted,
});

const samePort = (a: ServicePort, b: ServicePort): boolean =>
  a.name === b.name &&
  a.port === b.port &&
  (a.targetPort ?? a.port) === (b.targetPort ?? b.port) &&
  (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');

const samePorts = (seen: readonly ServicePort[], wanted: readonly ServicePort[]): boolean =>
  seen.length === wanted.length && wanted.every((port, i) => samePort(seen[i]!, port));

/** Lists are replaced as a whole; node ports that people have written down stay where they are. */
const keepingNodePorts = (
  seen: readonly ServicePort[],
  wanted: readonly ServicePort[],
  type: string | undefined,
): ServicePort[] =>
  wanted.map((port) => {
    const nodePort = type === 'ClusterIP' ? undefined : seen.find((other) => other.port === port.port)?.nodePort;
    return { ...port, ...(nodePort && { nodePort }) };
  });

const sizes = (spec: StatefulSet['spec']): string =>
  (spec.volumeClaimTemplates ?? [])
    .map(({ metadata, spec: claim }) => `${metadata.name}=${parseQuantity(claim.resources.requests.storage)}`)
    .sort()
    .join();

const sameClaims = (a: StatefulSet['spec'], b: StatefulSet['spec']): boolean => sizes(a) === sizes(b);

/** The host writes quantities in its own way: 0.5 becomes 500m. And it fills in requests where there are only limits. */
function sameResources(have: Container | undefined, want: Container): boolean {
  const { limits = {}, requests = limits } = want.resources ?? {};
  return (
    sameAmounts(have?.resources?.limits, limits) &&
    sameAmounts({ ...have?.resources?.limits, ...have?.resources?.requests }, { ...limits, ...requests })
  );
}

function sameAmounts(a: Readonly<Record<string, Amount>> = {}, b: Readonly<Record<string, Amount>> = {}): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && parseQuantity(a[name]!) === parseQuantity(b[name]!))
  );
}
