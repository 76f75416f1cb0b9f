/**
 * Whether somebody who has some rules may hand on others: every single right in these must be in those. Pure.
 */
import type { PolicyRule } from './types.ts';

/** One verb on one resource, perhaps of one name; or one verb on one path. */
interface Right {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  /** Absent: every name. */
  readonly name?: string;
  readonly path?: string;
}

function* rightsOf(rule: PolicyRule): Generator<Right, void, undefined> {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  for (const verb of verbs) {
    for (const path of nonResourceURLs) yield { verb, path };
    for (const group of apiGroups)
      for (const resource of resources) {
        if (!resourceNames.length) yield { verb, group, resource };
        for (const name of resourceNames) yield { verb, group, resource, name };
      }
  }
}

const has = (words: readonly string[] = [], word: string): boolean => words.includes('*') || words.includes(word);

function covers(rule: PolicyRule, { verb, group, resource, name, path }: Right): boolean {
  if (!has(rule.verbs, verb)) return false;
  const { nonResourceURLs = [], resourceNames = [] } = rule;
  if (path !== undefined)
    return nonResourceURLs.some(
      (known) => known === path || (known.endsWith('*') && path.startsWith(known.slice(0, -1))),
    );
  if (group === undefined || resource === undefined || !has(rule.apiGroups, group)) return false;
  const subresource = resource.includes('/') ? `*${resource.slice(resource.indexOf('/'))}` : resource;
  if (!has(rule.resources, resource) && !has(rule.resources, subresource)) return false;
  return !resourceNames.length || (name !== undefined && resourceNames.includes(name));
}

/** The rights in `wanted` that are not in `held`, as rules again. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing = new Map<string, PolicyRule>();
  for (const right of wanted.flatMap((rule) => [...rightsOf(rule)])) {
    if (held.some((rule) => covers(rule, right))) continue;
    const { verb, group = '', resource = '', name, path } = right;
    const key = JSON.stringify([group, resource, name, path]);
    const known = missing.get(key);
    if (known) known.verbs.push(verb);
    else if (path !== undefined) missing.set(key, { verbs: [verb], nonResourceURLs: [path] });
    else {
      const named = name === undefined ? {} : { resourceNames: [name] };
      missing.set(key, { verbs: [verb], apiGroups: [group], resources: [resource], ...named });
    }
  }
  return [...missing.values()];
}

const list = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as Kubernetes tells what is missing. */
export function ruleText({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  });
  return `{${parts.flatMap(([name, words]) => (words?.length ? [`${name}:${list(words)}`] : [])).join(', ')}}`;
}
