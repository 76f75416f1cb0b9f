/**
 * Where we mean to answer otherwise than Kubernetes 1.20: which requirement says so, and how such a pair of answers is recognised.
 *
 * Requirements describe later servers (1.36), and win where both cannot be right. A story ends where a write
 * was answered differently, since from then on the two are not asked the same.
 */
import { isRecord } from '../../../openapi/machinery/meta.ts';
import type { Said } from './comparison.ts';
import type { Request } from './sides.ts';

interface Difference {
  readonly because: string;
  readonly explains: (ours: Said, theirs: Said, request: Request) => boolean;
}

const M = 'application/merge-patch+json';
const JP = 'application/json-patch+json';

const message = ({ body }: Said): string => String(body.message ?? '');
const both = (code: number, ours: Said, theirs: Said): boolean => ours.code === code && theirs.code === code;
const causes = ({ body }: Said): readonly { field: string; message: string }[] =>
  isRecord(body.details) && Array.isArray(body.details.causes) ? body.details.causes : [];
const taken = ({ code }: Said): boolean => code >= 200 && code < 300;

/** Frames around what a decoder says, in its own words. */
const decoders =
  /^(the object provided is unrecognized|\w+ in version "\w+" cannot be handled as|error decoding (patch|YAML)|invalid continue token: continue key is not valid|json: |unexpected end|invalid character)/;

/** The same in ours, which tells the version and the namespace before the metadata. */
const body = new RegExp(`${decoders.source}|^the API version in the data |^the namespace of the provided object `);

