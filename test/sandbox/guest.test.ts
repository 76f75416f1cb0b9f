/** Programs in simulated pods: KubeDirector's own, which sets members up, and those with which people look at what it wrote. */
import { expect } from 'chai';
import { splitMessage, toChannel } from '../../apiserver/host/exec-protocol.ts';
import type { Conversation, Talk } from '../../apiserver/registry/connection.ts';
import { behaviourAnnotation, restartsAnnotation } from '../../deploy/sandbox/controllers/node/behaviour.ts';
import { exitCodeAnnotation, guestAnnotation, outputAnnotation } from '../../deploy/sandbox/guest/behaviour.ts';
import { encodeCall, type GuestCall, type SetupCall, type UpdateCall } from '../../openapi/guest/calls.ts';
import { type GuestReport, ReportReader } from '../../openapi/guest/reports.ts';
import type { Status } from '../../openapi/machinery/status.ts';
import { type Anything, aClaim, aPod, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();
const one = 'default/one';
const program = Buffer.from('the real one');

const running = (sandbox: Sandbox): Anything =>
  sandbox.peek('pods', one)?.status?.containerStatuses?.[0]?.state?.running;

/** A sandbox in which pod `one` runs. */
async function withPod(spec: object = {}, annotations: Record<string, string> = {}): Promise<Sandbox> {
  const sandbox = await aSandbox({ aliveMs: 5 });
  await sandbox.create(aPod('one', spec, { annotations }));
  await sandbox.until('it runs', () => running(sandbox));
  return sandbox;
}

/** The connection of a pod, opened as a client would. */
function opened(sandbox: Sandbox, name: string, query: Record<string, string>, argv: readonly string[] = []) {
  const { connections = [] } = sandbox.registryOf({ apiVersion: 'v1', kind: 'Pod' }).resource;
  const parameters = new URLSearchParams(query);
  for (const word of argv) parameters.append('command', word);
  return connections.find((connection) => connection.name === name)!.open(sandbox.peek('pods', one), parameters);
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Wish {
  readonly input?: Buffer;
  readonly query?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly heard?: (chunk: Buffer) => void;
}

async function exec(sandbox: Sandbox, argv: readonly string[], wish: Wish = {}): Promise<Ended> {
  const { input = Buffer.alloc(0), query = {}, signal = sandbox.signal, heard = () => {} } = wish;
  const streams = { stdin: 'true', stdout: 'true', stderr: 'true' };
  const talk = opened(sandbox, 'exec', { ...streams, ...query }, argv) as Talk;
  const told: Record<string, Buffer[]> = { stdout: [], stderr: [], status: [] };
  const conversation: Conversation = {
    protocol: talk.protocols[0]!,
    messages: (async function* () {
      yield toChannel('resize', Buffer.from('{}'));
      for (let at = 0; at < input.length; at += 100) yield toChannel('stdin', input.subarray(at, at + 100));
      yield Buffer.from([255, 0]);
    })(),
    send: async (message) => {
      const { channel, payload } = splitMessage(Buffer.from(message));
      told[channel!]!.push(payload);
      if (channel === 'stdout') heard(payload);
    },
  };
  await talk.hold(conversation, signal);
  const text = (channel: string): string => Buffer.concat(told[channel]!).toString();
  const status = JSON.parse(text('status')) as Status;
  const exitCode = Number(status.details?.causes?.[0]?.message ?? 0);
  return { exitCode, stdout: text('stdout'), stderr: text('stderr') };
}

const shown = async (sandbox: Sandbox, path: string): Promise<string> => (await exec(sandbox, ['cat', path])).stdout;

/** Reports without those that only say that it is alive, one a line. */
async function call(sandbox: Sandbox, wanted: GuestCall, wish: Wish = {}): Promise<string[]> {
  const { argv, input } = encodeCall(wanted, program);
  const { stdout } = await exec(sandbox, argv, { ...wish, input });
  return new ReportReader()
    .read(Buffer.from(stdout))
    .map(inWords)
    .filter((words) => words !== 'alive');
}

function inWords(report: GuestReport): string {
  switch (report.type) {
    case 'phase':
      return report.phase;
    case 'alive':
      return 'alive';
    case 'notified':
      return `notified ${report.id} ${report.exitCode}`;
    case 'reconnected':
      return `reconnected ${report.exitCode}`;
    case 'output':
      return `${report.stream} ${report.text}`;
    case 'result':
      return report.result.ok ? 'ok' : `${report.result.failure}: ${report.result.detail}`;
  }
}

const inContainer = { container: 'c1', generation: 1, layout: 'new', tailBytes: 100 } as const;
const source = { url: 'https://example.com/package.tgz', maxBytes: 1000 };
const aSetup = (changes: Partial<SetupCall> = {}): SetupCall => ({
  verb: 'setup',
  ...inContainer,
  attempt: 1,
  injections: [],
  systemd: false,
  setup: { package: source, configure: true, configmeta: '{"version":"1"}', helper: Buffer.from('archive') },
  ...changes,
});
const anUpdate = (changes: Partial<UpdateCall> = {}): UpdateCall => ({
  verb: 'update',
  ...inContainer,
  generation: 2,
  configmeta: '{"version":"2"}',
  notifications: [],
  deadlineSeconds: 10,
  ...changes,
});

const configmeta = '/etc/guestconfig/configmeta.json';
const status = '/opt/guestconfig/configure.status';
const notifications = '/opt/guestconfig/notifications';

describe('the setup of a simulated member', () => {
  it('goes through its phases and leaves its files behind', async () => {
    const sandbox = await withPod();
    const reports = await call(sandbox, aSetup());
    expect(reports).to.deep.equal(['checking', 'fetching', 'unpacking', 'configuring', 'ok']);
    expect(await shown(sandbox, configmeta)).to.equal('{"version":"1"}');
    expect(await shown(sandbox, status)).to.equal('c1=0');
  });

  it('puts files in their place, waits for systemd, and has nothing else to do for a role without scripts', async () => {
    const sandbox = await withPod();
    const injections = [{ url: 'https://example.com/a/one.conf', directory: '/etc/app' }];
    const { setup: _, ...withoutScripts } = aSetup({ injections });
    expect(await call(sandbox, withoutScripts)).to.deep.equal(['checking', 'injecting', 'ok']);
    expect((await exec(sandbox, ['ls', '/etc/app'])).stdout).to.equal('one.conf\n');
    expect(await call(sandbox, aSetup({ systemd: true }))).to.include('systemd');
  });

  it('is done once in a container; whoever asks again is told, and may bring a newer configuration', async () => {
    const sandbox = await withPod();
    await call(sandbox, aSetup());
    const { setup } = aSetup();
    const reports = await call(sandbox, aSetup({ attempt: 2, setup: { ...setup!, configmeta: '{"version":"2"}' } }));
    expect(reports).to.deep.equal(['checking', 'ok']);
    expect(await shown(sandbox, configmeta)).to.equal('{"version":"2"}');
  });

  it('that fails is remembered for its attempt, and tried again in another', async () => {
    const annotations = { [guestAnnotation]: 'SetupFails', [exitCodeAnnotation]: '7', [outputAnnotation]: 'no disk' };
    const sandbox = await withPod({}, annotations);
    const failed = ['stderr no disk', 'script: 7'];
    expect((await call(sandbox, aSetup())).slice(-3)).to.deep.equal(['configuring', ...failed]);
    expect(await shown(sandbox, status)).to.equal('c1=7');
    await sandbox.annotate('pods', one, { [guestAnnotation]: undefined });
    expect(await call(sandbox, aSetup())).to.deep.equal(['checking', ...failed]);
    expect((await call(sandbox, aSetup({ attempt: 2 }))).at(-1)).to.equal('ok');
  });

  it('that fails tells no more of its output than is wanted', async () => {
    const annotations = { [guestAnnotation]: 'SetupFails', [outputAnnotation]: 'x'.repeat(50) };
    const sandbox = await withPod({}, annotations);
    expect(await call(sandbox, aSetup({ tailBytes: 9 }))).to.include(`stderr ${'x'.repeat(9)}`);
    expect(await call(sandbox, aSetup({ tailBytes: 0 }))).to.deep.equal(['checking', 'script: 1']);
  });

  for (const [behaviour, result] of [
    ['PackageMissing', `package: ${source.url}: the requested URL returned error: 404`],
    ['SystemdFails', "systemd: systemd-journald did not run: the pod's annotation says so"],
    ['InjectionFails', "injection: https://example.com/f: the pod's annotation says that it cannot be fetched"],
  ])
    it(`fails as it is told: ${behaviour}`, async () => {
      const sandbox = await withPod({}, { [guestAnnotation]: behaviour! });
      const injections = [{ url: 'https://example.com/f', directory: '/etc' }];
      expect((await call(sandbox, aSetup({ systemd: true, injections }))).at(-1)).to.equal(result);
    });

  it('that hangs says that it is alive, goes on without a listener, and ends with what holds it up', async () => {
    const sandbox = await withPod({}, { [guestAnnotation]: 'SetupHangs' });
    const leaving = new AbortController();
    const { promise: alive, resolve } = Promise.withResolvers<void>();
    const heard = (chunk: Buffer): void => {
      if (chunk.toString().includes('alive')) resolve();
    };
    const first = call(sandbox, aSetup(), { signal: leaving.signal, heard }).catch((error: Error) => error.message);
    await alive;
    leaving.abort(new Error('gone'));
    expect(await first).to.equal('gone');
    expect(await shown(sandbox, status)).to.equal('c1=');

    const second = call(sandbox, aSetup());
    await sandbox.annotate('pods', one, { [guestAnnotation]: undefined });
    expect(await second).to.deep.equal(['checking', 'waiting', 'ok']);
  });

  it('ends with its container', async () => {
    const sandbox = await withPod({}, { [guestAnnotation]: 'SetupHangs' });
    const { argv, input } = encodeCall(aSetup(), program);
    const hanging = exec(sandbox, argv, { input });
    await sandbox.annotate('pods', one, { [restartsAnnotation]: '1' });
    expect((await hanging).exitCode).to.equal(137);
  });

  it('begins anew in another container, which has none of the files', async () => {
    const sandbox = await withPod();
    await call(sandbox, aSetup());
    await sandbox.annotate('pods', one, { [restartsAnnotation]: '1' });
    await sandbox.until('it was restarted', () => sandbox.peek('pods', one).status.containerStatuses[0].restartCount);
    expect((await exec(sandbox, ['test', '-f', configmeta])).exitCode).to.equal(1);
    expect(await call(sandbox, aSetup({ container: 'c2' }))).to.include('configuring');
  });

  it('survives its container where it lies on a volume', async () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const volumeMounts = ['etc', 'opt'].map((subPath) => ({ name: 'data', mountPath: `/${subPath}`, subPath }));
    const sandbox = await aSandbox();
    await sandbox.create(aClaim('data'));
    await sandbox.create(aPod('one', { volumes, containers: [{ name: 'app', image: 'example/app:1', volumeMounts }] }));
    await sandbox.until('it runs', () => running(sandbox));
    await call(sandbox, aSetup());
    await sandbox.delete('pods', one, { gracePeriodSeconds: 0 });
    await sandbox.create(aPod('one', { volumes, containers: [{ name: 'app', image: 'example/app:1', volumeMounts }] }));
    await sandbox.until('another runs', () => running(sandbox));
    expect(await shown(sandbox, status)).to.equal('c1=0');
    expect(await call(sandbox, aSetup({ container: 'c2' }))).to.deep.equal(['checking', 'ok']);
    expect((await exec(sandbox, ['ls', '/etc/guestconfig'])).stdout).to.equal('configmeta.json\n');
  });
});

describe('an update of a simulated member', () => {
  const news = [
    { id: 'a', arguments: ['--addnodes', '--role', 'worker', '--fqdns', 'x,y'] },
    { id: 'b', arguments: ['--delnodes'] },
  ];

  it('brings a configuration, and tells every notification once', async () => {
    const sandbox = await withPod();
    await call(sandbox, aSetup());
    const reports = await call(sandbox, anUpdate({ notifications: news, reconnect: 'v1' }));
    const told = ['notifying', 'notified a 0', 'notifying', 'notified b 0', 'notifying', 'reconnected 0', 'ok'];
    expect(reports).to.deep.equal(told);
    const again = await call(sandbox, anUpdate({ notifications: news, reconnect: 'v1' }));
    expect(again).to.deep.equal(['notified a skipped', 'notified b skipped', 'reconnected 0', 'ok']);
    expect(await shown(sandbox, configmeta)).to.equal('{"version":"2"}');
    expect(await shown(sandbox, notifications)).to.equal(
      '--addnodes --role worker --fqdns x,y\n--delnodes\n--reconnect\n',
    );
  });

  it('whose notification fails says so, goes on, and may be repeated', async () => {
    const annotations = { [guestAnnotation]: 'NotificationFails', [exitCodeAnnotation]: '3', [outputAnnotation]: 'oh' };
    const sandbox = await withPod({}, annotations);
    const reports = await call(sandbox, anUpdate({ notifications: news.slice(0, 1), reconnect: 'v1' }));
    expect(reports).to.deep.equal([
      ...['notifying', 'notified a 3', 'stderr oh', 'notifying', 'reconnected 3', 'stderr oh', 'ok'],
    ]);
    await sandbox.annotate('pods', one, { [guestAnnotation]: undefined });
    expect(await call(sandbox, anUpdate({ notifications: news.slice(0, 1) }))).to.include('notified a 0');
  });

  it('may be longer than what is kept as it is', async () => {
    const sandbox = await withPod();
    const long = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => `ünit ${i}`));
    await call(sandbox, anUpdate({ configmeta: long }));
    expect(await shown(sandbox, configmeta)).to.equal(long);
  });
});

