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
  'A name for people.',
  {
    name: string('Short name.', { minLength: 1, example: 'Spark 2.2.1 with Jupyter' }),
    description: string('What it is, in a sentence or two.', { example: 'Spark with a notebook on top.' }),
  },
  { required: ['name'], preserveUnknown: true, definition: definition('Label') },
);

const serviceEndpoint = object(
  'Where a service listens.',
  {
    port: integer('TCP port on which members listen.', { minimum: 0, maximum: 65535, example: 8080 }),
    urlScheme: formed(
      '^[A-Za-z0-9][-A-Za-z0-9+.]*$',
      'Scheme of its URL. Absent: the service has an address, but no URL.',
      {
        maxLength: 63,
        example: 'http',
      },
    ),
    path: string('Path of its URL.', { example: '/' }),
    isDashboard: boolean('Whether people open it in a browser; needs urlScheme. Absent: no.'),
    hasAuthToken: boolean('Whether each member gets a token that guards it. Absent: no.'),
  },
  { definition: definition('ServiceEndpoint') },
);

const appService = object(
  'Something that members offer: an endpoint, or only a name for what runs there.',
  {
    id: serviceId('Unique among the services of the app.', 'spark-master'),
    label: nullable(asField(label, 'What people call it.')),
    endpoint: nullable(asField(serviceEndpoint, 'Where it listens. Absent: it has no port.')),
    exported_service: string('Name under which other apps look for it.', { example: 'spark' }),
  },
  { required: ['id'], preserveUnknown: true, definition: definition('AppService') },
);
export type AppService = TypeOf<typeof appService>;

const setupPackage = object(
  'An archive with the scripts that configure a member.',
  {
    packageURL: formed('^(file|https?)://.+\\.tgz$', 'Where the member finds it.', {
      example: 'file:///opt/configscripts/appconfig.tgz',
    }),
    sha256: formed(
      '^[0-9a-f]{64}$',
      'SHA-256 of the archive in lowercase hex, as `sha256sum` prints it; a member refuses any other. Absent: it takes what it finds.',
      {
        example: '80e7c67ffe7dc5024a6e7392ce4361ade801fe3d8fc8f724c3090c385fd531ec',
      },
    ),
    useNewSetupLayout: boolean(
      'Whether the scripts expect their files in the layout of release 0.8 and later. Absent: no.',
    ),
  },
  { required: ['packageURL'], definition: definition('SetupPackage') },
);

const persistDirs = (description: string) =>
  listOf(
    formed('^/.*[^/]$', 'A directory: an absolute path without a slash at its end.', { example: '/data' }),
    description,
    { example: ['/data', '/etc/spark'] },
  );

export const lifecycleEvents = ['configure', 'addnodes', 'delnodes'] as const;
const eventList = (description: string) =>
  setOf(oneOf(lifecycleEvents, 'Name of a lifecycle event.'), description, { example: ['configure', 'addnodes'] });

const image = (description: string) =>
  string(description, { minLength: 1, example: 'docker.io/bluedata/sparkbase:2.0' });

const logSize = (description: string) => integer(description, { minimum: 0, example: 4096 });

const appRole = object(
  'A group of identical members.',
  {
    id: roleId('Unique among the roles of the app.'),
    cardinality: formed('^\\d+\\+?$', 'How many members the role has: `3` means exactly three, `3+` at least three.', {
      example: '1+',
    }),
    imageRepoTag: image('Image that members run. Absent: defaultImageRepoTag.'),
    configPackage: nullable(
      asField(setupPackage, 'The scripts that configure members. null: there are none. Absent: defaultConfigPackage.'),
    ),
    persistDirs: persistDirs('Directories kept on the volume of a member that has one. Absent: defaultPersistDirs.'),
    eventList: eventList('Lifecycle events for which the setup script runs. Absent: defaultEventList.'),
    containerSpec: nullable(
      object(
        'How the container is run.',
        {
          stdin: boolean('Whether stdin is kept open. Absent: no.'),
          tty: boolean('Whether it has a terminal; needs stdin. Absent: no.'),
        },
        { definition: definition('ContainerSpec') },
      ),
    ),
    minResources: nullable(
      mapOf(quantity('An amount.'), 'The least that a cluster must request for a member, by resource name.', {
        example: { cpu: '1', memory: '4Gi' },
      }),
    ),
    minStorage: nullable(
      object(
        'The least storage that a cluster must give a member.',
        {
          size: quantity('Size.', { example: '10Gi' }),
          ephemeralModeSupported: boolean('Whether members may also run without storage. Absent: no.'),
        },
        { required: ['size'], definition: definition('MinStorage') },
      ),
    ),
    maxLogSizeDump: logSize(
      'How many bytes of the output of a failed script status keeps; 0 for none. Absent: defaultMaxLogSizeDump.',
    ),
  },
  { required: ['id', 'cardinality'], definition: definition('AppRole') },
);
export type AppRole = TypeOf<typeof appRole>;

