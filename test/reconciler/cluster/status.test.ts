/** Conditions, states and the rollup: what each situation of a cluster is called. */
import { expect } from 'chai';
import type {
  ClusterState,
  ContainerState,
  MemberState,
  MemberStatus,
} from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { Problem } from '../../../reconciler/cluster/problems.ts';
import type { RolePlan } from '../../../reconciler/cluster/roles.ts';
import { rollupOf } from '../../../reconciler/cluster/rollup.ts';
import { type Assessment, statusFor } from '../../../reconciler/cluster/status.ts';
import { aCluster, anApp } from '../../make/kubedirector.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');

const member = (
  state: MemberState,
  container: ContainerState = 'running',
  more: MemberStatus['stateDetail'] = {},
): MemberStatus => ({
  pod: 'w-0',
  nodeID: 1,
  state,
  stateDetail: { lastKnownContainerState: container, ...more },
});

interface Situation {
  states?: readonly MemberState[];
  ready?: number;
  desired?: number;
  leaving?: number;
  memberProblems?: readonly Problem[];
  roleProblems?: readonly Problem[];
  failures?: readonly Problem[];
  before?: ClusterState;
}

const say = (reason: Problem['reason'], message: string = reason): Problem => ({ reason, message });

function statusIn(situation: Situation) {
  const {
    states = [],
    ready = 0,
    leaving = 0,
    memberProblems = [],
    roleProblems = [],
    failures = [],
    before,
  } = situation;
  const role: RolePlan = {
    id: 'worker',
    steps: [],
    status: { id: 'worker', statefulSet: 'w', members: [] },
    desired: situation.desired ?? states.length,
    members: states.map((state, i) => ({
      ...{ status: member(state), ready: i < ready, problem: memberProblems[i] },
      ...{ busy: false, attempt: undefined, update: undefined, container: '' },
    })),
    leaving,
    problems: roleProblems,
    recordFirst: false,
    services: [],
    statefulSet: 'w',
    running: ready,
    blueprint: undefined,
  };
  const cluster = { ...aCluster({}, { generation: 7 }), ...(before && { status: { state: before } }) };
  const assessment: Assessment = {
    cluster,
    app: anApp(),
    clusterService: 's',
    roles: [role],
    lastNodeID: 9,
    nowMs,
    problems: [],
  };
  return statusFor(assessment, failures);
}

