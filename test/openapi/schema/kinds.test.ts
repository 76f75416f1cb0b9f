/** The schemas of our kinds as wholes: what Kubernetes asks of a structural schema, and what a reader may rely on. */
import { expect } from 'chai';
import { definitions } from '../../../openapi/core/kubernetes.ts';
import { Path } from '../../../openapi/schema/path.ts';
import { compilePruning } from '../../../openapi/schema/prune.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { ourGroup } from '../../make/openapi-served.ts';

const kubernetesNames: ReadonlySet<string | undefined> = new Set(Object.keys(definitions));

/** What descriptions of one kind say of others. */
const fieldsOfOthers: ReadonlySet<string> = new Set([
  ...[
    'defaultServiceType',
    'defaultNamingScheme',
    'systemdRequired',
    'secretKeys',
    'sharedMemory',
    'cmType',
    'secretType',
  ],
]);

interface Place {
  readonly at: string;
  readonly schema: Schema;
}

/** A schema and all below it. */
function* nodesOf(schema: Schema, at: string): Generator<Place> {
  yield { at, schema };
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* nodesOf(property, `${at}.${name}`);
  if (schema.items) yield* nodesOf(schema.items, `${at}[]`);
  if (typeof schema.additionalProperties === 'object') yield* nodesOf(schema.additionalProperties, `${at}.*`);
}

/** A field of a spec, rather than an item of a list or a value of a map. */
const isField = (at: string): boolean => at.includes('.spec.') && !at.endsWith('[]') && !at.endsWith('.*');

/** Kubernetes' own types come with Kubernetes' descriptions. */
const inOthersTypes = (nodes: readonly Place[], at: string): boolean =>
  nodes.some(
    (place) =>
      at.startsWith(place.at) && place.at !== at && kubernetesNames.has(place.schema.definition?.split('.').at(-1)),
  );

for (const { version, resources } of ourGroup.versions)
  for (const { kind, schema: whole, inputSchema } of resources)
    for (const [name, schema] of [
      [kind, whole],
      ...(inputSchema ? ([[`${kind} as clients may send it`, inputSchema]] as const) : []),
    ] as const)
      describe(`the schema of ${name} in ${version}`, () => {
        const nodes = [...nodesOf(schema, kind)];

        it('shows only examples and defaults that it admits itself', () => {
          for (const { at, schema: node } of nodes)
            for (const value of [node.example, node.default]) {
              if (value === undefined) continue;
              expect(
                compileValidation({ ...node, required: [] })(value),
                `${at}: ${JSON.stringify(value)}`,
              ).to.deep.equal([]);
              const unknown: string[] = [];
              compilePruning(node)?.(structuredClone(value), new Path(), (path) => unknown.push(path));
              expect(unknown, at).to.deep.equal([]);
            }
        });

        it('says of every list how it is owned, and items are told apart by fields that they have (K-285)', () => {
          for (const { at, schema: node } of nodes) {
            if (node.type !== 'array') continue;
            const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys = [], items = {} } = node;
            expect(type, at).to.be.a('string');
            if (type === 'set') expect(items.properties, at).to.equal(undefined);
            expect(keys.length > 0, at).to.equal(type === 'map');
            // In a document that a client sends, the key may have another name.
            for (const key of schema === whole ? keys : []) {
              expect(items.properties, `${at} has the key ${key}`).to.have.property(key);
              const { required = [] } = items;
              const told = required.includes(key) || items.properties?.[key]?.default !== undefined;
              expect(told, `${at}: an item without ${key} could not be told apart`).to.equal(true);
            }
          }
        });

        it('shows by example what people write, where words or yes and no do not tell it', () => {
          // These two nobody writes: one is the server's, and an example of the other would come to be used as a key.
          const without = /\.(encryptedValue|masterEncryptionKey)$/;
          const silent = (schema === whole ? nodes : []).filter(({ at, schema: node }) => {
            const told =
              node.example !== undefined ||
              node.default !== undefined ||
              node.enum ||
              node.type === 'boolean' ||
              without.test(at);
            const inside = node.properties ?? node.items?.properties;
            return !told && !inside && isField(at) && !inOthersTypes(nodes, at);
          });
          expect(silent.map(({ at }) => at)).to.deep.equal([]);
        });

        it('calls fields in its descriptions as they are called in this version', () => {
          const known = new Set(nodes.map(({ at }) => at.split('.').at(-1)!.replace('[]', '')));
          const unknown = (schema === whole ? nodes : [])
            .filter(({ at }) => at.startsWith(`${kind}.spec`) && !inOthersTypes(nodes, at))
            .flatMap(({ at, schema: { description = '' } }) =>
              (description.match(/\b[a-z]+[A-Z]\w*/g) ?? [])
                .filter((word) => !known.has(word))
                .map((word) => [at, word]),
            )
            .filter(([, word]) => !fieldsOfOthers.has(word!));
          expect(unknown).to.deep.equal([]);
        });

        it('requires only fields that it has', () => {
          for (const { at, schema: node } of nodes)
            for (const field of node.required ?? []) expect(node.properties, at).to.have.property(field);
        });

        it('describes every node', () => {
          for (const { at, schema: node } of nodes) expect(node.description, at).to.match(/\S/);
        });
      });
