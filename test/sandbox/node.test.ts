/** Pods on the simulated node: they come up, stay what they are told to be, and go. */
import { expect } from 'chai';
import { behaviourAnnotation, restartsAnnotation } from '../../deploy/sandbox/controllers/node/behaviour.ts';
import { type Anything, aClaim, aPod, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const one = 'default/one';
const pod = (sandbox: Sandbox): Anything => sandbox.peek('pods', one);
const condition = (object: Anything, type: string): Anything =>
  object?.status?.conditions?.find((found: Anything) => found.type === type);
const isReady = (object: Anything): boolean => condition(object, 'Ready')?.status === 'True';
const behaving = (behaviour: string) => ({ annotations: { [behaviourAnnotation]: behaviour } });
const shown = (sandbox: Sandbox) => sandbox.cells('pods', one).Status;
const ready = (sandbox: Sandbox) => sandbox.until('it is ready', () => isReady(pod(sandbox)));

describe('a pod', () => {
  it('gets a node, an address and running containers', async () => {
    const sandbox = await aSandbox();
    const created = await sandbox.create(aPod('one'));
    expect(created.status).to.deep.equal({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(created.spec).to.include({
      restartPolicy: 'Always',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
    });
    await ready(sandbox);
    const { spec, status } = pod(sandbox);
    expect(spec.nodeName).to.equal('sandbox');
    expect(status.phase).to.equal('Running');
    expect(status.podIP).to.match(/^10\.244\.\d+\.\d+$/);
    expect(status.conditions.map(({ type, status: is }: Anything) => `${type}=${is}`)).to.have.members([
      'PodScheduled=True',
      'Initialized=True',
      'ContainersReady=True',
      'Ready=True',
    ]);
    const [container] = status.containerStatuses;
    expect(container).to.include({ name: 'app', image: 'example/app:1', ready: true, started: true, restartCount: 0 });
    expect(container.containerID).to.match(/^simulated:\/\/[0-9a-f]{64}$/);
  });

  it('is written three times: when it is created, bound and ready', async () => {
    const sandbox = await aSandbox();
    const told: string[] = [];
    sandbox.follow('pods', (type, { spec, status }) => told.push(`${type} ${spec.nodeName ?? '-'} ${status.phase}`));
    await sandbox.create(aPod('one'));
    await ready(sandbox);
    await sandbox.quiet();
    expect(told).to.deep.equal(['ADDED - Pending', 'MODIFIED sandbox Pending', 'MODIFIED sandbox Running']);
  });

  it('has an address of its own', async () => {
    const sandbox = await aSandbox();
    const names = Array.from({ length: 40 }, (_, i) => `pod-${i}`);
    await Promise.all(names.map((name) => sandbox.create(aPod(name))));
    await sandbox.until('all are ready', () => sandbox.list('pods').filter(isReady).length === 40);
    expect(new Set(sandbox.list('pods').map(({ status }) => status.podIP)).size).to.equal(40);
  });

  it('gets another container id when its containers are started again', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one'));
    await ready(sandbox);
    const [{ containerID: first }] = pod(sandbox).status.containerStatuses;
    await sandbox.annotate('pods', one, { [restartsAnnotation]: '2' });
    const again = await sandbox.until(
      'it was restarted',
      () => pod(sandbox).status.containerStatuses[0].restartCount === 2 && pod(sandbox),
    );
    const [{ containerID: second, lastState }] = again.status.containerStatuses;
    expect(second).not.to.equal(first);
    expect(lastState.terminated.containerID).to.equal(first);
    await sandbox.annotate('pods', one, { [restartsAnnotation]: undefined });
    await sandbox.quiet();
    expect(pod(sandbox).status.containerStatuses[0].containerID).to.equal(second);
  });

  it('gets another container id for another image', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one'));
    await ready(sandbox);
    const [{ containerID }] = pod(sandbox).status.containerStatuses;
    await sandbox.edit('pods', one, ({ spec }) => {
      spec.containers[0].image = 'example/app:2';
    });
    await sandbox.until(
      'it runs the other image',
      () => pod(sandbox).status.containerStatuses[0].image === 'example/app:2',
    );
    expect(pod(sandbox).status.containerStatuses[0].containerID).not.to.equal(containerID);
  });

  it('with init containers shows them as done', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', { initContainers: [{ name: 'prepare', image: 'example/prepare:1' }] }));
    await ready(sandbox);
    expect(pod(sandbox).status.initContainerStatuses[0].state.terminated).to.include({
      exitCode: 0,
      reason: 'Completed',
    });
  });

  it('waits for conditions of others, if it has readiness gates', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', { readinessGates: [{ conditionType: 'example.com/warm' }] }));
    await sandbox.until(
      'its containers are ready',
      () => condition(pod(sandbox), 'ContainersReady')?.status === 'True',
    );
    expect(condition(pod(sandbox), 'Ready')).to.include({ status: 'False', reason: 'ReadinessGatesNotReady' });
    await sandbox.edit(
      'pods',
      one,
      ({ status }) => status.conditions.push({ type: 'example.com/warm', status: 'True' }),
      'status',
    );
    await ready(sandbox);
    expect(sandbox.cells('pods', one)['Readiness Gates']).to.equal('1/1');
  });
});