describe('looking into a simulated container', () => {
  it('shows its files, its name and its variables', async () => {
    const env = [{ name: 'COLOUR', value: 'blue' }];
    const sandbox = await withPod({ containers: [{ name: 'app', image: 'example/app:1', env }] });
    await call(sandbox, aSetup());
    expect((await exec(sandbox, ['ls', '/'])).stdout).to.equal('etc\nopt\n');
    expect((await exec(sandbox, ['ls', '-l', '/opt/guestconfig'])).stdout).to.equal('configure.status\nsimulated\n');
    expect((await exec(sandbox, ['test', '-f', configmeta])).exitCode).to.equal(0);
    expect((await exec(sandbox, ['test', '-d', '/etc'])).exitCode).to.equal(0);
    expect((await exec(sandbox, ['hostname'])).stdout).to.equal('one\n');
    expect((await exec(sandbox, ['env'])).stdout).to.match(/^COLOUR=blue$/m);
    expect((await exec(sandbox, ['env', 'echo', 'a'])).stdout).to.equal('a\n');
    expect((await exec(sandbox, ['printenv', 'COLOUR'])).stdout).to.equal('blue\n');
    expect((await exec(sandbox, ['cat', '/etc'])).stderr).to.equal('cat: /etc: Is a directory\n');
  });

  it('with anything else is told that nothing runs', async () => {
    const sandbox = await withPod();
    for (const argv of [['bash'], ['sh', '-c', 'date'], ['constructor']]) {
      const { exitCode, stderr } = await exec(sandbox, argv);
      expect(exitCode).to.equal(127);
      expect(stderr).to.match(/pods are simulated here, nothing runs in them; cat, .* show what is there\n$/);
    }
  });

  it('on a terminal shows everything in one', async () => {
    const sandbox = await withPod();
    const { stdout, stderr } = await exec(sandbox, ['cat', '/x'], { query: { tty: 'true', stderr: 'false' } });
    expect([stdout, stderr]).to.deep.equal(['cat: /x: No such file or directory\r\n', '']);
  });

  for (const [what, query, argv, refusal] of [
    ['no command', {}, [], 'you must specify at least 1 command for the container'],
    ['no stream', { stdout: 'false' }, ['true'], 'you must specify at least 1 of stdin, stdout, stderr'],
    ['a strange container', { container: 'x' }, ['true'], 'container x is not valid for pod one'],
  ] as const)
    it(`is refused with ${what}`, async () => {
      const sandbox = await withPod();
      expect(() => opened(sandbox, 'exec', { stdout: 'true', ...query }, argv)).to.throw(refusal);
    });

  it('is refused when it does not run', async () => {
    const sandbox = await withPod({}, {});
    await sandbox.annotate('pods', one, { [behaviourAnnotation]: 'CrashLoopBackOff' });
    await sandbox.until('it does not', () => !running(sandbox));
    expect(() => opened(sandbox, 'exec', { stdout: 'true' }, ['true'])).to.throw('container not found ("app")');
  });

  it('through its log is told that nothing runs, once it was started', async () => {
    const sandbox = await withPod();
    expect(opened(sandbox, 'log', {})).to.deep.equal({
      text: 'Pods are simulated here: nothing runs in container "app" in pod "one", so it logs nothing.\n',
    });
    await sandbox.create(aPod('two', {}, { annotations: { [behaviourAnnotation]: 'ImagePullBackOff' } }));
    const waiting = await sandbox.until('it waits', () => {
      const pod = sandbox.peek('pods', 'default/two');
      return pod?.status?.containerStatuses && pod;
    });
    const { connections = [] } = sandbox.registryOf({ apiVersion: 'v1', kind: 'Pod' }).resource;
    const log = connections.find(({ name }) => name === 'log')!;
    expect(() => log.open(waiting, new URLSearchParams())).to.throw(
      'container "app" in pod "two" is waiting to start: ImagePullBackOff',
    );
  });
});
