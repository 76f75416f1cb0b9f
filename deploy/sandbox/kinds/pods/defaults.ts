/**
 * What Kubernetes fills into a pod's spec. Controllers compare what they want with what they read, so it has to be the same here.
 */
import { isRecord, recordsIn } from '../../../../openapi/machinery/meta.ts';
import type { Container, PodSpec, Volume } from './pod.ts';

/** Fills what is absent, in place. Templates of StatefulSets are filled by the same rules. */
export function fillPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.schedulerName ??= 'default-scheduler';
  spec.securityContext ??= {};
  if (spec.serviceAccountName) spec.serviceAccount ??= spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const container of containersOf(spec)) fillContainer(container);
  for (const volume of recordsIn(spec.volumes) as Volume[]) fillVolume(volume);
}

/** What is filled into pods only, not into templates. */
export function fillPod(spec: PodSpec): void {
  fillPodSpec(spec);
  spec.enableServiceLinks ??= true;
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  for (const { resources } of containersOf(spec))
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests };
}

/** Containers of both lists, as far as they are any. */
export const containersOf = (spec: PodSpec): Container[] =>
  [...recordsIn(spec.initContainers), ...recordsIn(spec.containers)] as unknown as Container[];

const mode0644 = 0o644;

function fillContainer(container: Container): void {
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.resources ??= {};
  for (const port of recordsIn(container.ports)) port.protocol ??= 'TCP';
  for (const { valueFrom } of recordsIn(container.env))
    if (isRecord(valueFrom) && isRecord(valueFrom.fieldRef)) valueFrom.fieldRef.apiVersion ??= 'v1';
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) fillProbe(container[name]);
}

/** Is this image fetched anew whenever it is used? */
function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = image.slice(image.lastIndexOf('/') + 1).split(':')[1];
  return tag === undefined || tag === 'latest';
}

function fillProbe(probe: unknown): void {
  if (!isRecord(probe)) return;
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (!isRecord(probe.httpGet)) return;
  probe.httpGet.path ??= '/';
  probe.httpGet.scheme ??= 'HTTP';
}

const sources = new Set(['secret', 'configMap', 'downwardAPI', 'projected']);

function fillVolume(volume: Volume): void {
  const source = Object.keys(volume).find((key) => key !== 'name');
  if (!source) volume.emptyDir = {};
  const fields = source && volume[source];
  if (source && sources.has(source) && isRecord(fields)) fields.defaultMode ??= mode0644;
  if (isRecord(volume.hostPath)) volume.hostPath.type ??= '';
}