describe('a pod that is told to suffer', () => {
  for (const [behaviour, status, phase, readyText] of [
    ['Unschedulable', 'Pending', 'Pending', '0/1'],
    ['NotReady', 'Running', 'Running', '0/1'],
    ['CrashLoopBackOff', 'CrashLoopBackOff', 'Running', '0/1'],
    ['ImagePullBackOff', 'ImagePullBackOff', 'Pending', '0/1'],
    ['Evicted', 'Evicted', 'Failed', '0/1'],
  ] as const)
    it(`${behaviour} is shown as ${status} and recovers`, async () => {
      const sandbox = await aSandbox();
      await sandbox.create(aPod('one', {}, behaving(behaviour)));
      await sandbox.until(
        'it was looked at',
        () => pod(sandbox)?.status.conditions?.length && shown(sandbox) === status,
      );
      await sandbox.quiet();
      expect(pod(sandbox).status.phase).to.equal(phase);
      expect(sandbox.cells('pods', one).Ready).to.equal(readyText);
      if (behaviour === 'Evicted') return; // What has failed has failed.
      await sandbox.annotate('pods', one, { [behaviourAnnotation]: undefined });
      await ready(sandbox);
      expect(shown(sandbox)).to.equal('Running');
    });

  it('and is unschedulable says why, in its condition and in an event', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', {}, behaving('Unschedulable')));
    const event = await sandbox.until('an event', () =>
      sandbox.list('events').find(({ reason }) => reason === 'FailedScheduling'),
    );
    expect(condition(pod(sandbox), 'PodScheduled')).to.include({
      status: 'False',
      reason: 'Unschedulable',
      message: event.message,
    });
  });

  it('and crashes after it ran keeps counting its restarts', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one'));
    await ready(sandbox);
    await sandbox.annotate('pods', one, behaving('CrashLoopBackOff').annotations);
    await sandbox.until('it crashes', () => shown(sandbox) === 'CrashLoopBackOff');
    expect(pod(sandbox).status.containerStatuses[0].restartCount).to.equal(1);
    await sandbox.annotate('pods', one, { [behaviourAnnotation]: undefined });
    await ready(sandbox);
    expect(pod(sandbox).status.containerStatuses[0].restartCount).to.equal(2);
  });
});

describe('the scheduler', () => {
  const scheduled = (sandbox: Sandbox) => condition(pod(sandbox), 'PodScheduled');

  it('leaves pods alone while the node is cordoned', async () => {
    const sandbox = await aSandbox();
    await sandbox.edit('nodes', 'sandbox', (node) => {
      node.spec.unschedulable = true;
    });
    expect((await sandbox.get('nodes', 'sandbox')).spec.unschedulable).to.equal(true);
    await sandbox.until(
      'the cache knows',
      () => sandbox.cells('nodes', 'sandbox').Status === 'Ready,SchedulingDisabled',
    );
    await sandbox.create(aPod('one'));
    await sandbox.until(
      'it says so',
      () => scheduled(sandbox)?.message === '0/1 nodes are available: 1 node(s) were unschedulable.',
    );
    await sandbox.edit('nodes', 'sandbox', (node) => {
      delete node.spec.unschedulable;
    });
    await ready(sandbox);
  });

  it('finds no node for labels that none has', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', { nodeSelector: { gpu: 'yes' } }));
    await sandbox.until('it says so', () =>
      scheduled(sandbox)?.message.includes("didn't match Pod's node affinity/selector"),
    );
    await sandbox.edit('nodes', 'sandbox', ({ metadata }) => {
      metadata.labels.gpu = 'yes';
    });
    await ready(sandbox);
  });

  it('waits for claims', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'later' } }] }));
    await sandbox.quiet();
    expect(pod(sandbox).spec.nodeName).to.equal(undefined);
    await sandbox.create(aClaim('later'));
    await ready(sandbox);
  });

  it('leaves pods of other schedulers to these', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', { schedulerName: 'another' }));
    await sandbox.quiet();
    expect(pod(sandbox).spec.nodeName).to.equal(undefined);
  });
});

