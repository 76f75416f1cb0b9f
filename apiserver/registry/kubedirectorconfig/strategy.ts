/**
 * How writing the configuration differs from writing anything else: there is one, in one place, and clusters rely on its key.
 */
import { type FieldError, forbidden, invalid, metadata, spec as specPath } from '../../../openapi/machinery/field.ts';
import { keyText, type ObjectKey } from '../../../openapi/machinery/meta.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { newMasterKey } from '../../../openapi/secret-values.ts';
import type { KubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { annotationFaults, labelsFaults } from '../metadata.ts';
import { missingWarnings, storageClassAt } from '../missing.ts';
import type { Strategy } from '../strategy.ts';
import type { ConfigLookups, SomeClusters } from './lookups.ts';

export const configName = 'kd-global-config';

interface ConfigRelated {
  /** Absent when the write does not depend on there being none. */
  readonly some: SomeClusters | undefined;
  readonly warnings: readonly string[];
}

export const configStrategy = (
  lookups: ConfigLookups,
  systemNamespace: string,
): Strategy<KubeDirectorConfig, ConfigRelated> => ({
  related: async (config, old, _context, signal) => ({
    some: old && (!config || changesKey(config, old)) ? await lookups.someClusters(signal) : undefined,
    warnings: await classWarnings(lookups, config, old, signal),
  }),

  validate: (config) => configFaults(config, systemNamespace),

  prepareForCreate: (config) => inForce(withKey(config)),

  prepareForUpdate: (config, _old, _related, { subresource }) =>
    subresource === 'status' ? config : inForce(withKey(config)),

  validateUpdate: (config, _old, { some }) => [
    ...configFaults(config, systemNamespace),
    ...keyFaults(some?.clusters ?? []),
  ],

  warnings: (_config, _old, { warnings }) => warnings,

  alongside: (_config, _old, { some }) => some?.unchanged,

  checkDelete: ({ metadata: { name } }, { some: { clusters } = noClusters }) => {
    if (!clusters.length) return;
    throw StatusError.conflict(
      { group: 'kubedirector.bluedata.io', resource: 'kubedirectorconfigs' },
      name,
      `there are clusters, such as ${keyText(clusters[0]!)}, that were made with it; delete them first`,
    );
  },
});

const noClusters: Pick<SomeClusters, 'clusters'> = { clusters: [] };

/** A configuration has a key from the beginning: one that came when there are secret values already would come too late. */
const withKey = (config: KubeDirectorConfig): KubeDirectorConfig =>
  config.spec?.masterEncryptionKey
    ? config
    : { ...config, spec: { ...config.spec, masterEncryptionKey: newMasterKey() } };

/** It is in force as soon as it is stored: whoever needs it reads it then, and is told when it changes. */
const inForce = (config: KubeDirectorConfig): KubeDirectorConfig =>
  config.status?.state === 'ready' ? config : { ...config, status: { ...config.status, state: 'ready' } };

const changesKey = ({ spec: now }: KubeDirectorConfig, { spec: old }: KubeDirectorConfig): boolean =>
  Boolean(old?.masterEncryptionKey) && now?.masterEncryptionKey !== old?.masterEncryptionKey;

const keyFaults = (clusters: readonly ObjectKey[]): FieldError[] =>
  clusters.length
    ? [
        forbidden(
          specPath.child('masterEncryptionKey'),
          `it cannot change while there are clusters, such as ${keyText(clusters[0]!)}, whose secret values it may have encrypted`,
        ),
      ]
    : [];

/** The class may come later, so this is no fault; it is looked for when it is named. */
async function classWarnings(
  lookups: ConfigLookups,
  config: KubeDirectorConfig | undefined,
  old: KubeDirectorConfig | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const name = config?.spec?.defaultStorageClassName;
  if (!name || name === old?.spec?.defaultStorageClassName) return [];
  return missingWarnings(lookups, [storageClassAt(name, specPath.child('defaultStorageClassName'))], signal);
}

const configFaults = (config: KubeDirectorConfig, systemNamespace: string): FieldError[] => [
  ...placeFaults(config, systemNamespace),
  ...mapFaults(config),
];

function placeFaults({ metadata: { name, namespace } }: KubeDirectorConfig, systemNamespace: string): FieldError[] {
  const faults: FieldError[] = [];
  if (name !== configName)
    faults.push(invalid(metadata.child('name'), name, `the configuration is named ${configName}`));
  if (namespace !== systemNamespace) {
    const text = `the configuration lives in KubeDirector's namespace, ${systemNamespace}`;
    faults.push(invalid(metadata.child('namespace'), namespace, text));
  }
  return faults;
}

/** Labels and annotations for children of all clusters, in Kubernetes' own words. */
const mapFaults = ({ spec }: KubeDirectorConfig): FieldError[] => [
  ...labelsFaults(spec?.podLabels ?? {}, specPath.child('podLabels')),
  ...annotationFaults(spec?.podAnnotations ?? {}, specPath.child('podAnnotations')),
  ...labelsFaults(spec?.serviceLabels ?? {}, specPath.child('serviceLabels')),
  ...annotationFaults(spec?.serviceAnnotations ?? {}, specPath.child('serviceAnnotations')),
];
