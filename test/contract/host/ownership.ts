/**
 * Server-side apply, as the reconciler relies on it: what it is given, what it must not take, and what it never finds out too late.
 */
import { expect } from 'chai';
import { type Anything, configMap, kinds, ownedBy, type Place, refusal, waitingSet } from './host.ts';

export function ownershipStatements(place: () => Place): void {
  const service = (name: string, spec: object = {}, metadata: object = {}): Anything => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...metadata },
    spec: { type: 'ClusterIP', ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 80 }], ...spec },
  });
  const managersOf = ({ metadata }: Anything): string[] =>
    metadata.managedFields.map(({ manager, operation }: Anything) => `${manager} ${operation}`);
  const force = { force: 'true' };

  describe('applying', () => {
    it('what is not there creates it, owned by the one who applies', async () => {
      const made = await place().apply(kinds.services, service('fresh', {}, { labels: { a: '1' } }));
      expect(made.metadata.labels).to.deep.equal({ a: '1' });
      expect(managersOf(made)).to.deep.equal(['contract Apply']);
      const [{ fieldsV1 }] = made.metadata.managedFields;
      expect(fieldsV1['f:metadata']['f:labels']).to.deep.include({ 'f:a': {} });
      expect(fieldsV1['f:spec']['f:ports']).to.have.property('k:{"port":80,"protocol":"TCP"}');
    });

    it('the same again moves nothing', async () => {
      const made = await place().apply(kinds.services, service('same-again'));
      const again = await place().apply(kinds.services, service('same-again'), force);
      expect(again.metadata.resourceVersion).to.equal(made.metadata.resourceVersion);
    });

    it('takes away what its manager does not say any more, and leaves what others own', async () => {
      await place().apply(kinds.services, service('labelled', {}, { labels: { mine: '1', less: '1' } }));
      await place().patch(kinds.services, 'labelled', { metadata: { labels: { theirs: '1' } } });
      const { metadata } = await place().apply(
        kinds.services,
        service('labelled', {}, { labels: { mine: '2' } }),
        force,
      );
      expect(metadata.labels).to.deep.equal({ mine: '2', theirs: '1' });
    });

    it('over what somebody else has made is refused, and changes nothing', async () => {
      await place().create(
        kinds.services,
        service('strangers', { selector: { app: 'theirs' } }, { labels: { a: '1' } }),
      );
      const mine = service('strangers', { selector: { app: 'mine' } }, { labels: { b: '1' } });
      const { code, reason, details } = await refusal(place().apply(kinds.services, mine));
      expect([code, reason]).to.deep.equal([409, 'Conflict']);
      expect(details.causes[0].reason).to.equal('FieldManagerConflict');
      const { metadata, spec } = await place().get(kinds.services, 'strangers');
      expect(metadata.labels).to.deep.equal({ a: '1' });
      expect(spec.selector).to.deep.equal({ app: 'theirs' });
    });

    it('by force puts back what somebody else has changed', async () => {
      await place().apply(kinds.services, service('contested', { selector: { app: 'mine' } }));
      await place().patch(kinds.services, 'contested', { spec: { selector: { app: 'theirs' } } });
      const { spec } = await place().apply(kinds.services, service('contested', { selector: { app: 'mine' } }), force);
      expect(spec.selector).to.deep.equal({ app: 'mine' });
    });

    it('to an object that has changed since is refused when the configuration names a resourceVersion', async () => {
      const { metadata } = await place().apply(kinds.services, service('late'));
      await place().patch(kinds.services, 'late', { metadata: { labels: { theirs: '1' } } });
      const { uid, resourceVersion } = metadata;
      const late = service('late', { publishNotReadyAddresses: true }, { uid, resourceVersion });
      expect((await refusal(place().apply(kinds.services, late, force))).reason).to.equal('Conflict');
      expect((await place().get(kinds.services, 'late')).spec).not.to.have.property('publishNotReadyAddresses', true);
    });

    it('to an object that is gone makes no other in its place when the configuration names uid and resourceVersion', async () => {
      const { metadata } = await place().apply(kinds.services, service('gone'));
      await place().delete(kinds.services, 'gone');
      const { uid, resourceVersion } = metadata;
      const { code } = await refusal(
        place().apply(kinds.services, service('gone', {}, { uid, resourceVersion }), force),
      );
      expect(code).to.be.oneOf([400, 409, 500]);
      expect(await place().find(kinds.services, 'gone')).to.equal(undefined);
    });

    it('to a successor of the same name is refused when the configuration names another uid', async () => {
      const { metadata } = await place().apply(kinds.services, service('follows'));
      await place().delete(kinds.services, 'follows');
      const next = await place().apply(kinds.services, service('follows'));
      const { resourceVersion } = next.metadata;
      const late = service('follows', {}, { uid: metadata.uid, resourceVersion, labels: { a: '1' } });
      expect((await refusal(place().apply(kinds.services, late, force))).code).to.be.oneOf([409, 422]);
    });

    it('an owner adds it beside others', async () => {
      const one = await place().create(kinds.configMaps, configMap('owner-one'));
      const two = await place().create(kinds.configMaps, configMap('owner-two'));
      const [reference] = (ownedBy(one) as Anything).ownerReferences;
      const { controller: _, ...other } = reference;
      await place().create(kinds.configMaps, configMap('owned', { a: '1' }, { ownerReferences: [other] }));
      const { metadata, data } = await place().apply(
        kinds.configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', ...ownedBy(two) } },
        force,
      );
      expect(metadata.ownerReferences.map(({ name }: Anything) => name)).to.have.members(['owner-one', 'owner-two']);
      expect(data).to.deep.equal({ a: '1' });
    });
  });

  describe('applying a StatefulSet', () => {
    const set = (name: string, replicas: number, template: object = {}): Anything => {
      const made = waitingSet(name, place().image, { replicas });
      Object.assign(made.spec.template.spec, template);
      return made;
    };

    it('keeps the template as long as the configuration says the same of it', async () => {
      const made = await place().apply(kinds.statefulSets, set('steady', 0));
      const scaled = await place().apply(kinds.statefulSets, set('steady', 1), force);
      expect(scaled.spec.replicas).to.equal(1);
      expect(scaled.spec.template).to.deep.equal(made.spec.template);
    });

    it('drops of the template what the configuration leaves out', async () => {
      await place().apply(kinds.statefulSets, set('losing', 0, { terminationGracePeriodSeconds: 7 }));
      const { spec } = await place().apply(kinds.statefulSets, set('losing', 0), force);
      expect(spec.template.spec.terminationGracePeriodSeconds).to.equal(30);
    });

    it('without its template leaves it alone, if somebody else made it', async () => {
      const made = await place().create(kinds.statefulSets, set('others', 0));
      const { apiVersion, kind } = made;
      const mine = { apiVersion, kind, metadata: { name: 'others' }, spec: { replicas: 0 } };
      const { spec } = await place().apply(kinds.statefulSets, mine, force);
      expect(spec.template).to.deep.equal(made.spec.template);
    });

    it('leaves to others what they have taken over', async () => {
      const { apiVersion, kind } = await place().apply(kinds.statefulSets, set('shared', 0));
      const changed = { spec: { template: { metadata: { annotations: { restarted: 'now' } } }, replicas: 3 } };
      await place().patch(kinds.statefulSets, 'shared', changed);
      const { metadata } = await place().get(kinds.statefulSets, 'shared');
      const mine = metadata.managedFields.find(({ manager }: Anything) => manager === 'contract');
      expect(mine.fieldsV1['f:spec']).not.to.have.property('f:replicas');
      const again = { ...set('shared', 0), apiVersion, kind };
      const { spec } = await place().apply(kinds.statefulSets, again, force);
      expect(spec.replicas).to.equal(0);
      expect(spec.template.metadata.annotations).to.deep.equal({ restarted: 'now' });
    });
  });

  describe('applying a Service of another type', () => {
    const types = ['ClusterIP', 'NodePort', 'LoadBalancer'];
    for (const from of types)
      for (const to of types.filter((type) => type !== from))
        it(`${from} to ${to} keeps the object, its address and its ports`, async () => {
          const name = `${from}-${to}`.toLowerCase();
          const made = await place().apply(kinds.services, service(name, { type: from }));
          const { metadata, spec } = await place().apply(kinds.services, service(name, { type: to }), force);
          expect(metadata.uid).to.equal(made.metadata.uid);
          expect(spec.clusterIP).to.equal(made.spec.clusterIP);
          expect(spec.type).to.equal(to);
          const [{ nodePort: before }, { nodePort }] = [made.spec.ports[0], spec.ports[0]];
          if (to === 'ClusterIP') expect(nodePort).to.equal(undefined);
          else expect(nodePort).to.be.a('number');
          if (from !== 'ClusterIP' && to !== 'ClusterIP') expect(nodePort).to.equal(before);
        });
  });

  describe('the selector of a Service', () => {
    it('loses what somebody else has added when a patch says so', async () => {
      await place().apply(kinds.services, service('selects', { selector: { app: 'mine' } }));
      const added = await place().patch(kinds.services, 'selects', { spec: { selector: { also: 'this' } } });
      expect(added.spec.selector).to.deep.equal({ app: 'mine', also: 'this' });
      const { spec } = await place().patch(kinds.services, 'selects', { spec: { selector: { also: null } } });
      expect(spec.selector).to.deep.equal({ app: 'mine' });
    });
  });
}
