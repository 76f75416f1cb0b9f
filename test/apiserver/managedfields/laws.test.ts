/** What holds of every apply, whatever is applied to whatever, by whomever. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FieldManager, FieldSet } from '../../../apiserver/managedfields/field-manager.ts';
import { allFields, appliedFields } from '../../../apiserver/managedfields/field-sets-of.ts';
import { compileFieldType } from '../../../apiserver/managedfields/field-type.ts';
import { readOwners } from '../../../apiserver/managedfields/owners.ts';
import { ownable } from '../../../apiserver/managedfields/update.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import { arbitraryOf } from '../../make/openapi-arbitrary.ts';
import { at, withEntries } from './cluster-fields.ts';
import { comparable } from './judge/known-differences.ts';

const apiVersion = 'v1';

for (const [kind, schema] of [
  ['KubeDirectorCluster', kubeDirectorCluster],
  ['KubeDirectorApp', kubeDirectorApp],
] as const)
  describe(`applying a ${kind}`, () => {
    const manager = new FieldManager({ schemaOf: () => schema, convert: (object) => object });
    const type = compileFieldType(schema);
    const whole: Schema = {
      ...schema,
      properties: { ...schema.properties, metadata: { type: 'object', properties: {} } },
    };
    const objects = arbitraryOf(whole, { partial: true })
      .map((object) => ({ ...(object as KubeObject), apiVersion, kind, metadata: { name: 'x' } }) as KubeObject)
      .filter((object) => {
        // What cannot be applied at all, since items lack their keys or repeat, is another test's.
        try {
          apply(undefined, object, 'm');
          return true;
        } catch {
          return false;
        }
      });

    function apply(live: KubeObject | undefined, object: KubeObject, by: string, second = 0, force = true): KubeObject {
      const configuration = { ...withEntries(object, undefined) };
      const result = manager.applyConfiguration({
        live,
        configuration,
        manager: by,
        apiVersion,
        force,
        time: at(second),
      });
      if ('conflicts' in result) throw new Error('a conflict in spite of force');
      return withEntries(result.object, result.managedFields);
    }

    const ownedBy = (object: KubeObject, by: string): FieldSet =>
      [...readOwners(object.metadata.managedFields).values()].find((owner) => owner.manager === by)?.fields ??
      FieldSet.empty;

    it('twice is once (K-262)', () =>
      fc.assert(
        fc.property(objects, objects, (live, object) => {
          const once = apply(apply(undefined, live, 'ann'), object, 'bob', 1);
          // As in Kubernetes, an object that nobody owns anything of is before-first-apply's with the next apply.
          fc.pre(once.metadata.managedFields !== undefined);
          expect(apply(once, object, 'bob', 2)).to.deep.equal(once);
        }),
      ));

    it('owns exactly what it says (K-264)', () =>
      fc.assert(
        fc.property(objects, objects, objects, (live, first, object) => {
          const now = apply(apply(apply(undefined, live, 'ann'), first, 'bob'), object, 'bob');
          expect(ownedBy(now, 'bob').equals(ownable(appliedFields(type, object)))).to.equal(true);
        }),
      ));

    it('and then nothing takes away what was the manager’s alone, and leaves the rest (K-264)', () =>
      fc.assert(
        fc.property(objects, objects, (live, object) => {
          const before = apply(undefined, live, 'ann');
          const both = apply(before, object, 'bob');
          const bare = { apiVersion, kind, metadata: { name: 'x' } } as KubeObject;
          const after = apply(both, bare, 'bob');
          expect(ownedBy(after, 'bob').isEmpty).to.equal(true);
          // A container stays as long as somebody else owns something in it.
          const others = [...ownedBy(both, 'ann').paths()];
          const alone = [...ownedBy(both, 'bob').leaves().paths()].filter(
            (path) => !others.some((other) => path.every((element, i) => element === other[i])),
          );
          const now = allFields(type, comparable(after));
          expect(alone.filter((path) => now.has(path))).to.deep.equal([]);
          expect(ownedBy(after, 'ann').equals(ownedBy(both, 'ann'))).to.equal(true);
        }),
      ));

    it('by force leaves no conflict: nobody owns another value (K-270)', () =>
      fc.assert(
        fc.property(objects, objects, (live, object) => {
          const now = apply(apply(undefined, live, 'ann'), object, 'bob');
          const again = manager.applyConfiguration({
            live: now,
            configuration: { ...object },
            manager: 'cid',
            apiVersion,
            force: false,
            time: at(1),
          });
          expect(again).not.to.have.property('conflicts');
        }),
      ));

    it('comes to the same in either order where managers do not meet', () =>
      fc.assert(
        fc.property(objects, (object) => {
          fc.pre(!ownable(appliedFields(type, object)).isEmpty);
          const other = { apiVersion, kind, metadata: { name: 'x', labels: { l: '1' } } };
          const there = apply(apply(undefined, object, 'ann'), other, 'bob');
          const back = apply(apply(undefined, other, 'bob'), object, 'ann');
          expect(there).to.deep.equal(back);
        }),
      ));

    it('changes nothing that it was given', () =>
      fc.assert(
        fc.property(objects, objects, (live, object) => {
          const before = apply(undefined, live, 'ann');
          const texts = JSON.stringify([before, object]);
          apply(before, object, 'bob');
          expect(JSON.stringify([before, object])).to.equal(texts);
        }),
      ));
  });
