/**
 * What one list of rules allows, taken apart once so that a question is a few look-ups.
 */
import type { PolicyRule, RbacAttributes } from './types.ts';

const all = '*';

/** Is this word, or every word, in the list? */
type Words = ReadonlySet<string> | 'all';

const wordsOf = (list: readonly string[] = []): Words => (list.includes(all) ? 'all' : new Set(list));

const has = (words: Words, word: string): boolean => words === 'all' || words.has(word);

interface CompiledRule {
  readonly verbs: Words;
  readonly groups: Words;
  readonly resources: Words;
  /** Empty: every name. */
  readonly names: ReadonlySet<string>;
  readonly paths: Words;
  /** Paths of which the beginning is given: `/api/*` without the star. */
  readonly pathPrefixes: readonly string[];
}

const compiled = ({
  verbs,
  apiGroups,
  resources,
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): CompiledRule => ({
  verbs: wordsOf(verbs),
  groups: wordsOf(apiGroups),
  resources: wordsOf(resources),
  names: new Set(resourceNames),
  paths: wordsOf(nonResourceURLs),
  pathPrefixes: nonResourceURLs.filter((path) => path.endsWith(all)).map((path) => path.slice(0, -1)),
});

export class Rules {
  readonly #rules: readonly CompiledRule[];

  constructor(rules: readonly PolicyRule[]) {
    this.#rules = rules.map(compiled);
  }

  allow(wish: RbacAttributes): boolean {
    for (const rule of this.#rules) if (has(rule.verbs, wish.verb) && meets(rule, wish)) return true;
    return false;
  }
}

function meets(rule: CompiledRule, { isResource, group, resource, subresource, name, path }: RbacAttributes): boolean {
  if (!isResource) return has(rule.paths, path) || rule.pathPrefixes.some((prefix) => path.startsWith(prefix));
  if (!has(rule.groups, group)) return false;
  const named = subresource ? `${resource}/${subresource}` : resource;
  if (!has(rule.resources, named) && !(subresource && has(rule.resources, `*/${subresource}`))) return false;
  return rule.names.size === 0 || (name !== '' && rule.names.has(name));
}
