/**
 * The fields of a pod's spec that the sandbox reads, with their types, and how its lists are merged: which is Kubernetes', since
 * whoever applies a configuration owns items by it. All other fields are kept as they are.
 */

import {
  anything,
  boolean,
  integer,
  listByKey,
  listOf,
  mapOf,
  object,
  quantity,
  string,
} from '../../../../openapi/schema/schema.ts';
import { statusOf } from '../host-kind.ts';

const open = { preserveUnknown: true } as const;

const quantities = (description: string) => mapOf(quantity('How much.'), description);

const port = object(
  'A port.',
  {
    name: string('Name.'),
    containerPort: integer('Port.'),
    protocol: string('TCP, UDP or SCTP.', { default: 'TCP' }),
  },
  open,
);

/** References to a key or a field of something are owned as a whole. */
const whole = (description: string) => object(description, {}, { ...open, atomic: true });

const variable = object(
  'A variable.',
  {
    name: string('Name.'),
    value: string('Its value.'),
    valueFrom: object(
      'Where its value is from.',
      {
        fieldRef: whole('A field of the pod.'),
        resourceFieldRef: whole('An amount of the container.'),
        configMapKeyRef: whole('A key of a ConfigMap.'),
        secretKeyRef: whole('A key of a Secret.'),
      },
      open,
    ),
  },
  open,
);

const container = object(
  'A program in its own file system.',
  {
    name: string('Name of the container.'),
    image: string('Image that it is made from.'),
    imagePullPolicy: string('When the image is fetched.'),
    ports: listByKey(['containerPort', 'protocol'], port, 'Its ports.'),
    env: listByKey(['name'], variable, 'Its environment.'),
    resources: object(
      'What it needs.',
      { limits: quantities('The most it gets.'), requests: quantities('What it gets for certain.') },
      open,
    ),
    volumeMounts: listByKey(
      ['mountPath'],
      object('A volume that it sees.', { name: string('Name of the volume.'), mountPath: string('Where.') }, open),
      'The volumes that it sees.',
    ),
    volumeDevices: listByKey(
      ['devicePath'],
      object('A device that it sees.', { name: string('Name of the claim.'), devicePath: string('Where.') }, open),
      'The block devices that it sees.',
    ),
    restartPolicy: string('Always makes an init container run beside the others.'),
  },
  open,
);

const volume = object(
  'A volume.',
  {
    name: string('Name of the volume.'),
    persistentVolumeClaim: object('A claim.', { claimName: string('Name of the claim.') }, open),
  },
  open,
);

export const podSpecSchema = object(
  'The containers, and what they need.',
  {
    containers: listByKey(['name'], container, 'Containers that run side by side.'),
    initContainers: listByKey(['name'], container, 'Containers that run before, one after another.'),
    volumes: listByKey(['name'], volume, 'Volumes of the pod.'),
    nodeName: string('The node that it runs on.'),
    nodeSelector: { ...mapOf(string('Value.'), 'Labels that the node must have.'), 'x-kubernetes-map-type': 'atomic' },
    ephemeralContainers: listByKey(['name'], container, 'Containers that were added to find out what is wrong.'),
    imagePullSecrets: listByKey(['name'], object('A secret.', { name: string('Name.') }, open), 'Who pulls images.'),
    hostAliases: listByKey(['ip'], object('Names.', { ip: string('Address.') }, open), 'Names that it knows.'),
    topologySpreadConstraints: listByKey(
      ['topologyKey', 'whenUnsatisfiable'],
      object(
        'A rule.',
        { topologyKey: string('Label of nodes.'), whenUnsatisfiable: string('DoNotSchedule or ScheduleAnyway.') },
        open,
      ),
      'How its like are spread.',
    ),
    schedulerName: string('Who finds a node for it.'),
    serviceAccountName: string('The name that it goes by.'),
    restartPolicy: string('Whether containers that ended are started again.'),
    terminationGracePeriodSeconds: integer('How long it may take to end.', { format: 'int64' }),
    hostNetwork: boolean('Whether it uses the network of the node.'),
    tolerations: listOf(object('A taint that it bears.', {}, open), 'Taints that it bears.'),
    readinessGates: listOf(
      object('A condition.', { conditionType: string('Type of the condition.') }, open),
      'Conditions of others that must be met before it is ready.',
    ),
  },
  open,
);

export const podTemplateSchema = object(
  'What pods are made from.',
  {
    metadata: object(
      'Labels and annotations of the pods.',
      {
        labels: mapOf(string('Value.'), 'Labels of the pods.'),
        annotations: mapOf(string('Value.'), 'Annotations of the pods.'),
      },
      open,
    ),
    spec: podSpecSchema,
  },
  open,
);

const containerStatus = object(
  'How a container is.',
  {
    name: string('Name of the container.'),
    image: string('Image that it was made from.'),
    containerID: string('What the node calls it.'),
    ready: boolean('Whether it is ready.'),
    started: boolean('Whether it has started.'),
    restartCount: integer('How often it was started again.'),
    state: anything('What it does.'),
    lastState: anything('How it ended last.'),
  },
  open,
);

export const podStatusSchema = statusOf({
  phase: string('Pending, Running, Succeeded or Failed.'),
  reason: string('Why, in a word.'),
  podIP: string('Address of the pod.'),
  podIPs: listByKey(['ip'], object('An address.', { ip: string('Address.') }), 'Addresses of the pod.'),
  nominatedNodeName: string('Where it is to run.'),
  containerStatuses: listOf(containerStatus, 'How the containers are.'),
  initContainerStatuses: listOf(containerStatus, 'How the init containers are.'),
});