export const differences: Readonly<Record<string, Difference>> = {
  'a new object with a resourceVersion': {
    because: 'is refused before anything is looked for, in a dry run as well (K-138, K-161)',
    explains: (ours, _, { method }) =>
      method === 'POST' &&
      ours.code === 400 &&
      message(ours) === 'resourceVersion should not be set on objects to be created',
  },
  'a resourceVersion of a Scale that is none': {
    because: 'cannot be read, which is told before anything is looked for (K-135)',
    explains: (ours, theirs, { subresource }) =>
      subresource === 'scale' &&
      ours.code === 400 &&
      theirs.code === 404 &&
      message(ours).startsWith('strconv.ParseUint: '),
  },
  'a fault of the client’s is 400': {
    because:
      'what 1.20, and in part 1.36, call a fault of their own is the client’s (K-154, K-161, K-172, K-263, K-289)',
    explains: (ours, theirs) => ours.code === 400 && theirs.code === 500,
  },
  'a body that cannot be read': {
    because:
      'the words of a decoder are free (K-157, K-158, K-182, K-248, K-260), and so is what it finds first (K-154, K-155)',
    explains: (ours, theirs) => both(400, ours, theirs) && decoders.test(message(theirs)) && body.test(message(ours)),
  },
  'a selector that cannot be read': {
    because: 'faults of requirements are field errors since 1.22 (K-202)',
    explains: (ours, theirs) =>
      both(400, ours, theirs) &&
      [ours, theirs].every((one) => message(one).startsWith('unable to parse requirement: ')),
  },
  'a patch that cannot be read': {
    because: 'a merge patch is an object, and a JSON patch is a list (K-247, K-248); 1.20 takes null for an empty one',
    explains: (ours, _, { type }) =>
      (type === M || type === JP) && ours.code === 400 && message(ours).startsWith('error decoding patch: '),
  },
  'a JSON patch that cannot be carried out': {
    because:
      'paths must lead somewhere (K-249), which 1.20 does not ask of replace and copy; and we say why, where its details are empty',
    explains: (ours, theirs, { type }) =>
      type === JP &&
      ours.code === 422 &&
      /^patch/.test(causes(ours)[0]?.field ?? '') &&
      (taken(theirs) || theirs.code === 422),
  },
  'a JSON patch of the root': {
    because: 'the root is a place like any other (RFC 6901, K-248), and to 1.20 it is none',
    explains: (_, theirs, { type, body }) =>
      type === JP &&
      /"(from|path)":""/.test(JSON.stringify(body)) &&
      message(theirs).startsWith('the server rejected our'),
  },
  'a null in a list of a merge patch': {
    because: 'a list is taken as it stands (RFC 7386, K-247), and 1.20 leaves nulls out of it',
    explains: (_ours, _theirs, { type, body }) => type === M && /\[[^\]]*\bnull\b/.test(JSON.stringify(body)),
  },
  'several YAML documents': {
    because: 'a second document is refused rather than overlooked',
    explains: (ours, theirs) =>
      ours.code === 400 && taken(theirs) && message(ours).includes('expected a single document'),
  },
  'protobuf of a kind that has none': {
    because: 'is 415, so that clients fall back to JSON (K-111)',
    explains: (ours, theirs, { type = '' }) => type.endsWith('protobuf') && ours.code === 415 && theirs.code === 400,
  },
  'a namespace that neither is there nor meant': {
    because: 'what the body says is judged before admission asks for the namespace (K-135)',
    explains: (ours, theirs) =>
      ours.code === 400 && theirs.code === 404 && message(ours).startsWith('the namespace of the provided'),
  },
  'a body of another kind': {
    because: 'is refused for that before anything else in it is judged (K-135, K-156), and in a status, too',
    explains: (ours) => ours.code === 422 && causes(ours).length === 1 && causes(ours)[0]?.field === 'kind',
  },
  'a finalizer without a slash': {
    because: 'finalizers are qualified (K-328), which 1.20 asks of its own kinds only',
    explains: (ours, theirs) =>
      ours.code === 422 &&
      (taken(theirs) || theirs.code === 422) &&
      causes(ours).some(({ message: text }) => text.includes('nor is it fully qualified')),
  },
  'owners of one uid that differ': {
    because: 'are one owner (K-167, K-334)',
    explains: (ours, theirs) =>
      taken(ours) &&
      taken(theirs) &&
      ours.warnings.some((text) => text.includes('contains duplicate entries')) &&
      !theirs.warnings.length,
  },
  'an update of what is not there, by uid': {
    because: 'what is not there is 404 (K-235)',
    explains: (ours, theirs, { method }) =>
      method === 'PUT' && ours.code === 404 && theirs.code === 409 && message(theirs).endsWith('UID in object meta: '),
  },
  'an apply of another type': {
    because: 'is refused for its type (K-258)',
    explains: (ours, theirs) =>
      message(ours).startsWith('invalid object type: ') &&
      theirs.code === 400 &&
      message(theirs).startsWith('Incorrect version'),
  },
  'a Scale without a number': {
    because: 'is refused, since a silent zero is a trap (K-313)',
    explains: (ours, theirs, { subresource }) =>
      subresource === 'scale' && ours.code === 422 && taken(theirs) && causes(ours)[0]?.message === 'Required value',
  },
  'a Scale that is none': {
    because: 'is told so in words of ours, where Go’s speak of its own types (K-312, K-313)',
    explains: (ours, theirs, { subresource }) =>
      subresource === 'scale' &&
      !taken(ours) &&
      (message(theirs).startsWith('no kind is registered for the type v1.Scale') ||
        (both(422, ours, theirs) && causes(theirs)[0]?.field === 'patch')),
  },
  'a resource that is not there': {
    because: 'is told by a Status, by which kubectl knows it, whatever else is not there (K-032)',
    explains: (ours, _, { at, subresource }) =>
      (at !== undefined || !['status', 'scale'].includes(subresource ?? 'status')) &&
      message(ours) === 'the server could not find the requested resource',
  },
  'a method that is not there': {
    because:
      'is 405 in the same words everywhere (K-031), where 1.20 creates in spite of a name, or finds no page or no name',
    explains: (ours, _, { method, at, name, subresource }) =>
      ours.code === 405 &&
      (at !== undefined ||
        (method === 'POST') === (name !== undefined) ||
        (subresource !== undefined && (method === 'POST' || method === 'DELETE'))),
  },
  'an answer that is broken off': {
    because: '1.20 does so where a Scale is to be a table (K-315)',
    explains: (ours, theirs, { subresource }) => subresource === 'scale' && theirs.code === 0 && taken(ours),
  },
  'metadata of many, of one': {
    because: 'and the reverse are refused before anything is read or looked for, let alone done (K-119, K-135)',
    explains: (ours) => ours.code === 406 && message(ours).startsWith('you requested PartialObjectMetadata'),
  },
  'a media type in capitals': {
    because: 'is the same media type (RFC 9110), as it is to Go in a Content-Type',
    explains: (_, theirs, { accept = '' }) => accept !== accept.toLowerCase() && theirs.code === 406,
  },
  'an empty number': {
    because: 'is none (K-176)',
    explains: (ours, theirs, { query = {} }) =>
      taken(ours) &&
      Object.values(query).includes('') &&
      message(theirs) === 'strconv.ParseInt: parsing "": invalid syntax',
  },
};

/** The name of the difference that explains why these are not the same; undefined when none does. */
export const differenceBetween = (ours: Said, theirs: Said, request: Request): string | undefined =>
  Object.entries(differences).find(([, { explains }]) => explains(ours, theirs, request))?.[0];

/** Have they gone different ways? Then what follows is no longer the same question. */
export const haveParted = (ours: Said, theirs: Said, { method }: Request): boolean =>
  method !== 'GET' && (taken(ours) || taken(theirs));

const orders = /"propagationPolicy":"(Foreground|Orphan)"|"orphanDependents":true/;

/** Will the garbage collector of Kubernetes write next, whenever it gets there? Ours has none here. */
export const isForCollector = ({ method, body, query = {} }: Request, { body: answer }: Said): boolean =>
  method === 'DELETE' &&
  (orders.test(JSON.stringify([body ?? '', query.propagationPolicy ? query : ''])) ||
    query.orphanDependents !== undefined ||
    /"(foregroundDeletion|orphan)"/.test(JSON.stringify(answer)));
