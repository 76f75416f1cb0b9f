/**
 * What names, keys, values and finalizers may look like: Kubernetes' rules and its own words for a breach (K-319 to K-329).
 *
 * Each rule takes a string and returns the sentences that are true of it, none when it is fine. Which rule applies to
 * which field is the caller's knowledge.
 */

const labelForm = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainForm = `${labelForm}(\\.${labelForm})*`;
const qualifiedForm = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const valueForm = `(${qualifiedForm})?`;

const anchored = (form: string): RegExp => new RegExp(`^${form}$`);
const isLabel = anchored(labelForm);
const isSubdomain = anchored(subdomainForm);
const isQualified = anchored(qualifiedForm);
const isValue = anchored(valueForm);

const usedForValidation = (form: string): string => `regex used for validation is '${form}'`;

const subdomainText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', ${usedForValidation(subdomainForm)})`;
const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', ${usedForValidation(labelForm)})`;
const qualifiedText = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', ${usedForValidation(qualifiedForm)})`;
const valueText = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', ${usedForValidation(valueForm)})`;

/** A rule: the faults of a string. */
export type NameRule = (name: string) => string[];

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Names of most kinds. */
export const subdomainFaults: NameRule = (name) => [
  ...(bytesOf(name) > 253 ? ['must be no more than 253 characters'] : []),
  ...(isSubdomain.test(name) ? [] : [subdomainText]),
];

/** Namespaces, Services, and whatever else becomes one label of a host name. */
export const labelFaults: NameRule = (name) => [
  ...(bytesOf(name) > 63 ? ['must be no more than 63 characters'] : []),
  ...(isLabel.test(name) ? [] : [isSubdomain.test(name) ? 'must not contain dots' : labelText]),
];

/** Names that only have to fit into a path (RBAC objects). */
export const pathSegmentFaults: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((mark) => name.includes(mark)).map((mark) => `may not contain '${mark}'`);
};

/** Keys of labels and annotations: `[prefix/]name`. */
export const qualifiedNameFaults: NameRule = (key) => {
  const parts = key.split('/');
  if (parts.length > 2)
    return [
      `a valid label key ${qualifiedText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const [prefix, name] = parts.length === 2 ? [parts[0]!, parts[1]!] : [undefined, parts[0]!];
  const faults: string[] = [];
  if (prefix === '') faults.push('prefix part must be non-empty');
  else if (prefix !== undefined) faults.push(...subdomainFaults(prefix).map((text) => `prefix part ${text}`));
  if (name === '') faults.push('name part must be non-empty');
  else if (bytesOf(name) > 63) faults.push('name part must be no more than 63 bytes');
  if (!isQualified.test(name)) faults.push(`name part ${qualifiedText}`);
  return faults;
};

export const labelValueFaults: NameRule = (value) => [
  ...(bytesOf(value) > 63 ? ['must be no more than 63 bytes'] : []),
  ...(isValue.test(value) ? [] : [valueText]),
];

const configKeyForm = '[-._a-zA-Z0-9]+';
const isConfigKey = anchored(configKeyForm);

/** Keys of the data of Secrets and ConfigMaps, which become names of files. */
export const configKeyFaults: NameRule = (key) => [
  ...(bytesOf(key) > 253 ? ['must be no more than 253 characters'] : []),
  ...(isConfigKey.test(key)
    ? []
    : [
        `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', ${usedForValidation(configKeyForm)})`,
      ]),
  ...(key === '.' || key === '..' ? [`must not be '${key}'`] : []),
  ...(key.length > 2 && key.startsWith('..') ? ["must not start with '..'"] : []),
];

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

export const finalizerFaults: NameRule = (name) => {
  const faults = qualifiedNameFaults(name);
  if (faults.length || name.includes('/') || standardFinalizers.has(name)) return faults;
  return ['name is neither a standard finalizer name nor is it fully qualified'];
};

/** The letters of generated suffixes: no vowels and no look-alikes, so that no words come out (K-162). */
export const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
