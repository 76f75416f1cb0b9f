/** How far the first copy of a member is, as its container tells it. */
import { expect } from 'chai';
import { progressText, withStorageProgress } from '../../../../reconciler/cluster/children/storage-progress.ts';
import { memberNow } from '../../../../reconciler/cluster/members.ts';
import type { HostPort } from '../../../../reconciler/cluster/ports.ts';
import type { ContainerReference, ExecPort, OutputSink } from '../../../../reconciler/guest/ports.ts';
import type { Pod } from '../../../../reconciler/host-types.ts';
import { quiet, SetTimers } from '../../../make/set-timers.ts';
import { withoutScripts } from '../blueprints.ts';

const cluster = { namespace: 'team1', name: 'spark' };

const copying = (name: string, more: object = { state: { running: {} } }): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'team1', uid: `uid-${name}`, labels: { 'kubedirector.bluedata.io/kdcluster': 'spark' } },
  status: {
    phase: 'Pending',
    initContainerStatuses: [{ name: 'init', containerID: 'c1', ...more }],
    containerStatuses: [{ name: 'app', state: { waiting: { reason: 'PodInitializing' } } }],
  },
});

interface Run {
  readonly container: ContainerReference;
  readonly output: OutputSink;
  readonly signal: AbortSignal;
  end(error?: Error): void;
}

/** A host with these pods, and whoever gets into their containers. */
function listening(pods: Pod[]) {
  const runs: Run[] = [];
  const exec: ExecPort = {
    run: (container, _command, output, signal) =>
      new Promise((resolve, reject) =>
        runs.push({ container, output, signal, end: (error) => (error ? reject(error) : resolve(0)) }),
      ),
  };
  const seen = { statefulSets: [], services: [], claims: [], pods };
  const plain = { children: () => seen, subscribe: () => () => {} } as unknown as HostPort;
  const timers = new SetTimers();
  const stop = new AbortController();
  const host = withStorageProgress(plain, exec, timers, stop.signal);
  const told: string[] = [];
  host.subscribe(({ name }) => told.push(name));
  const progress = () => host.children(cluster).pods.map(({ storageInitProgress }) => storageInitProgress);
  return { seen, runs, told, timers, stop, host, progress };
}

describe('the progress of storage', () => {
  for (const [line, text] of [
    ['0 2048', '0% of 2 MiB'],
    ['1024 2048', '50% of 2 MiB'],
    ['2100 2048', '99% of 2 MiB'],
    ['1 3145728', '0% of 3.0 GiB'],
    ['1 0', undefined],
    ['', undefined],
    ['1 2 3', undefined],
    ['du: not found', undefined],
    [`${'9'.repeat(16)} 1`, undefined],
  ] as const)
    it(`says ${text ?? 'nothing'} where the container says "${line}"`, () => expect(progressText(line)).to.equal(text));

  it('is asked of each container once, and wakes its cluster when there is news', async () => {
    const { runs, told, timers, progress } = listening([copying('a'), copying('b')]);
    expect(progress()).to.deep.equal([undefined, undefined]);
    progress();
    expect(runs.map(({ container }) => container)).to.deep.equal([
      { namespace: 'team1', pod: 'a', container: 'init' },
      { namespace: 'team1', pod: 'b', container: 'init' },
    ]);
    runs[0]!.output.stdout(Buffer.from('1004 10'));
    expect(told).to.deep.equal([]);
    runs[0]!.output.stdout(Buffer.from('24\n'));
    expect(told).to.deep.equal(['spark']);
    expect(progress()).to.deep.equal(['98% of 1 MiB', undefined]);
    await timers.advance(2_000);
    runs[0]!.output.stdout(Buffer.from('10 1024\n'));
    expect(told).to.have.length(2);
  });

  it('of a container that chatters is told now and then, and what it says is not kept', () => {
    const { runs, told, progress } = listening([copying('a')]);
    progress();
    for (let i = 0; i < 1000; i += 1) runs[0]!.output.stdout(Buffer.from(`${i} 1000\n`));
    runs[0]!.output.stdout(Buffer.alloc(10_000_000, 'x'));
    expect(told).to.have.length(1);
    expect(progress()).to.deep.equal(['0% of 1 MiB']);
  });

  it('is not asked of containers that do not copy, nor again of one that lets nobody in', async () => {
    const { seen, runs, progress } = listening([copying('a', { state: { terminated: { exitCode: 0 } } })]);
    progress();
    expect(runs).to.have.length(0);
    seen.pods = [copying('b')];
    progress();
    runs[0]!.end(new Error('forbidden'));
    await quiet();
    expect(progress()).to.deep.equal([undefined]);
    expect(runs).to.have.length(1);
    seen.pods = [copying('b', { containerID: 'c2', state: { running: {} } })];
    progress();
    expect(runs).to.have.length(2);
  });

  it('is asked of few at a time, and of the others when those are done', async () => {
    const { runs, progress } = listening(Array.from({ length: 100 }, (_, i) => copying(`p${i}`)));
    progress();
    expect(runs).to.have.length(64);
    runs[0]!.end();
    await quiet();
    progress();
    expect(runs).to.have.length(65);
  });

  it('ends with the controller', () => {
    const { runs, stop, progress, seen } = listening([copying('a')]);
    progress();
    stop.abort();
    expect(runs[0]!.signal.aborted).to.equal(true);
    seen.pods = [copying('b')];
    progress();
    expect(runs).to.have.length(1);
  });

  it('is in the status of the member while it copies, and not after', () => {
    const pod = { ...copying('a'), storageInitProgress: '7% of 3.0 GiB' };
    const { status } = memberNow({ pod: 'a', state: 'create pending' }, pod, withoutScripts);
    expect(status.stateDetail).to.deep.equal({
      lastKnownContainerState: 'initializing',
      storageInitProgress: '7% of 3.0 GiB',
    });
    expect(memberNow(status, copying('a'), withoutScripts).status.stateDetail).not.to.have.property(
      'storageInitProgress',
    );
  });
});
