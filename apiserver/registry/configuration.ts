/**
 * The body of an apply, before anything is made of it: is it a configuration of the object that the path names (K-258, K-259)?
 */
import { inWords } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { checkName, checkRevision, type DocumentOptions, metadataOf, type ReceivedDocument } from './documents.ts';

/** @throws StatusError 400 */
export function checkedConfiguration(
  given: unknown,
  kind: string,
  apiVersion: string,
  target: { readonly name: string; readonly namespace: string },
): Record<string, unknown> {
  // Nothing at all is YAML of an object that says nothing.
  const value = given ?? {};
  if (!isRecord(value)) throw StatusError.badRequest('error decoding YAML: the configuration is no object');
  if (value.kind !== kind || value.apiVersion !== apiVersion) {
    const [group, version] = groupVersion(value.apiVersion);
    throw StatusError.badRequest(`invalid object type: ${group}/${version}, Kind=${inWords(value.kind ?? '')}`);
  }
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  if (metadata.managedFields !== undefined) throw StatusError.badRequest('metadata.managedFields must be nil');
  checkName(value, target);
  return value;
}

function groupVersion(apiVersion: unknown): [group: string, version: string] {
  const text = inWords(apiVersion ?? '');
  const slash = text.indexOf('/');
  return slash < 0 ? ['', text] : [text.slice(0, slash), text.slice(slash + 1)];
}

/**
 * What stands twice in a configuration is told or refused, as the client wishes, once it is known that nothing else is wrong (K-150).
 *
 * @throws StatusError 400
 */
export function heedRepetitions(
  { duplicates, preface = '' }: ReceivedDocument,
  { fieldValidation, warn }: DocumentOptions,
): void {
  if (!duplicates.length || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict')
    throw StatusError.badRequest(`error strict decoding YAML: ${preface}${duplicates.join('\n  ')}`);
  for (const finding of duplicates) warn(finding);
}

/** What a document says of the object that it is for, where it need not (K-258, K-312). @throws StatusError 400 */
export function preconditionsIn(document: object): { uid?: string; resourceVersion?: string } {
  const { uid, resourceVersion } = metadataOf(document);
  const isUnset = typeof resourceVersion !== 'string' || resourceVersion === '' || resourceVersion === '0';
  if (!isUnset) checkRevision(resourceVersion);
  return { ...(typeof uid === 'string' && uid && { uid }), ...(!isUnset && { resourceVersion }) };
}
