/**
 * The labels and annotations by which children of a cluster are known, and the selectors made of them.
 */

export const domain = 'kubedirector.bluedata.io';

export const labels = {
  cluster: `${domain}/kdcluster`,
  app: `${domain}/kdapp`,
  appCatalog: `${domain}/appCatalog`,
  role: `${domain}/role`,
  headless: `${domain}/headless`,
  /** On ConfigMaps and Secrets that clusters may look into; of those that they are connected to, under which name scripts find them. */
  configMapType: `${domain}/cmType`,
  secretType: `${domain}/secretType`,
} as const;

/** Selects the pods of one role, in the syntax of label selectors. */
export const roleSelector = (cluster: string, role: string): string =>
  `${labels.cluster}=${cluster},${labels.role}=${role}`;
