/**
 * Drift: how a child that exists differs from what it is to be, as the configuration that makes it so again, and as sentences about
 * what Kubernetes does not let us mend.
 *
 * Only fields that are ours are looked at. What the host or a user added beside them stays, with two exceptions, which applying cannot
 * mend and a patch does: labels in the selector of a Service, and ports among its ports, are all ours by right.
 */
import { sameJson } from '../../../openapi/machinery/json.ts';
import type { ObjectMeta, OwnerReference } from '../../../openapi/machinery/meta.ts';
import { parseQuantity } from '../../../openapi/machinery/quantity.ts';
import type { Amount, Child, Container, Service, ServicePort, StatefulSet } from '../../host-types.ts';
import { controllerOf } from '../current.ts';
import type { ApplyConfiguration, MergePatch } from '../ports.ts';
import { apply, patch, type Step } from '../steps.ts';
import { below, extracted, fieldsOf, namesIn } from './ownership.ts';

type OwnMetadata = Pick<ObjectMeta, 'labels' | 'annotations' | 'ownerReferences'>;

/**
 * A StatefulSet is scaled, labelled and owned anew. Whatever else of it is ours is said again as it stands, so that it neither changes
 * nor is taken away: its template is that of the pods that run.
 *
 * @returns undefined when there is nothing to mend
 */
export function statefulSetConfiguration(
  seen: StatefulSet,
  metadata: OwnMetadata,
  replicas: number | undefined,
): ApplyConfiguration | undefined {
  if (seen.spec.replicas === replicas && !metadataDiffers(seen, metadata)) return undefined;
  const fields = below(fieldsOf(seen), 'spec');
  const owned = Object.keys(fields).length > 0 ? (extracted(seen.spec, fields) as object) : {};
  return configurationOf(seen, metadata, { ...owned, ...(replicas !== undefined && { replicas }) });
}

/** What of an object's labels or annotations is ours, as it stands. */
export function ownEntries(seen: Child, field: 'labels' | 'annotations'): Record<string, string> {
  const entries = seen.metadata[field] ?? {};
  const names = namesIn(below(fieldsOf(seen), 'metadata', field)).filter((name) => Object.hasOwn(entries, name));
  return Object.fromEntries(names.map((name) => [name, entries[name]!]));
}

/** @returns undefined when there is nothing to mend */
export function serviceStep(seen: Service, wanted: Service): Step | undefined {
  const reason = `Service ${seen.metadata.name} has drifted`;
  const intruders = intrudersIn(seen, wanted);
  if (intruders) return patch(seen, withPrecondition(seen, {}, intruders), reason);
  const { type, selector, publishNotReadyAddresses, ports = [] } = wanted.spec;
  const drifted =
    seen.spec.type !== type ||
    !sameJson(seen.spec.selector, selector) ||
    seen.spec.publishNotReadyAddresses !== publishNotReadyAddresses ||
    !samePorts(seen.spec.ports ?? [], ports) ||
    metadataDiffers(seen, wanted.metadata);
  return drifted ? apply(seen, configurationOf(seen, wanted.metadata, wanted.spec), reason) : undefined;
}

/** Makes `owner` the controller of a child, or lets go of it. @returns undefined when there is nothing to do */
export function ownerStep(seen: Child, owner: OwnerReference, owned: boolean, reason: string): Step | undefined {
  if ((controllerOf(seen)?.uid === owner.uid) === owned) return undefined;
  if (owned) return apply(seen, configurationOf(seen, { ownerReferences: [owner] }), reason);
  // Others may own the reference beside us, as after a restore: then applying without it would leave it there.
  const others = seen.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.uid) ?? [];
  return patch(seen, withPrecondition(seen, { ownerReferences: others }, {}), reason);
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

/** All that we want to own of an object, for the state in which it was seen. */
function configurationOf(
  { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }: Child,
  { labels, annotations, ownerReferences }: OwnMetadata,
  spec?: object,
): ApplyConfiguration {
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    },
    ...(spec && { spec }),
  };
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

const metadataDiffers = (seen: Child, wanted: OwnMetadata): boolean =>
  entriesDiffer(seen, 'labels', wanted.labels) ||
  entriesDiffer(seen, 'annotations', wanted.annotations) ||
  !wanted.ownerReferences?.every((owner) =>
    seen.metadata.ownerReferences?.some((reference) => sameJson(reference, owner)),
  );

/** Is one missing or another, or is one of ours there that is not wanted any more? */
const entriesDiffer = (
  seen: Child,
  field: 'labels' | 'annotations',
  wanted: Readonly<Record<string, string>> = {},
): boolean =>
  Object.entries(wanted).some(([key, value]) => seen.metadata[field]?.[key] !== value) ||
  Object.keys(ownEntries(seen, field)).some((key) => !Object.hasOwn(wanted, key));

/** A patch of the spec that takes away labels and ports that are not wanted there. */
function intrudersIn({ spec: seen }: Service, { spec: wanted }: Service): Record<string, unknown> | undefined {
  const labels = Object.keys(seen.selector ?? {}).filter((key) => !Object.hasOwn(wanted.selector ?? {}, key));
  const ports = wanted.ports ?? [];
  const surplus = (seen.ports ?? []).some((port) => !ports.some((other) => keyOfPort(other) === keyOfPort(port)));
  if (labels.length === 0 && !surplus) return undefined;
  return {
    ...(labels.length > 0 && {
      selector: { ...Object.fromEntries(labels.map((key) => [key, null])), ...wanted.selector },
    }),
    // A merge patch replaces the whole list.
    ...(surplus && { ports: keepingNodePorts(seen.ports ?? [], ports) }),
  };
}

/** What tells ports apart when they are applied. */
const keyOfPort = ({ port, protocol = 'TCP' }: ServicePort): string => `${protocol}/${port}`;

const samePort = (a: ServicePort, b: ServicePort): boolean =>
  a.name === b.name &&
  a.port === b.port &&
  (a.targetPort ?? a.port) === (b.targetPort ?? b.port) &&
  (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');

/** In any order: applying does not put what is there into another one. */
const samePorts = (seen: readonly ServicePort[], wanted: readonly ServicePort[]): boolean =>
  seen.length === wanted.length && wanted.every((port) => seen.some((other) => samePort(other, port)));

/** Node ports that people have written down stay where they are. */
const keepingNodePorts = (seen: readonly ServicePort[], wanted: readonly ServicePort[]): ServicePort[] =>
  wanted.map((port) => {
    const nodePort = seen.find((other) => keyOfPort(other) === keyOfPort(port))?.nodePort;
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
