/**
 * Ownership, judged by Kubernetes' own library: the same writes by several managers through two versions, on random schemas.
 *
 * Every step is judged by itself, from our state, so that a known difference does not carry on.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Applied, FieldManager, FieldSet, type Refused } from '../../../apiserver/managedfields/field-manager.ts';
import { allFields } from '../../../apiserver/managedfields/field-sets-of.ts';
import { compileFieldType } from '../../../apiserver/managedfields/field-type.ts';
import { readFieldsV1, writeFieldsV1 } from '../../../apiserver/managedfields/fields-v1.ts';
import { identityOf, type Owners, readOwners } from '../../../apiserver/managedfields/owners.ts';
import { ownable } from '../../../apiserver/managedfields/update.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { describeWithJudge, type Judge, type JudgedEntry, type Verdict } from './judge/judge.ts';
import { comparable, isHollow } from './judge/known-differences.ts';
import { converted, inJudgesWords, inV2, specSchemas, valuesOf, whole } from './judge/random-schemas.ts';

type Version = 'v1' | 'v2';

interface Step {
  readonly operation: 'apply' | 'update';
  readonly manager: string;
  readonly version: Version;
  readonly force: boolean;
  readonly spec: unknown;
}

interface Story {
  readonly spec: Schema;
  /** Is the spec something that these writes cannot change? */
  readonly reset: boolean;
  readonly steps: readonly Step[];
}

const stories: fc.Arbitrary<Story> = specSchemas.chain((spec) =>
  fc.record({
    spec: fc.constant(spec),
    reset: fc.nat(9).map((n) => n === 0),
    steps: fc.array(
      fc.record<Step>({
        operation: fc.constantFrom('apply', 'apply', 'update'),
        manager: fc.constantFrom('ann', 'bob', 'cid'),
        version: fc.constantFrom('v1', 'v1', 'v2'),
        force: fc.boolean(),
        spec: valuesOf(spec),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
);

/** The judge takes versions in an order of chance, and where fields depend on each other across versions, so does its verdict. */
const appeals = 12;

describeWithJudge('ownership on random schemas', (judge) => {
  it('is what Kubernetes makes of the same writes', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(stories, (story) => new Court(story, judge).sit()),
      { numRuns: 600 },
    );
  });
});

class Court {
  readonly #story: Story;
  readonly #judge: Judge;
  readonly #schemas: Readonly<Record<Version, Schema>>;
  readonly #fields: FieldManager;

  constructor(story: Story, judge: Judge) {
    this.#story = story;
    this.#judge = judge;
    const schemas = { v1: whole(story.spec), v2: whole(inV2(story.spec)) };
    this.#schemas = schemas;
    this.#fields = new FieldManager({
      schemaOf: (version) => schemas[version as Version],
      convert: (object, version) => this.#inVersion(object, version),
    });
  }

  async sit(): Promise<void> {
    let live: KubeObject | undefined;
    let schema: string | undefined = inJudgesWords(this.#schemas.v1, this.#schemas.v2);
    for (const step of this.#story.steps) {
      const object = this.#inVersion(thing('v1', step.spec), step.version);
      const ours = this.#ours(step, live, object);
      for (let appeal = 0; ; appeal += 1) {
        const verdict = await this.#theirs(step, live, object, schema);
        schema = undefined;
        try {
          // Nobody's objects are before-first-apply's, and stay nobody's without an apply: that is not the library's to know.
          if (!live || readOwners(live.metadata.managedFields).size) this.#agree(step, ours, verdict);
          break;
        } catch (error) {
          if (appeal === appeals) throw error;
        }
      }
      if ('conflicts' in ours) continue;
      const { managedFields } = ours;
      live = { ...ours.object, metadata: managedFields ? { name: '', managedFields } : { name: '' } };
    }
  }

  #ours(
    { operation, manager, version, force }: Step,
    live: KubeObject | undefined,
    object: KubeObject,
  ): Applied | Refused {
    const context = {
      live,
      manager,
      apiVersion: version,
      resetFields: this.#resetFields,
      time: '2026-01-01T00:00:00Z',
    };
    if (operation === 'apply')
      return this.#fields.applyConfiguration({ ...context, configuration: { ...object }, force });
    return { object, managedFields: this.#fields.recordUpdate({ ...context, object }) };
  }

  #theirs(step: Step, live: KubeObject | undefined, object: KubeObject, schema: string | undefined): Promise<Verdict> {
    const { operation, version, force } = step;
    const bare = live && { ...live, metadata: { name: '' } };
    const ignored = { 'f:spec': {} };
    return this.#judge.ask({
      ...(schema !== undefined && { schema }),
      operation,
      live: bare ? this.#inVersion(bare, version) : { apiVersion: version },
      object,
      manager: operation === 'apply' ? identity(step) : writer,
      version,
      force,
      managers: asJudged(readOwners(live?.metadata.managedFields)),
      ignored: this.#story.reset ? { v1: ignored, v2: ignored } : {},
    });
  }

  #agree(step: Step, ours: Applied | Refused, theirs: Verdict): void {
    expect(theirs.error).to.equal(undefined);
    // The judge of this age tells some paths twice in place of others, so only their number counts.
    const disputed = 'conflicts' in ours ? ours.conflicts.map(({ owner }) => identityOf(owner)) : [];
    expect(disputed.sort()).to.deep.equal((theirs.conflicts ?? []).map(({ manager }) => manager).sort());
    if ('conflicts' in ours) return;

    const solid = comparable(ours.object) as KubeObject;
    expect(solid).to.deep.equal(comparable(theirs.object));
    const found = asJudged(readOwners(ours.managedFields));
    const expected = withWriter(theirs.managers ?? {}, step);
    const hollow = isHollow(specOf(ours.object)) || isHollow(specOf(theirs.object));
    const counted = (entries: Record<string, JudgedEntry>): string[] =>
      Object.entries(entries).flatMap(([name, { version, applied, fields }]) => {
        const set = readFieldsV1(fields);
        const told = hollow ? set.intersection(this.#fieldsOf(solid, version as Version)) : set;
        return told.isEmpty ? [] : [`${name} ${version} ${applied} ${JSON.stringify(writeFieldsV1(told))}`];
      });
    expect(counted(found).sort()).to.deep.equal(counted(expected).sort());
  }

  get #resetFields(): FieldSet {
    return this.#story.reset ? FieldSet.of(['f:spec']) : FieldSet.empty;
  }

  /** Every path of an object, in a version. */
  #fieldsOf(object: KubeObject, version: Version): FieldSet {
    return allFields(compileFieldType(this.#schemas[version]), this.#inVersion(object, version));
  }

  #inVersion(object: KubeObject, version: string): KubeObject {
    const given = specOf(object);
    if (object.apiVersion === version || given === undefined) return { ...object, apiVersion: version };
    const own = version === 'v2' ? this.#story.spec : inV2(this.#story.spec);
    return { ...object, apiVersion: version, spec: converted(own, given, version === 'v2') } as KubeObject;
  }
}

