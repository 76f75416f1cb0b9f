/** Objects at a host: writes that must not be lost, and reads and watches that tell all of them. */
import { expect } from 'chai';
import { Reflector } from '../../../apiserver/host/reflector.ts';
import { silentLog } from '../../../openapi/machinery/log.ts';
import { configMap, kinds, type Place, refusal } from './host.ts';

export function objectStatements(place: () => Place): void {
  describe('writes', () => {
    it('give an object a uid, a resourceVersion and a time', async () => {
      const { metadata } = await place().create(kinds.configMaps, configMap('made'));
      expect(metadata.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(metadata.resourceVersion).to.match(/^\d+$/);
      expect(metadata.creationTimestamp).to.match(/^\d{4}-.*Z$/);
    });

    it('refuse to create what is there', async () => {
      await place().create(kinds.configMaps, configMap('twice'));
      const { code, reason, message } = await refusal(place().create(kinds.configMaps, configMap('twice')));
      expect([code, reason]).to.deep.equal([409, 'AlreadyExists']);
      expect(message).to.equal('configmaps "twice" already exists');
    });

    it('choose a name where only its beginning is given', async () => {
      const map = { ...configMap(''), metadata: { generateName: 'begins-' } };
      const { metadata } = await place().create(kinds.configMaps, map);
      expect(metadata.name).to.match(/^begins-[a-z0-9]{5}$/);
    });

    it('refuse an update of what somebody has changed meanwhile', async () => {
      const seen = await place().create(kinds.configMaps, configMap('raced', { by: 'nobody' }));
      await place().patch(kinds.configMaps, 'raced', { data: { by: 'another' } });
      const late = place().client.update(kinds.configMaps, { ...seen, data: { by: 'me' } }, place().signal);
      expect((await refusal(late)).reason).to.equal('Conflict');
      expect((await place().get(kinds.configMaps, 'raced')).data).to.deep.equal({ by: 'another' });
    });

    it('overwrite it when no resourceVersion is given', async () => {
      await place().create(kinds.configMaps, configMap('forced', { by: 'nobody' }));
      const map = { ...configMap('forced', { by: 'me' }), metadata: { name: 'forced', namespace: place().namespace } };
      await place().client.update(kinds.configMaps, map, place().signal);
      expect((await place().get(kinds.configMaps, 'forced')).data).to.deep.equal({ by: 'me' });
    });

    it('move nothing when they change nothing', async () => {
      const made = await place().create(kinds.configMaps, configMap('same', { a: '1' }));
      const patched = await place().patch(kinds.configMaps, 'same', { data: { a: '1' } });
      expect(patched.metadata.resourceVersion).to.equal(made.metadata.resourceVersion);
    });

    it('take a null in a merge patch for "away with it"', async () => {
      await place().create(kinds.configMaps, configMap('less', { a: '1', b: '2' }));
      const { data } = await place().patch(kinds.configMaps, 'less', { data: { a: null } });
      expect(data).to.deep.equal({ b: '2' });
    });

    it('delete only the object that is meant', async () => {
      await place().create(kinds.configMaps, configMap('meant'));
      const uid = '00000000-0000-0000-0000-000000000000';
      const { code, reason } = await refusal(place().delete(kinds.configMaps, 'meant', { preconditions: { uid } }));
      expect([code, reason]).to.deep.equal([409, 'Conflict']);
      expect(await place().find(kinds.configMaps, 'meant')).to.be.an('object');
    });

    it('only mark what has finalizers, until the last is taken away', async () => {
      await place().create(kinds.configMaps, configMap('held', {}, { finalizers: ['example.com/wait'] }));
      const { metadata } = await place().delete(kinds.configMaps, 'held');
      expect(metadata.deletionTimestamp).to.be.a('string');
      await place().patch(kinds.configMaps, 'held', { metadata: { finalizers: null } });
      await place().gone(kinds.configMaps, 'held');
    });

    it('of secrets keep texts as base64', async () => {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'texts' }, stringData: { a: 'ä' } };
      await place().create(kinds.secrets, secret);
      expect((await place().get(kinds.secrets, 'texts')).data).to.deep.equal({ a: 'w6Q=' });
    });

    it('of leases are held against their resourceVersion', async () => {
      const spec = { holderIdentity: 'one', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'leader' }, spec };
      const made = await place().create(kinds.leases, lease);
      const mine = { ...made, spec: { ...spec, holderIdentity: 'two' } };
      expect((await place().client.update(kinds.leases, mine, place().signal)).metadata.resourceVersion).not.to.equal(
        made.metadata.resourceVersion,
      );
      expect((await refusal(place().client.update(kinds.leases, mine, place().signal))).reason).to.equal('Conflict');
    });

    it('of events may count one up', async () => {
      const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'made', namespace: place().namespace };
      const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'made.1' }, involvedObject, count: 1 };
      await place().create(kinds.events, { ...event, reason: 'Seen', message: 'seen', type: 'Normal' });
      expect((await place().patch(kinds.events, 'made.1', { count: 2 })).count).to.equal(2);
    });
  });

  describe('reads', () => {
    before(async () => {
      for (let i = 0; i < 7; i += 1)
        await place().create(kinds.configMaps, configMap(`page-${i}`, {}, { labels: { half: String(i % 2) } }));
    });

    it('come in pages that are of one moment', async () => {
      const { client, namespace, signal } = place();
      const query = { labelSelector: 'half', limit: '3' };
      const first = await client.list<never>(kinds.configMaps, { namespace, query }, signal);
      expect(first.items).to.have.length(3);
      await place().create(kinds.configMaps, configMap('page-9', {}, { labels: { half: '1' } }));
      const token = first.metadata.continue ?? '';
      const rest = await client.list<never>(
        kinds.configMaps,
        { namespace, query: { ...query, limit: '9', continue: token } },
        signal,
      );
      expect(rest.items).to.have.length(4);
      expect(rest.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
    });

    it('pick by label and by name', async () => {
      const names = async (query: Record<string, string>): Promise<string[]> =>
        (await place().list(kinds.configMaps, query)).map(({ metadata }) => metadata.name);
      expect(await names({ labelSelector: 'half=0' })).to.deep.equal(['page-0', 'page-2', 'page-4', 'page-6']);
      expect(await names({ labelSelector: 'half', fieldSelector: 'metadata.name=page-1' })).to.deep.equal(['page-1']);
    });

    it('say so when something is not there', async () => {
      const { code, reason, message } = await refusal(place().get(kinds.configMaps, 'none'));
      expect([code, reason, message]).to.deep.equal([404, 'NotFound', 'configmaps "none" not found']);
    });
  });

  describe('a watch', () => {
    it('tells everything after the list that it began with', async () => {
      const seen: string[] = [];
      const stop = new AbortController();
      const { client, namespace } = place();
      const told = (type: string) => (map: { metadata: { name: string } }) => seen.push(`${type} ${map.metadata.name}`);
      await place().create(kinds.configMaps, configMap('watched-1', {}, { labels: { watched: 'yes' } }));
      const reflector = new Reflector({
        ...{ client, namespace, resource: kinds.configMaps, labelSelector: 'watched=yes', log: silentLog },
        listener: {
          replace: (maps) => maps.forEach(told('listed')),
          put: told('put'),
          remove: told('removed'),
        },
      });
      const running = reflector.run(stop.signal);
      await reflector.synced;
      await place().create(kinds.configMaps, configMap('watched-2', {}, { labels: { watched: 'yes' } }));
      await place().patch(kinds.configMaps, 'watched-1', { data: { a: '1' } });
      // What no longer has the label is gone, for whoever selects by it.
      await place().patch(kinds.configMaps, 'watched-2', { metadata: { labels: { watched: 'no' } } });
      await place().delete(kinds.configMaps, 'watched-1');
      await place().until('all is told', () => seen.length >= 5);
      stop.abort();
      await running;
      expect(seen).to.deep.equal([
        'listed watched-1',
        'put watched-2',
        'put watched-1',
        'removed watched-2',
        'removed watched-1',
      ]);
    });
  });
}