describe('the conditions of a cluster', () => {
  for (const [name, situation, [readyStatus, readyReason, readyMessage], [progressing, progressReason], state] of [
    [
      'with all members ready',
      { states: ['configured', 'configured'], ready: 2 },
      ['True', 'AllMembersReady', 'all 2 members are ready'],
      ['False', 'Complete'],
      'configured',
    ],
    [
      'that wants no members',
      {},
      ['True', 'AllMembersReady', 'the cluster has no members'],
      ['False', 'Complete'],
      'configured',
    ],
    [
      'that begins',
      {
        states: ['create pending', 'create pending'],
        memberProblems: [say('PodMissing', 'member a'), say('MemberStarting', 'member b')],
      },
      ['False', 'MemberStarting', 'member b; 0 of 2 members are ready'],
      ['True', 'MembersStarting'],
      'creating',
    ],
    [
      'with a member that is worse off than others',
      {
        states: ['configured', 'create pending', 'create pending'],
        ready: 1,
        memberProblems: [
          undefined,
          say('MemberStarting'),
          say('Unschedulable', 'member c is waiting for a node: none'),
        ] as never,
      },
      ['False', 'Unschedulable', 'member c is waiting for a node: none; 1 of 3 members are ready'],
      ['True', 'MembersStarting'],
      'creating',
    ],
    [
      'with a configured member that is down',
      { states: ['configured'], memberProblems: [say('MemberNotReady', 'member a')] },
      ['False', 'MemberNotReady', 'member a; 0 of 1 members are ready'],
      ['False', 'Complete'],
      'configured',
    ],
    [
      'with a member that could not be configured: the state keeps the historic word, Ready tells the truth',
      { states: ['config error'], memberProblems: [say('ConfigError', 'member a')], before: 'updating' },
      ['False', 'ConfigError', 'member a; 0 of 1 members are ready'],
      ['False', 'ConfigError'],
      'configured',
    ],
    [
      'whose members leave',
      { states: ['configured'], ready: 1, leaving: 2, before: 'configured' },
      ['True', 'AllMembersReady', 'the one member is ready'],
      ['True', 'MembersLeaving'],
      'updating',
    ],
    [
      'that waits for members to leave before others come',
      { states: ['configured'], ready: 1, desired: 3, leaving: 2, before: 'configured' },
      ['False', 'MembersMissing', '1 of 3 members are ready'],
      ['True', 'MembersLeaving'],
      'updating',
    ],
    [
      'with a child that could not be made',
      { states: ['configured'], ready: 1, failures: [say('ChildNotCreated', 'Service x could not be created: quota')] },
      ['False', 'ChildNotCreated', 'Service x could not be created: quota; 1 of 1 members are ready'],
      ['True', 'ChildNotCreated'],
      'creating',
    ],
    [
      'with a child that could not be mended: members serve all the same',
      { states: ['configured'], ready: 1, failures: [say('ChildNotChanged')] },
      ['True', 'AllMembersReady', 'the one member is ready'],
      ['True', 'ChildNotChanged'],
      'creating',
    ],
    [
      'with a child that could not be mended, which is why a member is missing',
      {
        states: ['create pending'],
        memberProblems: [say('PodMissing')],
        failures: [say('ChildNotChanged', 'StatefulSet x could not be changed: no')],
      },
      ['False', 'ChildNotChanged', 'StatefulSet x could not be changed: no; 0 of 1 members are ready'],
      ['True', 'ChildNotChanged'],
      'creating',
    ],
    [
      'with something that cannot be changed',
      { states: ['configured'], ready: 1, roleProblems: [say('CannotBeChanged', 'StatefulSet x')] },
      ['True', 'AllMembersReady', 'the one member is ready'],
      ['False', 'CannotBeChanged'],
      'configured',
    ],
    [
      'with a name that is taken',
      {
        states: ['create pending'],
        memberProblems: [say('PodMissing')],
        roleProblems: [say('NameTaken', 'Service x')],
      },
      ['False', 'NameTaken', 'Service x; 0 of 1 members are ready'],
      ['False', 'NameTaken'],
      'creating',
    ],
    [
      'that waits for a predecessor',
      {
        states: ['create pending'],
        memberProblems: [say('PodMissing')],
        roleProblems: [say('WaitingForPredecessor', 'StatefulSet x')],
        before: 'updating',
      },
      ['False', 'WaitingForPredecessor', 'StatefulSet x; 0 of 1 members are ready'],
      ['True', 'WaitingForPredecessor'],
      'updating',
    ],
  ] as const)
    it(name, () => {
      const status = statusIn(situation as Situation);
      const [ready, progress] = status.conditions!;
      const common = { observedGeneration: 7, lastTransitionTime: '2026-11-21T12:00:00Z' };
      expect(ready).to.deep.equal({
        type: 'Ready',
        status: readyStatus,
        reason: readyReason,
        message: readyMessage,
        ...common,
      });
      expect(progress).to.deep.include({ type: 'Progressing', status: progressing, reason: progressReason, ...common });
      expect(status).to.include({ state, observedGeneration: 7 });
    });

  it('have reasons and messages that Kubernetes takes (K-625)', () => {
    for (const { reason, message } of statusIn({ states: ['creating'], memberProblems: [say('MemberStarting')] })
      .conditions!) {
      expect(reason).to.match(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
      expect(message).not.to.equal('');
    }
  });
});

describe('the state of a cluster', () => {
  for (const [before, settled, after] of [
    [undefined, false, 'creating'],
    ['creating', false, 'creating'],
    ['creating', true, 'configured'],
    ['configured', false, 'updating'],
    ['configured', true, 'configured'],
    ['updating', true, 'configured'],
    ['spec modified', false, 'updating'],
  ] as const)
    it(`${before ?? 'none'} becomes ${after} when ${settled ? 'all is well' : 'something is to do'}`, () =>
      expect(statusIn({ states: [settled ? 'configured' : 'creating'], ...(before && { before }) }).state).to.equal(
        after,
      ));
});

describe('the rollup', () => {
  const was = { lastConfiguredContainer: 'c' };
  for (const [name, one, flags] of [
    ['a configured member that runs', member('configured'), []],
    ['a new member', member('create pending', 'absent'), ['membershipChanging', 'membersWaiting']],
    [
      'a member that is set up for the first time',
      member('creating', 'unresponsive'),
      ['membershipChanging', 'membersDown'],
    ],
    ['a member that is set up again', member('creating', 'running', was), ['membersRestarting']],
    [
      'a member whose container waits',
      member('create pending', 'waiting', was),
      ['membersRestarting', 'membersWaiting'],
    ],
    [
      'a member whose volume is filled',
      member('create pending', 'initializing'),
      ['membershipChanging', 'membersInitializing'],
    ],
    [
      'a member without a node',
      member('create pending', 'absent', { schedulingErrorMessage: 'no' }),
      ['membershipChanging', 'membersNotScheduled', 'membersWaiting'],
    ],
    ['a configured member that is down', member('configured', 'unresponsive', was), ['membersDown']],
    ['a member that could not be configured', member('config error'), ['configErrors']],
    ['a member that leaves', member('deleting', 'terminated'), ['membershipChanging']],
  ] as const)
    it(`of ${name} says ${flags.join(' and ') || 'nothing'}`, () => {
      const rollup = rollupOf([{ id: 'worker', members: [one] }]);
      expect(Object.keys(rollup)).to.have.length(7);
      expect(Object.entries(rollup).flatMap(([flag, holds]) => (holds ? flag : []))).to.have.members(flags);
    });
});
