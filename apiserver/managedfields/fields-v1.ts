/**
 * FieldsV1: field sets as JSON, in `metadata.managedFields[].fieldsV1` (K-275, K-276).
 *
 * A node is an object of path elements; `.` among them says that the node itself is in the set, and so does being empty.
 */
import { isRecord } from '../../openapi/machinery/meta.ts';
import { FieldSet } from './field-set.ts';
import { readElement, sortedElements } from './path-element.ts';

/** @throws Error when this is not FieldsV1 */
export function readFieldsV1(json: unknown): FieldSet {
  const { below } = readNode(json);
  return below.size ? new FieldSet(false, below) : FieldSet.empty;
}

function readNode(json: unknown): FieldSet {
  if (json === null) return FieldSet.leaf;
  if (!isRecord(json)) throw new Error(`fields are objects, not ${JSON.stringify(json)}`);
  let self = false;
  let below: Map<string, FieldSet> | undefined;
  for (const key of Object.keys(json)) {
    if (key === '.') {
      self = true;
      continue;
    }
    const element = readElement(key);
    if (element === undefined) continue;
    below ??= new Map();
    const node = readNode(json[key]);
    const twin = below.get(element);
    below.set(element, twin ? twin.union(node) : node);
  }
  return below ? new FieldSet(self, below) : FieldSet.leaf;
}

/** In the order in which Kubernetes writes it, so that equal sets have equal texts. */
export function writeFieldsV1({ below }: FieldSet): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const element of sortedElements(below.keys())) json[element] = writeNode(below.get(element)!);
  return json;
}

function writeNode(node: FieldSet): Record<string, unknown> {
  if (!node.self || !node.below.size) return writeFieldsV1(node);
  return { '.': {}, ...writeFieldsV1(node) };
}
