/**
 * Judges objects as a server would that had nothing but them: with a store in memory, every rule, and nobody to ask about other
 * objects, so that nothing is said about Secrets or storage classes.
 */
import { setMaxListeners } from 'node:events';
import { allowSuperusers } from '../../../apiserver/auth/authorizer.ts';
import { accessBy } from '../../../apiserver/registry/access.ts';
import { admitAll } from '../../../apiserver/registry/admission.ts';
import { kubeDirectorResources } from '../../../apiserver/registry/index.ts';
import { catalogLookups } from '../../../apiserver/registry/kubedirectorcluster/catalog.ts';
import { Registries } from '../../../apiserver/registry/registries.ts';
import { systemClock } from '../../../openapi/machinery/clock.ts';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import { hasReason, StatusError } from '../../../openapi/machinery/status.ts';
import { Keyspace } from '../../../storage/keys.ts';
import { MemoryStore } from '../../../storage/memory.ts';
import type { Finding, FoundDocument } from './documents.ts';

const systemNamespace = 'kubedirector';
const group = 'kubedirector.bluedata.io';
/** Apps come before their clusters, whatever the files are called; the configuration comes before both. */
const order = ['KubeDirectorConfig', 'KubeDirectorApp', 'KubeDirectorCluster'];
const user = { name: 'author', groups: ['system:masters'] };

export async function judged(documents: readonly FoundDocument[]): Promise<Finding[]> {
  const lookups = catalogLookups(() => registries, systemNamespace);
  const kv = new MemoryStore();
  const registries: Registries = new Registries({
    resources: kubeDirectorResources(lookups, systemNamespace, accessBy(allowSuperusers)),
    kv,
    keyspace: new Keyspace('/registry'),
    admission: admitAll,
    clock: systemClock,
    log: silentLog,
  });
  const stopping = new AbortController();
  // Each write listens for the end.
  setMaxListeners(0, stopping.signal);
  const running = registries.run(stopping.signal);
  try {
    await registries.cache.filled(stopping.signal);
    const sorted = [...documents].sort((a, b) => placeOf(a) - placeOf(b));
    const findings: Finding[] = [];
    if (!sorted.some(({ value }) => value.kind === order[0])) await judge(registries, configuration, stopping.signal);
    const faulty = new Set<unknown>();
    for (const document of sorted) {
      const found = await judge(registries, document, stopping.signal);
      const { kind, metadata } = document.value;
      if (kind === 'KubeDirectorApp' && isRecord(metadata) && found.some(({ severity }) => severity === 'fault'))
        faulty.add(metadata.name);
      findings.push(...found.map((finding) => (isFor(faulty, document, finding) ? byFaultyApp(finding) : finding)));
    }
    return findings;
  } finally {
    stopping.abort();
    await running.catch(() => {});
    await kv.close();
  }
}

/** Is it about an app that is not there only since it has faults? */
const isFor = (
  faulty: ReadonlySet<unknown>,
  { value: { spec } }: FoundDocument,
  { field, message }: Finding,
): boolean => field === 'spec.app' && message.startsWith('Not found') && isRecord(spec) && faulty.has(spec.app);

const byFaultyApp = (finding: Finding): Finding => ({
  ...finding,
  message: 'its app has faults, so it cannot be judged by that',
  severity: 'warning',
});

const placeOf = ({ value }: FoundDocument): number => order.indexOf(String(value.kind));

/** A cluster that has secret values needs one; what is in it is of no account. */
const configuration: FoundDocument = {
  file: '',
  value: {
    apiVersion: `${group}/v1beta1`,
    kind: 'KubeDirectorConfig',
    metadata: { name: 'kd-global-config', namespace: systemNamespace },
  },
  duplicates: [],
  above: 0,
  lineOf: () => 0,
};

async function judge(registries: Registries, document: FoundDocument, signal: AbortSignal): Promise<Finding[]> {
  const { file, value, duplicates, above, lineOf } = document;
  const told = (field: string, message: string, severity: Finding['severity'] = 'fault'): Finding => ({
    ...{ file, line: lineOf(field), field, message, severity },
  });
  const [ofGroup, version = ''] = String(value.apiVersion ?? '').split('/');
  if (ofGroup !== group) return [told('apiVersion', `must be ${group}/v1beta1 or ${group}/v1alpha1`)];
  const registry = registries.all.find(({ resource }) => resource.kind === value.kind);
  if (!registry) return [told('kind', `there is no kind ${JSON.stringify(value.kind)} in ${group}`)];
  if (!registry.resource.forms.some((form) => form.version === version))
    return [told('apiVersion', `there is no version ${JSON.stringify(version)} of ${group}`)];
  const namespace = namespaceOf(value);
  const warnings: string[] = [];
  const context = {
    ...{ user, dryRun: false, subresource: '', warn: (text: string) => void warnings.push(text) },
    manager: { name: 'check', apiVersion: `${group}/${version}` },
    fieldValidation: 'Warn' as const,
  };
  const faults: Finding[] = [];
  try {
    await registry.create({ value, duplicates }, { namespace, name: '', version }, context, signal);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const causes = error.status.details?.causes ?? [];
    if (hasReason(error, 'AlreadyExists'))
      faults.push(told('metadata.name', 'another document has an object of this kind and name'));
    else if (causes.length) for (const { field = '', message = '' } of causes) faults.push(told(field, message));
    else faults.push(told('', (error as StatusError).message));
  }
  return [...faults, ...warnings.map((text) => toldOf(text, above, told))].sort((a, b) => a.line - b.line);
}

/** Whoever says no namespace means the one that it is applied to: for apps the system catalog, where every cluster finds them. */
function namespaceOf({ kind, metadata }: Record<string, unknown>): string {
  if (isRecord(metadata) && typeof metadata.namespace === 'string' && metadata.namespace) return metadata.namespace;
  return kind === 'KubeDirectorCluster' ? 'default' : systemNamespace;
}

/** What a server only warns of so as not to break anybody is a fault in a file: a field that does not exist, or is there twice. */
function toldOf(
  text: string,
  above: number,
  told: (field: string, message: string, severity?: Finding['severity']) => Finding,
): Finding {
  const loose = /^(unknown|duplicate) field "(.*)"$/.exec(text);
  if (loose) return told(loose[2]!, `${loose[1]} field`);
  const repeated = /^line (\d+): (key .*)$/.exec(text);
  if (repeated) return { ...told('', repeated[2]!), line: above + Number(repeated[1]) };
  const older = /^((?:spec|status)\S*) is an older spelling of/.exec(text)?.[1];
  if (older) return { ...told('', text, 'warning'), line: told(older, '').line };
  const [, field, message] = /^((?:spec|metadata|status)[^\s:]*): (.*)$/s.exec(text) ?? [];
  return field ? told(field, message!, 'warning') : told('', text, 'warning');
}
