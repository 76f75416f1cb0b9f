/**
 * KubeDirectorApp as published in 2018: names with underscores, images and setup packages as objects, `node_services`,
 * `systemctlMounts`.
 *
 * Fields that came later keep their present names. The version of the setup contract stands in `setup_package`, as it did then.
 */
import type { Form } from '../form.ts';
import { isRecord, type KubeObject, recordsIn } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';
import { integer, object, string } from '../schema/schema.ts';
import { appSpec, kubeDirectorApp } from '../v1beta1/kubedirectorapp.ts';
import { keepWhatFileSays, olderNamesInSpec, respellApp, withOlderAppSpellings } from './app-spellings.ts';
import { listOfRenamed, published, rename, renamed, speaking, withWords } from './renaming.ts';
import { hideStrangers, showStrangers } from './strangers.ts';

const specNames = {
  distroID: 'distro_id',
  defaultPersistDirs: 'persist_dirs',
  systemdRequired: 'systemctlMounts',
};
const endpointNames = { urlScheme: 'url_scheme', isDashboard: 'is_dashboard' };
const configNames = { selectedRoles: 'selected_roles', roleServices: 'node_services', configMeta: 'config_meta' };
const roleServicesNames = { roleID: 'role_id', serviceIDs: 'service_ids' };

/** What descriptions of the hub's fields call them, and what they are here. */
const wordsOfDescriptions: Readonly<Record<string, string>> = {
  ...{ ...specNames, ...endpointNames, ...configNames, ...roleServicesNames },
  ...{ imageRepoTag: 'image', defaultImageRepoTag: 'image', packageURL: 'import_url' },
  ...{ configPackage: 'setup_package', defaultConfigPackage: 'setup_package' },
};

/** Faults say more exactly where something is. */
const wordsOfFaults: Readonly<Record<string, string>> = {
  ...wordsOfDescriptions,
  ...{ imageRepoTag: 'image.repoTag', defaultImageRepoTag: 'image.repoTag' },
  configSchemaVersion: 'setup_package.config_api_version',
};

/** Releases before 0.2 had apps without a package, and hence without a version of its contract; seven was the only one. */
const firstSchemaVersion = 7;

const schema = publishedSchema();

/** What means something in `spec` here, and nothing in the hub. */
const takenNames: ReadonlySet<string> = new Set(
  [...Object.keys(schema.properties!.spec!.properties!), ...olderNamesInSpec].filter(
    (name) => !Object.hasOwn(appSpec.properties!, name),
  ),
);

export const kubeDirectorAppV1alpha1: Form = {
  version: 'v1alpha1',
  schema,
  inputSchema: withOlderAppSpellings(schema),
  respell: respellApp,
  keepWhatIsSaid: keepWhatFileSays,
  fieldCalled: (field) => withWords(field, wordsOfFaults),
  selectableFields: {
    'spec.distroID': { field: `spec.${specNames.distroID}` },
    'spec.roles.imageRepoTag': { field: 'spec.roles.image.repoTag' },
  },
  toHub: (object) => {
    const { spec } = object;
    if (isRecord(spec)) specToHub(spec);
    return object as unknown as KubeObject;
  },
  fromHub: (object) => {
    const { spec } = object as KubeObject & { spec?: unknown };
    if (isRecord(spec)) specFromHub(spec);
    return object as unknown as Record<string, unknown>;
  },
};

function specToHub(spec: Record<string, unknown>): void {
  for (const [present, old] of Object.entries(specNames)) rename(spec, old, present);
  imageToHub(spec, 'defaultImageRepoTag');
  const { setup_package: ownPackage } = spec;
  if (isRecord(ownPackage) && ownPackage.config_api_version !== undefined) {
    spec.configSchemaVersion = ownPackage.config_api_version;
    delete ownPackage.config_api_version;
  }
  packageToHub(spec, 'defaultConfigPackage');
  for (const role of recordsIn(spec.roles)) {
    imageToHub(role, 'imageRepoTag');
    packageToHub(role, 'configPackage');
  }
  eachEndpoint(spec, (endpoint) => renameAll(endpoint, endpointNames, 'toPresent'));
  const { config } = spec;
  if (isRecord(config)) {
    renameAll(config, configNames, 'toPresent');
    for (const entry of recordsIn(config.roleServices)) renameAll(entry, roleServicesNames, 'toPresent');
  }
  showStrangers(spec, takenNames);
}

function specFromHub(spec: Record<string, unknown>): void {
  hideStrangers(spec, takenNames);
  const { config, configSchemaVersion } = spec;
  delete spec.configSchemaVersion;
  if (isRecord(config)) {
    for (const entry of recordsIn(config.roleServices)) renameAll(entry, roleServicesNames, 'toPublished');
    renameAll(config, configNames, 'toPublished');
  }
  eachEndpoint(spec, (endpoint) => renameAll(endpoint, endpointNames, 'toPublished'));
  for (const role of recordsIn(spec.roles)) {
    imageFromHub(role, 'imageRepoTag');
    packageFromHub(role, 'configPackage', undefined);
  }
  imageFromHub(spec, 'defaultImageRepoTag');
  packageFromHub(spec, 'defaultConfigPackage', configSchemaVersion);
  for (const [present, old] of Object.entries(specNames)) rename(spec, present, old);
}

