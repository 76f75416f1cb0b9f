/**
 * `node test/kubernetes/cluster/main.ts COMMAND`: a real Kubernetes 1.20 with one node on this machine, for tests that need one.
 *
 * Debian 12 and root are all it takes: no container engine, no registry of images. Nothing of it is reachable from outside.
 */
import { build } from './build/build.ts';
import { isRunning, load, restart, start, status, stop } from './cluster.ts';
import { adminKubeconfig } from './settings.ts';

const help = `Usage: node test/kubernetes/cluster/main.ts COMMAND

  build              build Kubernetes from Debian's source package, unless that has been done (4 to 8 minutes)
  start              build, and start the cluster, unless it runs
  stop               stop the cluster and remove its data
  status             print which programs run
  kubeconfig         print the path of the administrator's kubeconfig
  load IMAGE.tar     give the node an image
  restart PROGRAM    restart kube-apiserver, etcd or another program that status names
`;

const began = Date.now();
const say = (step: string): void => {
  process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
};

async function run(command: string | undefined, argument: string | undefined): Promise<void> {
  switch (command) {
    case 'build':
      return build(say);
    case 'start':
      await start(say);
      say('the cluster runs');
      return void process.stdout.write(`export KUBECONFIG=${adminKubeconfig}\n`);
    case 'stop':
      return stop();
    case 'status':
      for (const [name, pid] of status()) process.stdout.write(`${name.padEnd(24)} ${pid ?? 'stopped'}\n`);
      process.exitCode = isRunning() ? 0 : 1;
      return;
    case 'kubeconfig':
      return void process.stdout.write(`${adminKubeconfig}\n`);
    case 'load':
      if (argument) return load(argument);
      break;
    case 'restart':
      if (argument) return restart(argument);
  }
  process.stderr.write(help);
  process.exitCode = 1;
}

await run(process.argv[2], process.argv[3]);
