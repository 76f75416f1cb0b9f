/**
 * What a request is about, read from its method and its path alone: the one reading that routing, authorization and audit share
 * (K-008, K-036 to K-038).
 */
import { demanded, parseFieldSelector } from '../../openapi/machinery/field-selector.ts';
import { pathSegmentFaults } from '../../openapi/machinery/names.ts';
import { isYes } from './query.ts';

export interface RequestAttributes {
  /** Decoded once. */
  readonly path: string;
  /** `get`, `list`, …; for paths that are no resources the lower-case method. */
  readonly verb: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Segments beyond the subresource: nothing of ours has any. */
  readonly rest: readonly string[];
}

const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', rest: [] };

/** Parts of a namespace that look like resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * @param path decoded, without the query
 * @param query the raw query; empty when there is none
 */
export function attributesOf(method: string, path: string, query: URLSearchParams): RequestAttributes {
  const other: RequestAttributes = { ...nothing, path, verb: method.toLowerCase(), isResource: false };
  const segments = path.split('/').filter((segment) => segment !== '');
  const [root] = segments;
  if (root !== 'api' && root !== 'apis') return other;
  const [group, version, ...parts] = root === 'api' ? ['', ...segments.slice(1)] : segments.slice(1);
  if (group === undefined || version === undefined || parts.length === 0) return other;

  const oldWatch = parts[0] === 'watch' && parts.length > 1;
  if (oldWatch) parts.shift();
  let namespace = '';
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    namespace = parts[1];
    if (parts[2] !== undefined && !namespaceSubresources.has(parts[2])) parts.splice(0, 2);
  }
  const [resource = '', named = '', subresource = '', ...rest] = parts;
  const verb = oldWatch ? 'watch' : verbOf(method, named, query);
  const name = named || (verb === 'list' || verb === 'watch' ? selectedName(query) : '');
  return { path, verb, isResource: true, group, version, resource, subresource, namespace, name, rest };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name ? 'delete' : 'deletecollection';
    case 'GET':
    case 'HEAD': {
      const watch = query.get('watch');
      // Anything but a plain no is a yes: `watch=bogus` is a watch (K-036).
      if (isYes(watch)) return 'watch';
      return name ? 'get' : 'list';
    }
    default:
      return method.toLowerCase();
  }
}

/** The name that a selector demands, so that rules with resourceNames work for list and watch (K-037). */
function selectedName(query: URLSearchParams): string {
  const selector = query.get('fieldSelector');
  if (!selector) return '';
  try {
    const name = demanded(parseFieldSelector(selector), 'metadata.name') ?? '';
    return pathSegmentFaults(name).length ? '' : name;
  } catch {
    return '';
  }
}
