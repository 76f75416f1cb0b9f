/**
 * KubeDirectorCluster, its status: what the reconciler tells of members, roles and the whole, in the hub version.
 */
import {
  asField,
  boolean,
  integer,
  listByKey,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  type TypeOf,
} from '../schema/schema.ts';
import { conditions } from './core.ts';

const definition = (name: string) => `io.bluedata.kubedirector.v1beta1.${name}`;

const containerStates = [
  'running',
  'waiting',
  'initializing',
  'unresponsive',
  'terminated',
  'absent',
  'unknown',
] as const;
export type ContainerState = (typeof containerStates)[number];

const memberStateDetail = object(
  'What is behind the state of the member: how far it has come, and what went wrong.',
  {
    configErrorDetail: string('Why the member could not be set up, if it could not.'),
    lastConfigDataGeneration: integer(
      'Which configmeta.json the member was given last, as a value of specGenerationToProcess.',
      {
        format: 'int64',
      },
    ),
    lastSetupGeneration: integer(
      'Which configmeta.json its scripts have been run with, as a value of specGenerationToProcess.',
      {
        format: 'int64',
      },
    ),
    configuringContainer: string('Id of the container that is being configured.'),
    lastConfiguredContainer: string('Id of the container that was configured last.'),
    lastKnownContainerState: oneOf(containerStates, 'What its container was doing when it was last looked at.'),
    lastConnectionVersion: integer(
      'Which state of the connections its scripts have been told of, as a value of connectionVersion.',
      { format: 'int64' },
    ),
    startScriptStdoutMessage: string('End of what the failed script wrote to stdout.'),
    startScriptStderrMessage: string('End of what the failed script wrote to stderr.'),
    schedulingErrorMessage: string('Why the pod of the member has no node.'),
    storageInitProgress: string('How far the copying of the directories that are kept onto a new volume has come.'),
    setupAttempt: integer(
      'How often the startscript has been run to set up the present container; it is given three attempts.',
      {
        format: 'int64',
      },
    ),
    announced: boolean('Whether the other members have been told that it is there.'),
    updateTries: integer('How often in a row it could not be given the present configmeta.json.', { format: 'int64' }),
    retryTime: string(
      'When what has failed is tried again. Absent: nothing has, or only a retry by hand tries it (see lastRetry).',
      { format: 'date-time' },
    ),
    leaveTime: string('When a member that is to go does so at the latest, though others may not have heard of it.', {
      format: 'date-time',
    }),
    pendingNotifyCmds: listOf(
      object('A run of the startscript that the member is still owed.', {
        arguments: listOf(
          string('Argument.'),
          'Arguments of the startscript: --addnodes, --delnodes or --reconnect, and who it is about.',
        ),
        id: string('Tells it from others that the member is owed.'),
        tries: integer('How often it has been tried and has failed.', { format: 'int64' }),
        retryTime: string(
          'When it is tried again. Absent: at once, or, after three failures, only by a retry by hand.',
          {
            format: 'date-time',
          },
        ),
      }),
      'What the member has not been told yet, the oldest first.',
    ),
  },
  { definition: definition('MemberStateDetail') },
);

const memberStates = [
  'create pending',
  'creating',
  'configured',
  'config error',
  'delete pending',
  'deleting',
] as const;
export type MemberState = (typeof memberStates)[number];

const memberStatus = object(
  'One member: a pod, and what belongs to it.',
  {
    pod: string('Name of the pod of the member.', { example: 'spark221e2-worker-b7x2q-0' }),
    nodeID: integer('Number of the member, which no other member of the cluster ever has.', { format: 'int64' }),
    joinedGeneration: integer(
      'The first configmeta.json that had the member in it, as a value of specGenerationToProcess.',
      { format: 'int64' },
    ),
    service: string('Name of its Service; n/a when the role has no ports.'),
    pvc: string('Name of the claim of its volume. Absent: it has no storage.'),
    blockDevicePaths: listOf(string('Path.'), 'Paths of its block devices, in its container.'),
    authToken: string('Not used: tokens are kept in Secrets.'),
    state: oneOf(
      memberStates,
      'How far the member has come. configured: its scripts have ended well; config error: they have not, and stateDetail says why.',
    ),
    stateDetail: memberStateDetail,
  },
  { required: ['pod', 'state'], definition: definition('MemberStatus') },
);
export type MemberStatus = TypeOf<typeof memberStatus>;

