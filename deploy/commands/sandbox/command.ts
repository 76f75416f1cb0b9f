/**
 * `kubedirector sandbox`: starts it, says what to do next, and stops it when told.
 */
import { plainLog } from '../../../openapi/machinery/log.ts';
import { isStorageError } from '../../../storage/errors.ts';
import { collectWhenIdle } from '../../memory.ts';
import { UsageError } from '../flags.ts';
import { type SandboxOptions, sandboxOptions } from './options.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs until a signal ends it. @throws UsageError with what to do differently */
export async function sandboxCommand(args: readonly string[]): Promise<void> {
  const options = sandboxOptions(args);
  const began = performance.now();
  say(`KubeDirector sandbox, with its state in ${options.dataDir}`);
  const sandbox = await started(options);
  say(`Ready after ${((performance.now() - began) / 1000).toFixed(1)} s at ${sandbox.server}.`);
  say('Pods are simulated here: they become Ready, but nothing runs in them.');
  say('');
  say('Try, in another terminal:');
  say(`  export KUBECONFIG=${shown(sandbox.kubeconfigPath)}`);
  say('  kubectl get KubeDirectorApp');
  say('  kubectl create -f catalog/clusters/cr-cluster-spark221e2.yaml');
  say('');
  say('Ctrl-C stops it; what you made is there again at the next start.');
  collectWhenIdle();
  await told();
  say('\nstopping …');
  await sandbox.stop();
  say(`Stopped. The state stays in ${options.dataDir}.`);
}

/** A path that can be pasted: quoted where a shell would take it apart. */
const shown = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once (K-570). */
function told(): Promise<void> {
  return new Promise((resolve) => {
    let times = 0;
    const onSignal = (): void => {
      times += 1;
      if (times > 1) process.exit(130);
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

async function started(options: SandboxOptions): Promise<Sandbox> {
  try {
    return await startSandbox(options, plainLog(process.stderr), (line) => say(`  ${line} …`));
  } catch (error) {
    throw new UsageError(explained(error, options), { cause: error });
  }
}

/** What is wrong, in one sentence for whoever started it. */
function explained(error: unknown, { port, dataDir, etcdServers }: SandboxOptions): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `Port ${port} is in use; choose another one with --port.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'ENOENT')
    return `The data folder ${dataDir} cannot be written to (${code}); choose another one with --data-dir.`;
  if (etcdServers.length && isStorageError(error, 'Unavailable'))
    return `No etcd answers at ${etcdServers.join(', ')}: ${message}.`;
  return message;
}
