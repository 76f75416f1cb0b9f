/**
 * `exec` and `log` of simulated pods: what Kubernetes asks a kubelet for.
 */
import { type Channel, protocols, splitMessage, statusOf, toChannel } from '../../../apiserver/host/exec-protocol.ts';
import { isYes } from '../../../apiserver/http/query.ts';
import type { Connection, Conversation, Talk } from '../../../apiserver/registry/connection.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import type { Pod } from '../kinds/pods/pod.ts';
import { containerNamed, containerStatusOf, type SimulatedContainer, type SimulatedContainers } from './containers.ts';
import { run } from './programs.ts';

/** As often as the real program says that it is alive. */
export const usualAliveMs = 30_000;

export const podConnections = (
  containers: SimulatedContainers,
  aliveMs: number = usualAliveMs,
): readonly Connection<Pod>[] => [
  {
    name: 'exec',
    kind: 'PodExecOptions',
    verbs: ['create', 'get'],
    open: (pod, query) => {
      const options = optionsIn(query);
      const container = containers.running(pod, options.container);
      return { protocols, hold: (conversation, signal) => hold(container, options, { conversation, signal, aliveMs }) };
    },
  },
  {
    name: 'log',
    kind: 'Pod',
    verbs: ['get'],
    open: (pod, query) => ({ text: logOf(pod, query.get('container') ?? '') }),
  },
];

/** PodExecOptions */
interface Options {
  readonly container: string;
  readonly argv: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** @throws StatusError 400 */
function optionsIn(query: URLSearchParams): Options {
  const wanted = (name: string): boolean => isYes(query.get(name));
  const argv = query.getAll('command');
  if (!argv.length) throw StatusError.badRequest('you must specify at least 1 command for the container');
  const [stdin, stdout, stderr, tty] = [wanted('stdin'), wanted('stdout'), wanted('stderr'), wanted('tty')];
  if (!stdin && !stdout && !stderr)
    throw StatusError.badRequest('you must specify at least 1 of stdin, stdout, stderr');
  if (tty && stderr) throw StatusError.badRequest('tty and stderr cannot both be true');
  return { container: query.get('container') ?? '', argv, stdin, stdout, stderr, tty };
}

interface Talking {
  readonly conversation: Conversation;
  readonly signal: AbortSignal;
  readonly aliveMs: number;
}

async function hold(
  container: SimulatedContainer,
  options: Options,
  { conversation, signal, aliveMs }: Talking,
): ReturnType<Talk['hold']> {
  const send = (channel: Channel, bytes: Uint8Array): Promise<void> => conversation.send(toChannel(channel, bytes));
  const exitCode = await run({
    container,
    argv: options.argv,
    stdin: options.stdin ? inputOf(conversation) : nothing(),
    write: async (stream, bytes) => {
      // A terminal shows everything in one.
      if (options.tty) await send('stdout', Buffer.from(bytes.toString().replaceAll('\n', '\r\n')));
      else if (options[stream]) await send(stream, bytes);
    },
    signal,
    aliveMs,
  });
  await send('status', Buffer.from(JSON.stringify(statusOf(exitCode))));
}

/** Until the client says that it has ended, where it can, or goes. */
async function* inputOf({ messages }: Conversation): AsyncGenerator<Buffer, void, undefined> {
  for await (const message of messages) {
    const { channel, payload } = splitMessage(message);
    if (channel === 'close' && splitMessage(payload).channel === 'stdin') return;
    if (channel === 'stdin' && payload.length) yield payload;
  }
}

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

/** @throws StatusError 400 for a container that has never been started */
function logOf(pod: Pod, name: string): string {
  const container = containerNamed(pod, name);
  const { containerID, state } = containerStatusOf(pod, container.name) ?? {};
  const about = `container ${JSON.stringify(container.name)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!containerID)
    throw StatusError.badRequest(`${about} is waiting to start: ${state?.waiting?.reason ?? 'ContainerCreating'}`);
  return `Pods are simulated here: nothing runs in ${about}, so it logs nothing.\n`;
}
