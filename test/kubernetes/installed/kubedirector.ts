/**
 * KubeDirector on the cluster of the tests, installed once for all suites of a run as an administrator would: `npm run deploy`.
 *
 * On our own cluster its images are made from this source and loaded. Any other cluster must be able to get them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeYaml } from '../../../apiserver/codec/yaml.ts';
import { buildEtcdImage, buildImage } from '../../../deploy/image/image.ts';
import { until } from '../../apiserver/serving.ts';
import { inNamespace, type Namespace } from '../namespace.ts';
import { type Cluster, cleanUpAtTheEnd, describeOnKubernetes } from '../the-cluster.ts';

const project = join(import.meta.dirname, '../../..');
const cache = join(homedir(), '.cache', 'kubedirector');

/** KubeDirector's own namespace. */
export const systemNamespace = 'kubedirector';

// biome-ignore lint/suspicious/noExplicitAny: stories look at objects of many kinds
export type Anything = any;

export interface Installed {
  readonly cluster: Cluster;
  /** A namespace of the suite's own. */
  readonly namespace: Namespace;
  /** kubectl in KubeDirector's own namespace. */
  system(...args: readonly string[]): Promise<string>;
  /** What kubectl printed about something that went wrong. */
  refusal(...args: readonly string[]): Promise<string>;
  /** Objects of the suite's namespace. */
  objects(what: string): Promise<Anything[]>;
  /**
   * Makes a cluster from a file of the catalog, with members that want next to nothing, and of a copy of its app that asks for none of
   * what the images that stand in for the published ones do not have: setup packages, systemd, capabilities.
   */
  createFrom(file: string, name?: string): Promise<void>;
  /** Such a copy. */
  plainApp(name: string): Anything;
  ready(cluster: string): Promise<void>;
  /** Waits for as long as real pods need. */
  until<T>(what: string, holds: () => Promise<T> | T): Promise<NonNullable<T>>;
}

/** What `npm run deploy` printed; undefined before it has been run. */
export let printedAtInstall: string | undefined;

/** `describe`, for what needs KubeDirector on a Kubernetes. */
export function describeInstalled(title: string, tests: (installed: Installed) => void): void {
  describeOnKubernetes(title, (cluster) => {
    before(async function () {
      this.timeout(5 * 60_000);
      await install(cluster);
    });
    const namespace = inNamespace(cluster);
    tests(installedOn(cluster, namespace));
  });
}

async function install(cluster: Cluster): Promise<void> {
  if (printedAtInstall !== undefined) return;
  if (cluster.isOurs) await loadImages(cluster);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(project, 'deploy/main.ts'), 'deploy', `--kubeconfig=${cluster.kubeconfig}`],
    { encoding: 'utf8', cwd: project },
  );
  if (status !== 0) throw new Error(`it could not be installed:\n${stdout}${stderr}`);
  printedAtInstall = stdout;
  cleanUpAtTheEnd(() => uninstall(cluster));
}

/** Of the source as it is now: pods that run an older one are started anew. */
async function loadImages(cluster: Cluster): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubedirector-images-'));
  try {
    for (const [file, build] of Object.entries({ 'server.tar': buildImage, 'etcd.tar': buildEtcdImage })) {
      const output = join(folder, file);
      await build({ project, output, name: undefined, cache });
      await cluster.load(output);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  await cluster.kubectl('delete', 'pods', `--namespace=${systemNamespace}`, '--all', '--wait=false').catch(() => {});
}

async function uninstall({ kubectl }: Cluster): Promise<void> {
  // What is registered goes first, so that nobody waits for an answer from what is going.
  await kubectl('delete', 'apiservices', '--selector=app.kubernetes.io/part-of=kubedirector');
  await kubectl('delete', '--kustomize', join(project, 'deploy/kubernetes'), '--ignore-not-found', '--wait=false');
}

function installedOn(cluster: Cluster, namespace: Namespace): Installed {
  const patienceMs = 90_000;
  const objects = async (what: string): Promise<Anything[]> =>
    JSON.parse(await namespace.kubectl('get', what, '--output=json')).items;
  return {
    cluster,
    namespace,
    objects,
    system: (...args) => cluster.kubectl(`--namespace=${systemNamespace}`, ...args),
    refusal: async (...args) => {
      const refused = await namespace.kubectl(...args).then(
        (output) => new Error(`it was not refused: ${output}`),
        (error: Error) => error,
      );
      return refused.message;
    },
    plainApp,
    createFrom: async (file, name) => {
      const cluster = modest(fromCatalog('clusters', file), name);
      await namespace.apply(plainApp(cluster.spec.app));
      await namespace.apply(cluster);
    },
    ready: async (name) => {
      await namespace.kubectl('wait', `kubedirectorcluster/${name}`, '--for=condition=Ready', '--timeout=90s');
    },
    until: (what, holds) => until(holds, what, patienceMs),
  };
}

const fromCatalog = (folder: 'apps' | 'clusters', file: string): Anything =>
  decodeYaml(readFileSync(join(project, 'catalog', folder, file))).value;

function plainApp(name: string): Anything {
  const { spec, ...app } = fromCatalog('apps', `cr-app-${name}.yaml`);
  const { capabilities: _, systemdRequired: __, defaultConfigPackage: ___, ...rest } = spec;
  const roles = spec.roles.map(({ configPackage: ____, ...role }: Anything) => role);
  return { ...app, spec: { ...rest, roles } };
}

/** The same cluster, for a node that has little. */
function modest(document: Anything, name: string | undefined): Anything {
  const { metadata, spec } = document;
  const roles = spec.roles.map(({ resources: _, ...role }: Anything) => role);
  return { ...document, metadata: { ...metadata, ...(name && { name }) }, spec: { ...spec, roles } };
}
