/**
 * The names of resources in an EncryptionConfiguration, with their wildcards, and what is wrong with them.
 */
import type { FieldError, FieldPath } from '../../openapi/machinery/field.ts';
import { invalid, root } from '../../openapi/machinery/field.ts';

/** `*.` is everything in the core group, `secrets` one resource of it. */
export function parseResource(text: string): { readonly resource: string; readonly group: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { resource: text, group: '' } : { resource: text.slice(0, dot), group: text.slice(dot + 1) };
}

/** @param lists the resources of each element of the configuration, in order */
export function resourceFaults(lists: readonly (readonly string[])[]): FieldError[] {
  const faults: FieldError[] = [];
  const earlier = new Set<string>();
  for (const [i, resources] of lists.entries()) {
    const at = root.child('resources').index(i).child('resources');
    faults.push(...overlapFaults(resources, at));
    for (const [j, resource] of resources.entries()) {
      const why = nameFault(resource) ?? maskFault(resource, earlier);
      if (why) faults.push(invalid(at.index(j), resource, why));
    }
    for (const resource of resources) earlier.add(resource);
  }
  return faults;
}

function nameFault(text: string): string | undefined {
  const { resource, group } = parseResource(text);
  if (!resource) return 'the name of a resource, or * is needed';
  if (text !== text.toLowerCase()) return 'resource name should not contain capital letters';
  if (text === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (group === '*' && resource !== '*') return 'encrypting the same resource across groups is not supported';
  return undefined;
}

/** What an earlier element has taken already would never be looked at here. */
function maskFault(text: string, earlier: ReadonlySet<string>): string | undefined {
  const wider = [`*.${parseResource(text).group}`, '*.*'].find((name) => name !== text && earlier.has(name));
  return wider && `resource "${text}" is masked by earlier rule "${wider}"`;
}

function overlapFaults(resources: readonly string[], at: FieldPath): FieldError[] {
  const faults: FieldError[] = [];
  if (new Set(resources).size < resources.length)
    faults.push(invalid(at, resources, 'the same resource cannot be specified multiple times'));
  const distinct = [...new Set(resources)];
  const hidden = distinct.some((name) => maskFault(name, new Set(distinct)) !== undefined);
  if (hidden)
    faults.push(
      invalid(
        at,
        resources,
        "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
      ),
    );
  return faults;
}