describe('a deleted pod', () => {
  it('is shown as Terminating, then gone, without waiting for its grace period', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one'));
    await ready(sandbox);
    const told: string[] = [];
    sandbox.follow('pods', (type, { metadata }) => told.push(`${type} ${metadata.deletionGracePeriodSeconds}`));
    await sandbox.delete('pods', one);
    await sandbox.until('it is gone', () => !pod(sandbox));
    expect(told).to.deep.equal(['MODIFIED 30', 'DELETED 30']);
  });

  it('is gone at once when it never had a node, or when nobody grants it time', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(aPod('one'));
    await sandbox.delete('pods', one);
    await sandbox.create(aPod('one', { nodeName: 'elsewhere' }));
    await sandbox.delete('pods', one);
    expect((await sandbox.get('pods', one)).metadata.deletionTimestamp).to.be.a('string');
    await sandbox.delete('pods', one, { gracePeriodSeconds: 0 });
    await sandbox.until('it is gone', () => !pod(sandbox));
  });

  it('gets no more time than there are dates, whatever is asked for', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(
      aPod('one', { nodeName: 'elsewhere', terminationGracePeriodSeconds: Number.MAX_SAFE_INTEGER }),
    );
    await sandbox.delete('pods', one);
    expect((await sandbox.get('pods', one)).metadata.deletionGracePeriodSeconds).to.equal(2 ** 31 - 1);
    await sandbox.delete('pods', one, { gracePeriodSeconds: 0 });
  });

  it('stays while it has finalizers', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', {}, { finalizers: ['example.com/hold'] }));
    await ready(sandbox);
    await sandbox.delete('pods', one);
    await sandbox.until('its grace is over', () => pod(sandbox)?.metadata.deletionGracePeriodSeconds === 0);
    await sandbox.quiet();
    expect(shown(sandbox)).to.equal('Terminating');
    await sandbox.edit('pods', one, ({ metadata }) => {
      metadata.finalizers = [];
    });
    await sandbox.until('it is gone', () => !pod(sandbox));
  });

  it('never ends if it is told so, unless it is forced', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aPod('one', {}, behaving('NeverEnds')));
    await ready(sandbox);
    await sandbox.delete('pods', one);
    await sandbox.quiet();
    expect(shown(sandbox)).to.equal('Terminating');
    await sandbox.delete('pods', one, { gracePeriodSeconds: 0 });
    await sandbox.until('it is gone', () => !pod(sandbox));
  });

  it('uses its grace period if it is slow', async () => {
    const time = { at: Date.parse('2026-01-01T00:00:00Z') };
    const sandbox = await aSandbox({ clock: { now: () => time.at } });
    await sandbox.create(aPod('one', { terminationGracePeriodSeconds: 60 }, behaving('SlowToEnd')));
    await ready(sandbox);
    await sandbox.delete('pods', one);
    await sandbox.quiet();
    expect(shown(sandbox)).to.equal('Terminating');
    time.at += 60_000;
    await sandbox.annotate('pods', one, { look: 'again' });
    await sandbox.until('it is gone', () => !pod(sandbox));
  });
});

describe('a pod is refused', () => {
  const refusal = async (spec: object): Promise<string> => {
    const sandbox = await aSandbox();
    try {
      await sandbox.create(aPod('one', spec));
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };
  for (const [what, spec, text] of [
    ['without containers', { containers: [] }, 'spec.containers: Required value'],
    ['whose container has no image', { containers: [{ name: 'app' }] }, 'spec.containers[0].image: Required value'],
    [
      'that mounts what it does not have',
      { containers: [{ name: 'app', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
      'spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ],
    [
      'with an unknown restart policy',
      { restartPolicy: 'Perhaps' },
      'spec.restartPolicy: Unsupported value: "Perhaps": supported values: "Always", "OnFailure", "Never"',
    ],
  ] as const)
    it(what, async () => expect(await refusal(spec)).to.equal(`Pod "one" is invalid: ${text}`));

  it('when more than its image changes', async () => {
    const sandbox = await aSandbox({ controllers: false });
    await sandbox.create(aPod('one'));
    const message = await sandbox
      .edit('pods', one, ({ spec }) => {
        spec.hostname = 'another';
      })
      .catch((error: Error) => error.message);
    expect(message).to.match(/^Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than/);
  });
});