function renameAll(
  holder: Record<string, unknown>,
  names: Readonly<Record<string, string>>,
  direction: 'toPresent' | 'toPublished',
): void {
  for (const [present, old] of Object.entries(names))
    if (direction === 'toPresent') rename(holder, old, present);
    else rename(holder, present, old);
}

function imageToHub(holder: Record<string, unknown>, present: string): void {
  const { image } = holder;
  if (!isRecord(image)) return;
  delete holder.image;
  if (image.repoTag !== undefined) holder[present] = image.repoTag;
}

function imageFromHub(holder: Record<string, unknown>, present: string): void {
  const repoTag = holder[present];
  if (repoTag === undefined) return;
  delete holder[present];
  holder.image = { repoTag };
}

/** An `import_url` of null is the explicit "no package" of today; a package of which nothing is said is none at all. */
function packageToHub(holder: Record<string, unknown>, present: string): void {
  const { setup_package: given } = holder;
  if (given === undefined) return;
  delete holder.setup_package;
  if (!isRecord(given)) holder[present] = given;
  else if (given.import_url === null) holder[present] = null;
  else if (Object.keys(given).length) {
    rename(given, 'import_url', 'packageURL');
    holder[present] = given;
  }
}

function packageFromHub(holder: Record<string, unknown>, present: string, version: unknown): void {
  const value = holder[present];
  delete holder[present];
  const told = version === undefined ? {} : { config_api_version: version };
  if (isRecord(value)) {
    rename(value, 'packageURL', 'import_url');
    holder.setup_package = { ...told, ...value };
  } else if (value === null) holder.setup_package = { ...told, import_url: null };
  else if (version !== undefined) holder.setup_package = told;
}

function eachEndpoint(spec: Record<string, unknown>, change: (endpoint: Record<string, unknown>) => void): void {
  for (const { endpoint } of recordsIn(spec.services)) if (isRecord(endpoint)) change(endpoint);
}

function publishedSchema(): Schema {
  const whole = published(kubeDirectorApp);
  const spec = whole.properties!.spec!;
  const { services, roles, config } = spec.properties as Record<'services' | 'roles' | 'config', Schema>;
  const service = services.items!;
  const roleServices = config.properties!.roleServices!;
  const image = object(
    'The image that members run. Absent from a role: that of the app; one of the two is needed.',
    { repoTag: string('Image and tag.', { minLength: 1, example: 'docker.io/bluedata/sparkbase:2.0' }) },
    {
      required: ['repoTag'],
      definition: 'io.bluedata.kubedirector.v1alpha1.Image',
      example: { repoTag: 'docker.io/bluedata/sparkbase:2.0' },
    },
  );
  const { packageURL, ...laterFields } = spec.properties!.defaultConfigPackage!.properties!;
  const rolePackage: Schema = {
    type: 'object',
    nullable: true,
    description:
      'The setup package of the role. An import_url of null: it has none, and a member is configured as soon as its pod is ready. Absent: that of the app.',
    example: { import_url: packageURL!.example },
    properties: { import_url: { ...packageURL!, nullable: true }, ...laterFields },
    definition: 'io.bluedata.kubedirector.v1alpha1.RoleSetupPackage',
  };
  const setupPackage: Schema = {
    type: 'object',
    default: {},
    description: 'The setup package of the roles that name none of their own; without an import_url those have none.',
    example: { config_api_version: firstSchemaVersion, import_url: packageURL!.example },
    properties: {
      config_api_version: integer(spec.properties!.configSchemaVersion!.description!, {
        minimum: 7,
        default: firstSchemaVersion,
      }),
      ...rolePackage.properties,
    },
    definition: 'io.bluedata.kubedirector.v1alpha1.SetupPackage',
  };
  const role = renamed(
    roles.items!,
    { imageRepoTag: 'image', configPackage: 'setup_package' },
    {
      image,
      setup_package: rolePackage,
    },
  );
  const spoken = renamed(
    whole,
    {},
    {
      spec: renamed(
        spec,
        { ...specNames, defaultImageRepoTag: 'image', defaultConfigPackage: 'setup_package' },
        {
          configSchemaVersion: undefined,
          image,
          setup_package: setupPackage,
          services: {
            ...services,
            items: renamed(service, {}, { endpoint: renamed(service.properties!.endpoint!, endpointNames) }),
          },
          roles: { ...roles, items: role },
          config: renamed(config, configNames, {
            node_services: listOfRenamed(
              roleServices,
              roleServicesNames,
              renamed(roleServices.items!, roleServicesNames),
            ),
          }),
        },
      ),
    },
  );
  return speaking(spoken, wordsOfDescriptions);
}