const roleStatus = object(
  'How far one role has come.',
  {
    id: string('Id of the role.'),
    statefulSet: string('Name of the StatefulSet of the role.'),
    conditions: asField(
      conditions,
      'What is true of the role now: Ready, Progressing and Degraded, as for the cluster.',
    ),
    members: listByKey(['pod'], memberStatus, 'The members of the role, those included that are going.'),
  },
  { required: ['id'], definition: definition('RoleStatus') },
);
export type RoleStatus = TypeOf<typeof roleStatus>;

const memberStateRollup = object(
  'What is true of at least one member; each is for tables and alerts.',
  {
    membershipChanging: boolean('Whether a member is coming or going.'),
    membersDown: boolean('Whether a member does not run that should.'),
    membersInitializing: boolean('Whether a member is copying directories onto a new volume.'),
    membersWaiting: boolean('Whether a member waits for its container.'),
    membersRestarting: boolean('Whether a member is being set up again, since it has another container.'),
    configErrors: boolean('Whether a member could not be set up.'),
    membersNotScheduled: boolean('Whether a member finds no node to run on.'),
  },
  { definition: definition('MemberStateRollup') },
);

const restoreProgress = object(
  'Not used: restored clusters adopt their children by labels.',
  {
    awaitingApp: boolean('Whether the app was waited for.'),
    awaitingStatus: boolean('Whether the status of before was waited for.'),
    awaitingResources: boolean('Whether children were waited for.'),
    error: string('Why it could not be restored.'),
  },
  { definition: definition('RestoreProgress') },
);

const scaleStatus = object(
  'What `kubectl scale` and autoscalers see and change.',
  {
    role: string('Id of the role that is scaled.'),
    replicas: integer('How many pods the role has now.'),
    selector: string('Label selector of its pods, by which autoscalers measure them.'),
  },
  { definition: definition('ScaleStatus') },
);

const clusterStates = ['creating', 'updating', 'configured', 'spec modified'] as const;
export type ClusterState = (typeof clusterStates)[number];

export const clusterStatus = object(
  'What the cluster is now. Written by KubeDirector; what anybody else sends is ignored.',
  {
    observedGeneration: integer('The generation of the spec that this status is about.', { format: 'int64' }),
    state: oneOf(
      clusterStates,
      'The stage that the cluster is in, in a word. configured: nothing is being done; whether all is well, the condition Ready says.',
      { example: 'configured' },
    ),
    conditions,
    desiredMembers: integer('How many members the cluster is to have, in all roles.'),
    readyMembers: integer('How many of them are set up and can be used.'),
    scale: scaleStatus,
    memberStateRollup,
    restoreProgress: nullable(restoreProgress),
    generationUID: string('Not used: kept from releases that guarded status with it.'),
    specGenerationToProcess: integer(
      'Number of the newest configmeta.json: it goes up whenever that changes for anybody.',
      {
        format: 'int64',
      },
    ),
    configurationHash: string('Hash of what configmeta.json says of the cluster itself, by which changes are found.'),
    lastConnectionHash: string('Hash of the connected objects, by which changes are found.'),
    connectionVersion: integer(
      'Number of the newest state of the connected objects: it goes up whenever they change.',
      { format: 'int64' },
    ),
    lastRetry: string(
      'The value of the annotation kubedirector.bluedata.io/retry for which everything was last tried again. Another value has it tried once more.',
    ),
    clusterService: string(
      'Name of the headless Service by which members have host names: POD.SERVICE.NAMESPACE.svc.cluster.local.',
    ),
    lastNodeID: integer('The highest nodeID that a member was ever given.', { format: 'int64' }),
    roles: listByKey(['id'], roleStatus, 'How far each role has come that has members or is losing them.'),
  },
  { definition: definition('KubeDirectorClusterStatus') },
);
export type ClusterStatus = TypeOf<typeof clusterStatus>;
