/**
 * KubeDirectorApp: an application described once, as data: roles, services, images and the packages that set it up.
 *
 * Schema and types of the hub version. Whether ids refer to each other rightly is judged by the registry.
 */
import type { KubeObject } from '../machinery/meta.ts';
import { objectMetaSchema } from '../schema/object-meta.ts';
import {
  asField,
  boolean,
  formed,
  integer,
  listByKey,
  listOf,
  mapOf,
  nullable,
  object,
  oneOf,
  quantity,
  setOf,
  string,
  type TypeOf,
} from '../schema/schema.ts';

const definition = (name: string) => `io.bluedata.kubedirector.v1beta1.${name}`;

/** Ids of services become port names, which have 15 characters at most; the underscore is history's. */
const serviceId = (description: string, example: string) =>
  formed('^[A-Za-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?$', description, { minLength: 1, maxLength: 63, example });

const roleId = (description: string) =>
  formed('^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$', description, {
    minLength: 1,
    maxLength: 63,
    example: 'worker',
  });

const label = object(
  'What people read instead of an id.',
  {
    name: string('Name to show, such as in a list of apps.', { minLength: 1, example: 'Spark 2.2.1 with Jupyter' }),
    description: string('What it is and what it is for, in a sentence or two.', {
      example: 'Spark with a notebook on top.',
    }),
  },
  { required: ['name'], preserveUnknown: true, definition: definition('Label') },
);

const serviceEndpoint = object(
  'Where a service listens, and how it is opened there.',
  {
    port: integer(
      'TCP port on which members listen; opened in the Service of each member. Absent or 0: none is opened.',
      { minimum: 0, maximum: 65535, example: 8080 },
    ),
    urlScheme: formed(
      '^[A-Za-z0-9][-A-Za-z0-9+.]*$',
      'Scheme of the addresses that scripts are given, SCHEME://HOST:PORT, and the beginning of the names of ports. Absent: both go without.',
      {
        maxLength: 63,
        example: 'http',
      },
    ),
    path: string(
      'Path at which it is opened there. For whoever shows the address; KubeDirector does nothing with it.',
      {
        example: '/lab',
      },
    ),
    isDashboard: boolean('Whether it is a page that people open in a browser; needs urlScheme. Absent: no.'),
    hasAuthToken: boolean(
      'Whether scripts are given a token with which it is to be guarded, one for each role that offers it. It is kept in a Secret of the namespace. Absent: no.',
    ),
  },
  { definition: definition('ServiceEndpoint') },
);

const appService = object(
  'Something that members run and others may look for; with an endpoint, a port of their Services.',
  {
    id: serviceId(
      'By which config.roleServices and scripts refer to it; unique in the app. Names the port of Services, with hyphens for underscores.',
      'spark-master',
    ),
    label: nullable(
      asField(label, 'What people call the service. Absent: nothing but its id.', {
        example: { name: 'Spark master' },
      }),
    ),
    endpoint: nullable(
      asField(serviceEndpoint, 'Where it listens. Absent: it is only a name for what runs there.', {
        example: { port: 8080, urlScheme: 'http', isDashboard: true },
      }),
    ),
    exported_service: string(
      'Name under which scripts of connected clusters look for it, whatever its id is. Absent: it is not announced.',
      { example: 'spark' },
    ),
  },
  { required: ['id'], preserveUnknown: true, definition: definition('AppService') },
);
export type AppService = TypeOf<typeof appService>;

const setupPackage = object(
  'An archive (.tgz) with the startscript that sets up a member, and whatever that needs.',
  {
    packageURL: formed(
      '^(file|https?)://.+\\.tgz$',
      'Where each member gets the archive: a file in its image (file:), or a server that it can reach (http:, https:).',
      {
        example: 'file:///opt/configscripts/appconfig.tgz',
      },
    ),
    sha256: formed(
      '^[0-9a-f]{64}$',
      'SHA-256 of the archive in lowercase hex, as `sha256sum` prints it; a member refuses any other. Absent: it takes what it finds.',
      {
        example: '80e7c67ffe7dc5024a6e7392ce4361ade801fe3d8fc8f724c3090c385fd531ec',
      },
    ),
    useNewSetupLayout: boolean(
      'Whether the scripts keep to /opt/guestconfig and /usr/local, as those written for release 0.8 and later may; then less of the image has to be persisted. Absent: no, and all of /opt and /usr is.',
    ),
  },
  { required: ['packageURL'], definition: definition('SetupPackage') },
);

