/** What the pod of a member shows, in KubeDirector's words. */
import { expect } from 'chai';
import type { MemberState, MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import { memberNow } from '../../../reconciler/cluster/members.ts';
import type { ContainerStatus, Pod, PodCondition } from '../../../reconciler/host-types.ts';
import { withoutScripts } from './blueprints.ts';

const recorded = (
  state: MemberState = 'create pending',
  stateDetail: MemberStatus['stateDetail'] = {},
): MemberStatus => ({
  pod: 'w-0',
  nodeID: 1,
  service: 'svc-w-0',
  state,
  stateDetail,
});

const pod = (status: Pod['status'], metadata = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'w-0', namespace: 'team1', ...metadata },
  ...(status && { status }),
});

const app = (state: ContainerStatus['state'], containerID?: string, more = {}): ContainerStatus => ({
  name: 'app',
  ...(containerID && { containerID }),
  ...(state && { state }),
  ...more,
});

const ready: PodCondition[] = [{ type: 'Ready', status: 'True' }];
const notReady: PodCondition[] = [{ type: 'Ready', status: 'False', message: 'containers with unready status: [app]' }];
const running = (id: string, conditions = ready) =>
  pod({ phase: 'Running', conditions, containerStatuses: [app({ running: {} }, id)] });

describe('the state of a member', () => {
  for (const [name, before, present, state, container, isReady] of [
    ['without a pod', recorded(), undefined, 'create pending', 'absent', false],
    ['whose pod waits for a node', recorded(), pod({ phase: 'Pending' }), 'create pending', 'absent', false],
    [
      'whose container waits',
      recorded(),
      pod({ phase: 'Pending', containerStatuses: [app({ waiting: {} })] }),
      'create pending',
      'waiting',
      false,
    ],
    [
      'whose volume is being filled',
      recorded(),
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'init', state: { running: {} } }],
        containerStatuses: [app({ waiting: {} })],
      }),
      'create pending',
      'initializing',
      false,
    ],
    [
      'whose volume is filled',
      recorded(),
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'init', state: { terminated: { exitCode: 0 } } }],
        containerStatuses: [app({ waiting: {} })],
      }),
      'create pending',
      'waiting',
      false,
    ],
    ['that runs but is not ready', recorded(), running('c1', notReady), 'creating', 'unresponsive', false],
    ['that runs, and nobody says whether it is ready', recorded(), running('c1', []), 'creating', 'unknown', false],
    ['that runs and is ready', recorded(), running('c1'), 'configured', 'running', true],
    [
      'that was creating and became ready',
      recorded('creating', { configuringContainer: 'c1' }),
      running('c1'),
      'configured',
      'running',
      true,
    ],
    [
      'that is configured, in the same container',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      running('c1'),
      'configured',
      'running',
      true,
    ],
    [
      'that is configured and has become unready',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      running('c1', notReady),
      'configured',
      'unresponsive',
      false,
    ],
    [
      'that has stopped in the container that was configured',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      pod({ phase: 'Running', conditions: notReady, containerStatuses: [app({ terminated: {} }, 'c1')] }),
      'configured',
      'terminated',
      false,
    ],
    [
      'with a new container that is not ready',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      running('c2', notReady),
      'creating',
      'unresponsive',
      false,
    ],
    [
      'with a new container that is ready',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      running('c2'),
      'configured',
      'running',
      true,
    ],
    [
      'whose pod is gone',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      undefined,
      'create pending',
      'absent',
      false,
    ],
    [
      'whose pod is about to go',
      recorded('configured', { lastConfiguredContainer: 'c1' }),
      { ...running('c1'), metadata: { name: 'w-0', deletionTimestamp: 'now' } },
      'configured',
      'unresponsive',
      false,
    ],
    [
      'that could not be configured',
      recorded('config error', { lastConfiguredContainer: 'c1' }),
      running('c1'),
      'config error',
      'running',
      false,
    ],
  ] as const)
    it(`${name} is ${state}, its container ${container}`, () => {
      const now = memberNow(before, present as Pod | undefined, withoutScripts);
      expect(now.status.state).to.equal(state);
      expect(now.status.stateDetail!.lastKnownContainerState).to.equal(container);
      expect(now.ready).to.equal(isReady);
      expect(now.problem === undefined).to.equal(isReady);
    });

  it('tells which container is being set up, and which one was', () => {
    const creating = memberNow(recorded(), running('c1', notReady), withoutScripts).status;
    expect(creating.stateDetail).to.include({ configuringContainer: 'c1' });
    const configured = memberNow(creating, running('c1'), withoutScripts).status;
    expect(configured.stateDetail).to.deep.equal({ lastConfiguredContainer: 'c1', lastKnownContainerState: 'running' });
  });

  it('keeps a little of what the scheduler says, so that a thousand members fit into one object', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'x'.repeat(5000) }];
    const { status } = memberNow(recorded(), pod({ phase: 'Pending', conditions }), withoutScripts);
    expect(status.stateDetail!.schedulingErrorMessage).to.have.length(160);
  });

  it('does not change when it is looked at again', () => {
    for (const present of [undefined, running('c1'), running('c1', notReady), pod({ phase: 'Pending' })]) {
      const once = memberNow(recorded(), present, withoutScripts).status;
      expect(memberNow(once, present, withoutScripts).status).to.deep.equal(once);
    }
  });
});