const appConfig = object(
  'Which roles are used, and which services run on them.',
  {
    selectedRoles: setOf(
      string('Id of a role.', { minLength: 1 }),
      'The roles that are used. A cluster must have those with a minimum above zero.',
      { example: ['controller', 'worker'] },
    ),
    roleServices: listByKey(
      ['roleID'],
      object(
        'The services of one role.',
        {
          roleID: roleId('Which role.'),
          serviceIDs: setOf(serviceId('Id of a service.', 'ssh'), 'The services that run on it.', {
            example: ['ssh', 'spark-worker'],
          }),
        },
        { required: ['roleID', 'serviceIDs'], definition: definition('RoleServices') },
      ),
      'Which services run on which role.',
    ),
    configMeta: nullable(
      mapOf(string('Value.'), 'Constants for the setup scripts.', { example: { streams_enabled: 'false' } }),
    ),
  },
  { required: ['selectedRoles', 'roleServices'], definition: definition('AppConfig') },
);

export const appSpec = object(
  'What the application consists of.',
  {
    label: asField(label, 'What people call the application.'),
    distroID: string('Names the line of applications that all versions of this one belong to.', {
      minLength: 1,
      example: 'bluedata/spark221e2',
    }),
    version: string('Version of this description.', { minLength: 1, example: '2.5' }),
    configSchemaVersion: integer('Version of the contract with the setup scripts.', { minimum: 7, example: 7 }),
    defaultImageRepoTag: image('Image for roles without their own.'),
    defaultConfigPackage: nullable(
      asField(
        setupPackage,
        'The scripts that configure members, for roles that do not say. Absent or null: there are none.',
      ),
    ),
    defaultPersistDirs: persistDirs('Directories to keep on the volume, for roles without their own list.'),
    defaultEventList: eventList('Lifecycle events, for roles without their own list. Absent: all.'),
    defaultMaxLogSizeDump: logSize(
      'How many bytes of script output status keeps, for roles that do not say; 0 for none. Absent: 256.',
    ),
    services: listByKey(['id'], appService, 'What members offer. Ports are opened in this order.', {
      example: [{ id: 'ssh', label: { name: 'SSH' }, endpoint: { port: 22 } }],
    }),
    roles: listByKey(['id'], appRole, 'The groups of members.', { example: [{ id: 'worker', cardinality: '1+' }] }),
    config: appConfig,
    scaleRole: string(
      'The role that `kubectl scale` changes, where a cluster does not say. Absent: the first selected role whose cardinality ends in +.',
      { minLength: 1, example: 'worker' },
    ),
    capabilities: setOf(
      string('Name of a Linux capability.', { minLength: 1 }),
      'Linux capabilities that every member gets besides those that containers have.',
      { example: ['IPC_LOCK'] },
    ),
    systemdRequired: boolean('Whether the images run systemd as their first process. Absent: no.'),
    logoURL: formed('^(file|https?)://.+\\.(jpeg|png)$', 'Where a picture of the application is found.', {
      example: 'https://example.com/spark.png',
    }),
  },
  {
    required: ['label', 'distroID', 'version', 'configSchemaVersion', 'roles', 'config'],
    preserveUnknown: true,
    definition: definition('KubeDirectorAppSpec'),
  },
);
export type AppSpec = TypeOf<typeof appSpec>;

export const kubeDirectorApp = object(
  'An application described once, as data. Clusters are instances of it.',
  {
    apiVersion: string('Version of this form.'),
    kind: string('KubeDirectorApp.'),
    metadata: objectMetaSchema,
    spec: appSpec,
  },
  { required: ['spec'], definition: definition('KubeDirectorApp') },
);

export interface KubeDirectorApp extends KubeObject {
  spec: AppSpec;
}