const persistDirs = (description: string) =>
  listOf(
    formed('^/.*[^/]$', 'Absolute path of a directory, without a slash at its end.', { example: '/data' }),
    description,
    { example: ['/data', '/etc/spark'] },
  );

export const lifecycleEvents = ['configure', 'addnodes', 'delnodes'] as const;
const eventList = (description: string) =>
  setOf(oneOf(lifecycleEvents, 'An event in the life of a member.'), description, {
    example: ['configure', 'addnodes'],
  });

const image = (description: string) =>
  string(description, { minLength: 1, example: 'docker.io/bluedata/sparkbase:2.0' });

const logSize = (description: string) => integer(description, { minimum: 0, example: 4096 });

const appRole = object(
  'A kind of member: what it runs, how it is set up, and how many of it there may be.',
  {
    id: roleId('By which clusters and scripts refer to the role; unique in the app, and part of the names of pods.'),
    cardinality: formed(
      '^\\d+\\+?$',
      'How many members a cluster may give the role, as a string: "3" means exactly three, "3+" three or more, "0+" any number. The number is what clusters get that say none.',
      {
        example: '1+',
      },
    ),
    imageRepoTag: image(
      'Image that members of the role run, with its tag. Absent: defaultImageRepoTag; one of the two is needed.',
    ),
    configPackage: nullable(
      asField(
        setupPackage,
        'The setup package of the role. null: it has none, and a member is configured as soon as its pod is ready. Absent: defaultConfigPackage.',
        { example: { packageURL: 'file:///opt/configscripts/appconfig.tgz' } },
      ),
    ),
    persistDirs: persistDirs(
      'Directories of the image that members with storage keep on their volume, besides those that the setup package needs kept. Absent: defaultPersistDirs.',
    ),
    eventList: eventList(
      'Events for which the startscript of the role is run: configure (the member is set up), addnodes (others have come), delnodes (others are about to go). Absent: defaultEventList.',
    ),
    containerSpec: nullable(
      object(
        'How the container of a member is run.',
        {
          stdin: boolean('Whether its stdin is kept open. Absent: no.'),
          tty: boolean('Whether it has a terminal; needs stdin. Absent: no.'),
        },
        { definition: definition('ContainerSpec'), example: { stdin: true, tty: true } },
      ),
    ),
    minResources: nullable(
      mapOf(
        quantity('An amount, such as 500m, 2 or 4Gi.'),
        'The least that a cluster has to request for each member of the role, by name of the resource. Absent: nothing is demanded.',
        {
          example: { cpu: '1', memory: '4Gi' },
        },
      ),
    ),
    minStorage: nullable(
      object(
        'The least storage that a cluster has to give each member of the role. Absent: nothing is demanded.',
        {
          size: quantity('The least size of the volume.', { example: '10Gi' }),
          ephemeralModeSupported: boolean('Whether a cluster may leave storage out altogether. Absent: no.'),
        },
        { required: ['size'], definition: definition('MinStorage'), example: { size: '10Gi' } },
      ),
    ),
    maxLogSizeDump: logSize(
      'How many bytes of what a failed startscript wrote last are shown in the status of the member, of stdout and of stderr each; 0 for none. Absent: defaultMaxLogSizeDump.',
    ),
  },
  { required: ['id', 'cardinality'], definition: definition('AppRole') },
);
export type AppRole = TypeOf<typeof appRole>;

const appConfig = object(
  'Which of the roles are in use, what runs on each, and constants for the scripts.',
  {
    selectedRoles: setOf(
      string('Id of a role.', { minLength: 1 }),
      'Ids of the roles that are in use. A cluster has to have those of them whose cardinality is above zero.',
      { example: ['controller', 'worker'] },
    ),
    roleServices: listByKey(
      ['roleID'],
      object(
        'One role, and what runs on it.',
        {
          roleID: roleId('Id of the role.'),
          serviceIDs: setOf(
            serviceId('Id of a service.', 'ssh'),
            'Ids of the services that its members run; those with an endpoint get a port, each another one.',
            {
              example: ['ssh', 'spark-worker'],
            },
          ),
        },
        { required: ['roleID', 'serviceIDs'], definition: definition('RoleServices') },
      ),
      'Which services run on which role. A role that is not listed runs none, and its members get no Services.',
      { example: [{ roleID: 'worker', serviceIDs: ['ssh', 'spark-worker'] }] },
    ),
    configMeta: nullable(
      mapOf(
        string('Value.'),
        'Constants of the app that scripts can read (`config_metadata` in configmeta.json), strings all.',
        { example: { streams_enabled: 'false' } },
      ),
    ),
  },
  { required: ['selectedRoles', 'roleServices'], definition: definition('AppConfig') },
);

