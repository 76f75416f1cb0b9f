/**
 * The parameters of requests, as both documents list them. kubectl looks here for what a server can do: `dryRun`, `fieldValidation`
 * (K-065).
 */

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'boolean' | 'integer' | 'string';
  readonly description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});

const inPath = (name: string, description: string): Parameter => ({ name, in: 'path', type: 'string', description });

const pretty = query('pretty', 'string', 'With true, the answer is indented for people.');
const dryRun = query('dryRun', 'string', 'With All, everything is checked and nothing is kept.');
const fieldManager = query('fieldManager', 'string', 'Who makes this change, as managedFields will call them.');
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What happens to fields that are unknown or said twice: Ignore drops them, Warn (the default) also says so, Strict refuses the request.',
);
const force = query('force', 'boolean', 'For apply: take fields over that other managers own.');
const resourceVersion = query(
  'resourceVersion',
  'string',
  'How recent the answer must be: absent for the newest, 0 for whatever is at hand, a version for at least that one.',
);

const selection = [
  query('continue', 'string', 'Where the last page ended, from its metadata.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'How many objects a page has at most.'),
  resourceVersion,
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('timeoutSeconds', 'integer', 'When the server ends the request at the latest.'),
];

const watching = [
  query('allowWatchBookmarks', 'boolean', 'For watches: tell now and then how far the watch has come.'),
  query('sendInitialEvents', 'boolean', 'For watches: begin with what there is, then go on with what happens.'),
  query('watch', 'boolean', 'Answer with a stream of changes instead of a list.'),
];

const deletion = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'How long the object may take to end. Zero: none at all.'),
  query('orphanDependents', 'boolean', 'Older word for the propagation policy Orphan.'),
  query(
    'propagationPolicy',
    'string',
    'What becomes of the objects that belong to it: Orphan, Background or Foreground.',
  ),
];

/** In alphabetical order, by what is done. */
export const parametersOf = {
  list: inOrder([...selection, ...watching, pretty]),
  get: [pretty, resourceVersion],
  post: [dryRun, fieldManager, fieldValidation, pretty],
  put: [dryRun, fieldManager, fieldValidation, pretty],
  patch: [dryRun, fieldManager, fieldValidation, force, pretty],
  delete: inOrder([...deletion, pretty]),
  deletecollection: inOrder([...deletion, ...selection, pretty]),
} satisfies Record<string, readonly Parameter[]>;

export type Action = keyof typeof parametersOf;

export const namespaceParameter = inPath('namespace', 'Namespace of the object.');
export const nameParameter = (kind: string): Parameter => inPath('name', `Name of the ${kind}.`);

function inOrder(parameters: readonly Parameter[]): readonly Parameter[] {
  return [...parameters].sort((a, b) => (a.name < b.name ? -1 : 1));
}
