/** The whole suite, for one host. */
import { expect } from 'chai';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import { execStatements } from './exec.ts';
import { garbageStatements } from './garbage.ts';
import { configMap, type HostUnderTest, kinds, Place, refusal } from './host.ts';
import { objectStatements } from './objects.ts';
import { ownershipStatements } from './ownership.ts';
import { workloadStatements } from './workloads.ts';

/** @param open is called before the statements, and what it opened is closed after them */
export function hostContract(open: () => Promise<HostUnderTest>): void {
  let host: HostUnderTest;
  let place: Place;

  before(async () => {
    host = await open();
    place = new Place(host);
    await place.open();
  });
  after(async () => {
    await place?.close().catch(() => {});
    await host?.close();
  });

  objectStatements(() => place);
  workloadStatements(() => place);
  ownershipStatements(() => place);
  execStatements(() => place);
  garbageStatements(() => place);

  describe('a namespace that is deleted', () => {
    it('takes in nothing new, says why, and is gone when all in it is', async () => {
      const other = new Place(host);
      await other.open();
      await other.create(kinds.configMaps, configMap('holds', {}, { finalizers: ['example.com/wait'] }));
      await other.close();
      const { code, details } = await other.until('it takes in nothing new', async () => {
        const status = await refusal(other.create(kinds.configMaps, configMap('late'))).catch(() => undefined);
        if (!status) await other.delete(kinds.configMaps, 'late').catch(() => {});
        return status;
      });
      expect(code).to.equal(403);
      expect(details.causes[0].reason).to.equal('NamespaceTerminating');
      await other.patch(kinds.configMaps, 'holds', { metadata: { finalizers: null } });
      await other.until('it is gone', async () => {
        const status = await refusal(other.client.get(kinds.namespaces, '', other.namespace, other.signal)).catch(
          () => undefined,
        );
        return status?.code === 404;
      });
    });
  });

  describe('a review', () => {
    const ask = async (kind: string, group: string, spec: object) => {
      const path = `/apis/${group}/v1/${kind.toLowerCase()}s`;
      const answer = await place.client.post(path, { apiVersion: `${group}/v1`, kind, spec }, place.signal);
      return isRecord(answer) ? (answer.status as Record<string, unknown>) : {};
    };

    it('of access says what roles say', async () => {
      const metadata = { name: 'reader' };
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
      await place.create(kinds.roles, { apiVersion, kind: 'Role', metadata, rules });
      await place.create(kinds.roleBindings, {
        ...{ apiVersion, kind: 'RoleBinding', metadata },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'readers' }],
      });
      const may = async (verb: string, groups: string[]) => {
        const resourceAttributes = { verb, resource: 'configmaps', namespace: place.namespace, version: 'v1' };
        const spec = { user: 'joe', groups, resourceAttributes };
        return (await ask('SubjectAccessReview', 'authorization.k8s.io', spec)).allowed;
      };
      await place.until('readers may read', () => may('get', ['readers']));
      expect(await may('delete', ['readers'])).to.equal(false);
      expect(await may('get', ['others'])).to.equal(false);
    });

    it('of a token that nobody issued says so', async () => {
      const status = await ask('TokenReview', 'authentication.k8s.io', { token: 'nonsense' });
      expect(status.authenticated ?? false).to.equal(false);
    });
  });
}
