/**
 * Events: what happened to which object. They go after an hour (controllers/event-expiry.ts).
 */

import type { Cell } from '../../../apiserver/registry/resource.ts';
import { type FieldError, invalid, root } from '../../../openapi/machinery/field.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { integer, object, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface Event extends KubeObject {
  involvedObject?: ObjectReference;
  reason?: string;
  message?: string;
  type?: string;
  source?: { component?: string; host?: string };
  firstTimestamp?: string;
  lastTimestamp?: string;
  eventTime?: string;
  count?: number;
  series?: { count?: number; lastObservedTime?: string };
  reportingComponent?: string;
  reportingInstance?: string;
}

const firstSeen = ({ firstTimestamp, eventTime }: Event): Cell => ({ since: firstTimestamp ?? eventTime });

const lastSeen = (event: Event): Cell => {
  const seen = event.series?.lastObservedTime ?? event.lastTimestamp;
  return seen ? { since: seen } : firstSeen(event);
};

function objectText({ involvedObject: { kind = '', name = '' } = {} }: Event): string {
  return kind && name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase() || name;
}

function sourceText({ source, reportingComponent = '', reportingInstance }: Event): string {
  const words = [source?.component || reportingComponent, source?.host || reportingInstance];
  return words.filter(Boolean).join(', ');
}

/** An event lives beside its object; one about an object without a namespace lives in `default`. */
function namespaceFaults({ metadata, involvedObject = {} }: Event): FieldError[] {
  const about = involvedObject.namespace ?? '';
  if (about === metadata.namespace || (about === '' && metadata.namespace === 'default')) return [];
  return [invalid(root.child('involvedObject').child('namespace'), about, 'does not match event.namespace')];
}

const involved = (field: keyof ObjectReference) => ({
  label: `involvedObject.${field}`,
  value: ({ involvedObject }: Event) => involvedObject?.[field] ?? '',
});

const reference = (description: string) =>
  object(description, {
    apiVersion: string('Group and version.'),
    kind: string('Kind.'),
    namespace: string('Namespace.'),
    name: string('Name.'),
    uid: string('UID.'),
    resourceVersion: string('As it was then.'),
    fieldPath: string('The part it happened to.'),
  });

export const events = hostKind<Event>({
  group: '',
  kind: 'Event',
  plural: 'events',
  // There are many, nobody applies one, and it has one author.
  tracksOwnership: false,
  description: 'Something that happened to an object.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['ev'],
  fields: {
    involvedObject: reference('The object.'),
    related: reference('Another object that has to do with it.'),
    reason: string('What happened, in a word for programs.'),
    message: string('What happened, in a sentence for people.'),
    type: string('Normal or Warning.'),
    action: string('What was done about the object.'),
    source: object('Who says so.', { component: string('Program.'), host: string('Where it runs.') }),
    firstTimestamp: string('When it happened first.'),
    lastTimestamp: string('When it happened last.'),
    eventTime: string('When it happened first, to the microsecond.'),
    count: integer('How often it happened.'),
    series: object('How often it went on happening.', {
      count: integer('How often.'),
      lastObservedTime: string('When it happened last.'),
    }),
    reportingComponent: string('Who says so.'),
    reportingInstance: string('Which of those who say so.'),
  },
  strategy: { validate: namespaceFaults },
  columns: [
    column('Last Seen', 'When it happened last.', lastSeen),
    column('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
    column('Reason', 'What happened, in a word.', ({ reason }) => reason ?? ''),
    column('Object', 'What it happened to.', objectText),
    column('Subobject', 'The part it happened to.', ({ involvedObject }) => involvedObject?.fieldPath ?? '', {
      wide: true,
    }),
    column('Source', 'Who says so.', sourceText, { wide: true }),
    column('Message', 'What happened, in a sentence.', ({ message }) => (message ?? '').trim()),
    column('First Seen', 'When it happened first.', firstSeen, { wide: true }),
    column('Count', 'How often it happened.', ({ series, count }) => series?.count ?? (count || 1), { wide: true }),
    column('Name', 'Name of the event.', ({ metadata }) => metadata.name, { wide: true }),
  ],
  selectableFields: [
    ...(['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const).map(involved),
    { label: 'reason', value: ({ reason }) => reason ?? '' },
    { label: 'reportingComponent', value: ({ reportingComponent }) => reportingComponent ?? '' },
    { label: 'source', value: ({ source, reportingComponent }) => source?.component ?? reportingComponent ?? '' },
    { label: 'type', value: ({ type }) => type ?? '' },
  ],
});
