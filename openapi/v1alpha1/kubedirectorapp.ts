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
import { kubeDirectorApp } from '../v1beta1/kubedirectorapp.ts';
import { listOfRenamed, published, rename, renamed } from './renaming.ts';
import { alsoCalled, movedTo, respell, type Spellings, withOlderSpellings } from './spelling.ts';

const specNames = {
  distroID: 'distro_id',
  defaultPersistDirs: 'persist_dirs',
  systemdRequired: 'systemctlMounts',
};
const endpointNames = { urlScheme: 'url_scheme', isDashboard: 'is_dashboard' };
const configNames = { selectedRoles: 'selected_roles', roleServices: 'node_services', configMeta: 'config_meta' };
const roleServicesNames = { roleID: 'role_id', serviceIDs: 'service_ids' };

/** Releases before 0.2 had apps without a package, and hence without a version of its contract; seven was the only one. */
const firstSchemaVersion = 7;

const packageSpellings: Spellings = {
  older: { packageURL: alsoCalled('import_url'), package_url: movedTo('import_url') },
};

const spellings: Spellings = {
  fields: {
    spec: {
      older: {
        distroID: alsoCalled('distro_id'),
        systemdRequired: alsoCalled('systemctlMounts'),
        defaultPersistDirs: alsoCalled('persist_dirs'),
        default_persist_dirs: movedTo('persist_dirs'),
        defaultImageRepoTag: alsoCalled('image.repoTag'),
        default_image_repo_tag: movedTo('image.repoTag'),
        configSchemaVersion: alsoCalled('setup_package.config_api_version'),
        config_schema_version: movedTo('setup_package.config_api_version'),
        schema_version: movedTo('setup_package.config_api_version'),
        defaultConfigPackage: alsoCalled('setup_package'),
        default_config_package: movedTo('setup_package'),
      },
      fields: {
        setup_package: packageSpellings,
        services: {
          items: {
            fields: {
              endpoint: { older: { urlScheme: alsoCalled('url_scheme'), isDashboard: alsoCalled('is_dashboard') } },
            },
          },
        },
        roles: {
          items: {
            older: {
              imageRepoTag: alsoCalled('image.repoTag'),
              image_repo_tag: movedTo('image.repoTag'),
              configPackage: alsoCalled('setup_package'),
              config_package: movedTo('setup_package'),
              persist_dirs: movedTo('persistDirs'),
            },
            fields: { setup_package: packageSpellings },
          },
        },
        config: {
          older: {
            selectedRoles: alsoCalled('selected_roles'),
            configMeta: alsoCalled('config_meta'),
            roleServices: alsoCalled('node_services'),
            role_services: movedTo('node_services'),
          },
          fields: {
            node_services: {
              items: { older: { roleID: alsoCalled('role_id'), serviceIDs: alsoCalled('service_ids') } },
            },
          },
        },
      },
    },
  },
};

const schema = publishedSchema();

export const kubeDirectorAppV1alpha1: Form = {
  version: 'v1alpha1',
  schema,
  inputSchema: withOlderSpellings(schema, spellings),
  respell: (document, warn) => respell(document, spellings, warn),
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
  const roles = recordsIn(spec.roles);
  const versions = [spec, ...roles].map((holder) =>
    packageToHub(holder, holder === spec ? 'defaultConfigPackage' : 'configPackage'),
  );
  for (const role of roles) imageToHub(role, 'imageRepoTag');
  spec.configSchemaVersion = versions.find((version) => version !== undefined) ?? firstSchemaVersion;
  eachEndpoint(spec, (endpoint) => renameAll(endpoint, endpointNames, 'toPresent'));
  const { config } = spec;
  if (!isRecord(config)) return;
  renameAll(config, configNames, 'toPresent');
  for (const entry of recordsIn(config.roleServices)) renameAll(entry, roleServicesNames, 'toPresent');
}

function specFromHub(spec: Record<string, unknown>): void {
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

/**
 * An `import_url` of null is the explicit "no package" of today; without one there is only the version.
 *
 * @returns the version of the setup contract, if this package told it
 */
function packageToHub(holder: Record<string, unknown>, present: string): unknown {
  const given = holder.setup_package;
  if (given === undefined) return undefined;
  delete holder.setup_package;
  if (!isRecord(given)) {
    holder[present] = given;
    return undefined;
  }
  const { config_api_version: version, import_url: packageURL, ...later } = given;
  if (packageURL === null) holder[present] = null;
  else if (packageURL !== undefined) holder[present] = { packageURL, ...later };
  return version ?? undefined;
}

function packageFromHub(holder: Record<string, unknown>, present: string, version: unknown): void {
  const value = holder[present];
  delete holder[present];
  const told = version === undefined ? {} : { config_api_version: version };
  if (isRecord(value)) {
    const { packageURL, ...later } = value;
    holder.setup_package = { ...told, import_url: packageURL, ...later };
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
    'The image that members run.',
    { repoTag: string('Image and tag.', { minLength: 1, example: 'docker.io/bluedata/sparkbase:2.0' }) },
    { required: ['repoTag'], definition: 'io.bluedata.kubedirector.v1alpha1.Image' },
  );
  const { packageURL, ...laterFields } = spec.properties!.defaultConfigPackage!.properties!;
  const setupPackage: Schema = {
    type: 'object',
    nullable: true,
    description: 'The archive with the scripts that configure a member.',
    properties: {
      config_api_version: integer('Version of the contract with the setup scripts.', { minimum: 7, example: 7 }),
      import_url: { ...packageURL!, nullable: true },
      ...laterFields,
    },
    definition: 'io.bluedata.kubedirector.v1alpha1.SetupPackage',
  };
  const role = renamed(
    roles.items!,
    { imageRepoTag: 'image', configPackage: 'setup_package' },
    { image, setup_package: setupPackage },
  );
  return renamed(
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
}
