/**
 * Every spelling that an app was written in before: 0.1.0 to 0.3.2 in v1alpha1, and the words of v1beta1.
 *
 * The table says where each older key belongs; this file alone knows that the version of the setup contract stood in roles too.
 */
import type { Warn } from '../form.ts';
import { type FieldError, spec as inSpec, invalid } from '../machinery/field.ts';
import { jsonText, sameJson } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';
import { keepWhatIsSaid } from './kept.ts';
import { renamed } from './renaming.ts';
import { alsoCalled, movedTo, respell, type Spellings, soleFieldOf, withOlderSpellings } from './spelling.ts';

/** Three things can be said of a package: nothing, that there is none (null), and where it is. */
const packageSpellings: Spellings = {
  older: { packageURL: alsoCalled('import_url'), package_url: movedTo('import_url') },
  whenNull: { import_url: null },
};

const table: Spellings = {
  fields: {
    spec: {
      older: {
        distroID: alsoCalled('distro_id'),
        systemdRequired: alsoCalled('systemctlMounts'),
        defaultPersistDirs: alsoCalled('persist_dirs'),
        default_persist_dirs: movedTo('persist_dirs'),
        defaultImageRepoTag: soleFieldOf(alsoCalled('image.repoTag')),
        default_image_repo_tag: soleFieldOf(movedTo('image.repoTag')),
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
              imageRepoTag: soleFieldOf(alsoCalled('image.repoTag')),
              image_repo_tag: soleFieldOf(movedTo('image.repoTag')),
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

/** The older keys of `spec` itself. */
export const olderNamesInSpec: readonly string[] = Object.keys(table.fields!.spec!.older!);

/** Puts an app into today's spelling, in place. @returns a fault per field that is spelled in two ways that disagree */
export const respellApp = (document: Record<string, unknown>, warn: Warn): FieldError[] => [
  ...respell(document, table, warn),
  ...liftVersions(document, warn),
];

/** A field that the file has under another name than before is not removed from the app. */
export function keepWhatFileSays(patch: Record<string, unknown>, file: Record<string, unknown>): void {
  respellApp(file, () => {});
  keepWhatIsSaid(patch, file, table);
}

/**
 * In 2018 the package of each role told the version of the setup contract again. An app has one version, which stands in the package
 * of the app, and there it is put.
 *
 * @returns a fault for each role that tells another one
 */
function liftVersions(document: Record<string, unknown>, warn: Warn): FieldError[] {
  const { spec } = document;
  if (!isRecord(spec)) return [];
  const belongs = inSpec.child('setup_package').child('config_api_version');
  const roles: unknown[] = Array.isArray(spec.roles) ? spec.roles : [];
  return roles.flatMap((role, i) => {
    const ofRole = isRecord(role) ? role.setup_package : undefined;
    if (!isRecord(ofRole) || ofRole.config_api_version === undefined) return [];
    const { config_api_version: version } = ofRole;
    delete ofRole.config_api_version;
    const at = inSpec.child('roles').index(i).child('setup_package').child('config_api_version');
    warn(`${at} is an older spelling of ${belongs}`);
    const { setup_package: whole = {} } = spec;
    const ofApp = whole === null ? { import_url: null } : whole;
    if (!isRecord(ofApp)) return [];
    spec.setup_package = ofApp;
    ofApp.config_api_version ??= version;
    if (sameJson(ofApp.config_api_version, version)) return [];
    const other = `differs from ${belongs}, which is ${jsonText(ofApp.config_api_version)}`;
    return [invalid(at, version, `${other}: the packages of an app all follow one version of the contract`)];
  });
}

/** The schema of an app with the older keys beside the present ones. */
export const withOlderAppSpellings = (schema: Schema): Schema => withVersionsInRoles(withOlderSpellings(schema, table));

/** What clients may send in the package of a role, besides what `schema` says. */
function withVersionsInRoles(input: Schema): Schema {
  const spec = input.properties!.spec!;
  const roles = spec.properties!.roles!;
  const role = roles.items!;
  const { default: _, ...version } = spec.properties!.setup_package!.properties!.config_api_version!;
  const description = 'Older spelling of spec.setup_package.config_api_version.';
  const rolePackage = renamed(role.properties!.setup_package!, {}, { config_api_version: { ...version, description } });
  const items = renamed(role, {}, { setup_package: rolePackage });
  return renamed(input, {}, { spec: renamed(spec, {}, { roles: { ...roles, items } }) });
}