const thing = (apiVersion: Version, spec: unknown): KubeObject =>
  ({ apiVersion, kind: 'Thing', metadata: { name: '' }, spec }) as KubeObject;

const specOf = (object: unknown): unknown => (object as { spec?: unknown }).spec;

/** The judge's name for whoever updates, whose new fields are added to its old ones afterwards. */
const writer = 'current-operation';

const identity = ({ operation, manager, version }: Step): string =>
  identityOf({ manager, operation: operation === 'apply' ? 'Apply' : 'Update', apiVersion: version, subresource: '' });

const asJudged = (owners: Owners): Record<string, JudgedEntry> =>
  Object.fromEntries(
    [...owners].map(([name, { apiVersion, operation, fields }]) => [
      name,
      { version: apiVersion, applied: operation === 'Apply', fields: writeFieldsV1(fields) },
    ]),
  );

/** The judge's managers: the new fields of whoever wrote with its old ones, without those that nobody owns. */
function withWriter(
  { [writer]: gained, ...managers }: Record<string, JudgedEntry>,
  step: Step,
): Record<string, JudgedEntry> {
  const name = identity(step);
  if (!gained && step.operation === 'update') return managers;
  const sets = [gained, managers[name]].flatMap((entry) => (entry ? [readFieldsV1(entry.fields)] : []));
  const fields = writeFieldsV1(ownable(sets.reduce((sum, set) => sum.union(set), FieldSet.empty)));
  return { ...managers, [name]: { version: step.version, applied: step.operation === 'apply', fields } };
}
