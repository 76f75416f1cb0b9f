/**
 * The Kubernetes that tests use: the one that KUBEDIRECTOR_TEST_KUBECONFIG names, else one of our own on this machine (cluster/),
 * which is started once for all suites of a run, and stopped after them unless it ran before.
 *
 * Where there is neither, the tests that need one are left out and say so; with `kubernetes` in KUBEDIRECTOR_TEST_REQUIRE that is a
 * failure.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../deploy/image/programs.ts';
import { whyNotHere } from './cluster/build/machine.ts';
import { isRunning } from './cluster/cluster.ts';
import { kubectlPath } from './cluster/kubectl.ts';
import { adminKubeconfig } from './cluster/settings.ts';

export interface Cluster {
  /** The path of an administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Is it the one in cluster/? Then images can be loaded and programs restarted; elsewhere that throws. */
  readonly isOurs: boolean;
  /** @returns what it printed */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply`, of objects or of YAML. */
  apply(what: string | readonly object[]): Promise<string>;
  /** Gives the nodes an image out of an archive, as if they had pulled it. */
  load(archive: string): Promise<void>;
  /** Stops a program, `kube-apiserver` or another, and starts it again; its data stay. */
  restart(program: string): Promise<void>;
}

const named = process.env.KUBEDIRECTOR_TEST_KUBECONFIG;
const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('kubernetes');

/** The cluster of this run, which {@link describeOnKubernetes} has started. */
export function theCluster(): Cluster {
  const kubeconfig = named ?? adminKubeconfig;
  const isOurs = kubeconfig === adminKubeconfig;
  const kubectl = (args: readonly string[], input?: string) =>
    run(
      isOurs ? kubectlPath : 'kubectl',
      [`--kubeconfig=${kubeconfig}`, ...args],
      input === undefined ? {} : { input },
    );
  const ours = async (...args: readonly string[]): Promise<void> => {
    if (!isOurs) throw new Error(`${args[0]} is for the cluster in test/kubernetes/cluster, not for ${kubeconfig}`);
    await run(process.execPath, [program, ...args]);
  };
  return {
    kubeconfig,
    isOurs,
    kubectl: (...args) => kubectl(args),
    apply: (what) => kubectl(['apply', '--filename=-'], typeof what === 'string' ? what : listOf(what)),
    load: (archive) => ours('load', archive),
    restart: (name) => ours('restart', name),
  };
}

const program = join(import.meta.dirname, 'cluster/main.ts');
const listOf = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** Building Kubernetes takes 3 to 8 minutes, once. */
const startTimeoutMs = 20 * 60_000;

/** `describe`, for what needs a Kubernetes. */
export function describeOnKubernetes(title: string, tests: (cluster: Cluster) => void): void {
  const obstacle = named ? whyUnreadable(named) : whyNotHere();
  describe(title, () => {
    if (obstacle && required) it('needs a Kubernetes', () => Promise.reject(new Error(obstacle)));
    else if (obstacle) it(`is left out: there is no Kubernetes, and ${obstacle}`);
    else {
      before(function () {
        this.timeout(startTimeoutMs);
        start();
      });
      tests(theCluster());
    }
  });
}

function whyUnreadable(kubeconfig: string): string | undefined {
  try {
    readFileSync(kubeconfig);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

let startedHere = false;

/** People see how far it is. */
function start(): void {
  if (named || isRunning()) return;
  const { status } = spawnSync(process.execPath, [program, 'start'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the cluster did not start');
  startedHere = true;
}

const leftovers: (() => Promise<unknown>)[] = [];

/** What has to be taken away from a cluster that goes on after the run. */
export const cleanUpAtTheEnd = (work: () => Promise<unknown>): void => void leftovers.push(work);

after(async function () {
  this.timeout(2 * 60_000);
  if (startedHere) spawnSync(process.execPath, [program, 'stop'], { stdio: 'inherit' });
  else for (const work of leftovers) await work();
});