describe('what is in the way of a member', () => {
  const unschedulable = [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/1 nodes are available: 1 Insufficient memory.',
    },
  ];
  const crashed = { lastState: { terminated: { exitCode: 3, message: 'no such file' } } };
  for (const [present, reason, message] of [
    [undefined, 'PodMissing', 'member w-0 is waiting for its pod to be made'],
    [pod({ phase: 'Pending' }), 'MemberStarting', 'member w-0 is starting'],
    [
      pod({ phase: 'Pending', conditions: unschedulable }),
      'Unschedulable',
      'member w-0 is waiting for a node: 0/1 nodes are available: 1 Insufficient memory.',
    ],
    [
      pod({
        phase: 'Pending',
        containerStatuses: [app({ waiting: { reason: 'ImagePullBackOff', message: 'not found' } })],
      }),
      'ImageNotPulled',
      'member w-0 cannot pull its image: not found',
    ],
    [
      pod({
        phase: 'Running',
        containerStatuses: [app({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } }, 'c1', crashed)],
      }),
      'ContainerCrashing',
      'member w-0 keeps stopping: its container app ended with exit code 3: no such file',
    ],
    [
      pod({
        phase: 'Pending',
        containerStatuses: [
          app({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } }),
        ],
      }),
      'ContainerNotStarted',
      'member w-0 cannot be started: secret "x" not found',
    ],
    [
      pod({ phase: 'Pending', containerStatuses: [app({ waiting: { reason: 'ContainerCreating' } })] }),
      'MemberStarting',
      'member w-0 is starting',
    ],
    [
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'init', state: { running: {} } }],
        containerStatuses: [app({ waiting: {} })],
      }),
      'StorageInitializing',
      'member w-0 is copying its persisted directories to its volume',
    ],
    [
      pod({
        phase: 'Pending',
        initContainerStatuses: [
          {
            name: 'init',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1 } },
          },
        ],
        containerStatuses: [app({ waiting: { reason: 'PodInitializing' } })],
      }),
      'ContainerCrashing',
      'member w-0 keeps stopping: its container init ended with exit code 1',
    ],
    [
      pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' }),
      'PodFailed',
      'member w-0 has failed: Evicted: The node was low on resource: memory.',
    ],
    [
      running('c1', notReady),
      'MemberNotReady',
      'member w-0 runs but is not ready: containers with unready status: [app]',
    ],
    [
      { ...running('c1'), metadata: { name: 'w-0', deletionTimestamp: 'now' } },
      'PodTerminating',
      'member w-0 is waiting for its pod to stop',
    ],
  ] as const)
    it(`${message}`, () => {
      expect(memberNow(recorded(), present as Pod | undefined, withoutScripts).problem).to.deep.equal({
        reason,
        message,
      });
    });

  it('is what its setup said, when that failed', () => {
    const before = recorded('config error', {
      lastConfiguredContainer: 'c1',
      configErrorDetail: 'startscript returned 1',
    });
    expect(memberNow(before, running('c1'), withoutScripts).problem).to.deep.equal({
      reason: 'ConfigError',
      message: 'member w-0 could not be configured: startscript returned 1',
    });
  });
});
