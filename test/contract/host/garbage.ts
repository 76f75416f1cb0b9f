/** What belongs to whom, and what becomes of it: owners, propagation, namespaces. */
import { expect } from 'chai';
import { configMap, kinds, ownedBy, type Place } from './host.ts';

export function garbageStatements(place: () => Place): void {
  const family = async (name: string, block = false): Promise<void> => {
    const owner = await place().create(kinds.configMaps, configMap(name));
    await place().create(kinds.configMaps, configMap(`${name}-child`, {}, ownedBy(owner, block)));
  };

  describe('an owner that is deleted', () => {
    it('takes what belongs to it along, afterwards', async () => {
      await family('background');
      await place().delete(kinds.configMaps, 'background', { propagationPolicy: 'Background' });
      expect(await place().find(kinds.configMaps, 'background')).to.equal(undefined);
      await place().gone(kinds.configMaps, 'background-child');
    });

    it('waits for what blocks it, in the foreground', async () => {
      await family('foreground', true);
      await place().patch(kinds.configMaps, 'foreground-child', { metadata: { finalizers: ['example.com/wait'] } });
      await place().delete(kinds.configMaps, 'foreground', { propagationPolicy: 'Foreground' });
      await place().until('the child is being deleted', async () => {
        return (await place().get(kinds.configMaps, 'foreground-child')).metadata.deletionTimestamp;
      });
      expect((await place().get(kinds.configMaps, 'foreground')).metadata.finalizers).to.deep.equal([
        'foregroundDeletion',
      ]);
      await place().patch(kinds.configMaps, 'foreground-child', { metadata: { finalizers: null } });
      await place().gone(kinds.configMaps, 'foreground');
    });

    it('leaves what it is told to leave', async () => {
      await family('orphan');
      await place().delete(kinds.configMaps, 'orphan', { propagationPolicy: 'Orphan' });
      await place().gone(kinds.configMaps, 'orphan');
      const { metadata } = await place().until('the child belongs to nobody', async () => {
        const child = await place().get(kinds.configMaps, 'orphan-child');
        return child.metadata.ownerReferences ? undefined : child;
      });
      expect(metadata).not.to.have.property('deletionTimestamp');
    });
  });

  describe('what belongs to somebody', () => {
    it('who is not there goes', async () => {
      const nobody = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nobody', uid: 'no-such-uid' } };
      await place().create(kinds.configMaps, configMap('astray', {}, ownedBy(nobody)));
      await place().gone(kinds.configMaps, 'astray');
    });

    it('of the same name, but another, goes too', async () => {
      await place().create(kinds.configMaps, configMap('successor'));
      const before = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'successor', uid: 'predecessor' } };
      await place().create(kinds.configMaps, configMap('inherited', {}, ownedBy(before)));
      await place().gone(kinds.configMaps, 'inherited');
    });

    it('of a kind that nobody serves stays', async () => {
      const apiVersion = 'nobody-serves-this.example.com/v1';
      const unknown = { apiVersion, kind: 'Riddle', metadata: { name: 'who', uid: 'who-knows' } };
      await place().create(kinds.configMaps, configMap('stays', {}, ownedBy(unknown)));
      await family('meanwhile');
      await place().delete(kinds.configMaps, 'meanwhile', { propagationPolicy: 'Background' });
      await place().gone(kinds.configMaps, 'meanwhile-child');
      expect((await place().get(kinds.configMaps, 'stays')).metadata).not.to.have.property('deletionTimestamp');
    });
  });
}