export const appSpec = object(
  'What the application consists of, and what runs where.',
  {
    label: asField(label, 'What people call the application.', { example: { name: 'Spark 2.2.1 with Jupyter' } }),
    distroID: string(
      'Id of the line of applications that this is a version of: the same in all versions, and made up by the author. Scripts can read it.',
      {
        minLength: 1,
        example: 'bluedata/spark221e2',
      },
    ),
    version: string('Version of this description of the application, as a string. Scripts can read it.', {
      minLength: 1,
      example: '2.5',
    }),
    configSchemaVersion: integer(
      'Version of the form of configmeta.json that the scripts expect. 7 is the only one so far.',
      { minimum: 7, example: 7 },
    ),
    defaultImageRepoTag: image('Image of the roles that name none of their own, with its tag.'),
    defaultConfigPackage: nullable(
      asField(
        setupPackage,
        'The setup package of the roles that name none of their own. Absent or null: those have none.',
        { example: { packageURL: 'file:///opt/configscripts/appconfig.tgz' } },
      ),
    ),
    defaultPersistDirs: persistDirs(
      'The persistDirs of the roles that have no list of their own. Absent: only what the setup package needs kept.',
    ),
    defaultEventList: eventList('The eventList of the roles that have none of their own. Absent: all events.'),
    defaultMaxLogSizeDump: logSize(
      'The maxLogSizeDump of the roles that have none of their own, in bytes; 0 for none. Absent: 256.',
    ),
    services: listByKey(
      ['id'],
      appService,
      'All that members of any role may offer; config.roleServices says on which roles. The ports of Services come in this order.',
      {
        example: [{ id: 'ssh', label: { name: 'SSH' }, endpoint: { port: 22 } }],
      },
    ),
    roles: listByKey(['id'], appRole, 'The kinds of members that a cluster can have.', {
      example: [{ id: 'worker', cardinality: '1+' }],
    }),
    config: appConfig,
    scaleRole: string(
      'Id of the role whose members `kubectl scale` and autoscalers change, where a cluster does not say. Absent: the first selected role whose cardinality ends in +.',
      { minLength: 1, example: 'worker' },
    ),
    capabilities: setOf(
      string('Name of a capability, without CAP_.', { minLength: 1 }),
      'Linux capabilities that containers of members get besides those that every container has.',
      { example: ['IPC_LOCK'] },
    ),
    systemdRequired: boolean(
      'Whether the images run systemd as their first process, so that a member is set up only when that has started. Absent: no.',
    ),
    logoURL: formed(
      '^(file|https?)://.+\\.(jpeg|png)$',
      'Where a picture of the application is found, for whoever shows apps; JPEG or PNG.',
      {
        example: 'https://example.com/spark.png',
      },
    ),
  },
  {
    required: ['label', 'distroID', 'version', 'configSchemaVersion', 'roles', 'config'],
    preserveUnknown: true,
    definition: definition('KubeDirectorAppSpec'),
  },
);
export type AppSpec = TypeOf<typeof appSpec>;

export const kubeDirectorApp = object(
  'An application described once, as data: its roles, their images, services and setup scripts. KubeDirectorClusters are instances of it, in its namespace, or anywhere if it is in that of KubeDirector. While there are any it can only be changed in ways that change nothing for them.',
  {
    apiVersion: string('Group and version of the API that the object is written in.'),
    kind: string('The kind of the object, KubeDirectorApp.'),
    metadata: objectMetaSchema,
    spec: appSpec,
  },
  { required: ['spec'], definition: definition('KubeDirectorApp') },
);

export interface KubeDirectorApp extends KubeObject {
  spec: AppSpec;
}
