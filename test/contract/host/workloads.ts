/** StatefulSets, their pods and claims, and Services: what clusters are made of. */
import { expect } from 'chai';
import { type Anything, kinds, type Place, refusal, waitingSet } from './host.ts';

export function workloadStatements(place: () => Place): void {
  const ready = (name: string, count: number): Promise<Anything> =>
    place().until(`${name} has ${count} ready pods`, async () => {
      const set = await place().get(kinds.statefulSets, name);
      const { readyReplicas = 0, observedGeneration } = set.status;
      return observedGeneration === set.metadata.generation && readyReplicas === count ? set : undefined;
    });
  const podsOf = (name: string): Promise<Anything[]> => place().list(kinds.pods, { labelSelector: `app=${name}` });

  describe('a StatefulSet', () => {
    it('brings numbered pods to readiness, each with its labels and its owner', async () => {
      const made = await place().create(kinds.statefulSets, waitingSet('web', place().image, { replicas: 2 }));
      await ready('web', 2);
      const pods = await podsOf('web');
      expect(pods.map(({ metadata }) => metadata.name).sort()).to.deep.equal(['web-0', 'web-1']);
      for (const { metadata, status, spec } of pods) {
        expect(metadata.labels).to.include({ app: 'web', 'statefulset.kubernetes.io/pod-name': metadata.name });
        expect(metadata.labels).to.have.property('controller-revision-hash');
        expect(metadata.ownerReferences).to.have.length(1);
        expect(metadata.ownerReferences[0]).to.include({ kind: 'StatefulSet', name: 'web', controller: true });
        expect(metadata.ownerReferences[0].uid).to.equal(made.metadata.uid);
        expect(status.phase).to.equal('Running');
        expect(status.podIP).to.match(/^\d+\.\d+\.\d+\.\d+$/);
        expect(status.conditions.find(({ type }: Anything) => type === 'Ready').status).to.equal('True');
        expect(status.containerStatuses[0]).to.include({ name: 'app', ready: true, restartCount: 0 });
        expect(status.containerStatuses[0].containerID).to.be.a('string');
        expect(spec.hostname).to.equal(metadata.name);
        expect(spec.subdomain).to.equal('web');
        expect(spec.nodeName).to.be.a('string');
      }
    });

    it('counts changes of what is wanted, and says when it has seen them', async () => {
      const { metadata } = await place().patch(kinds.statefulSets, 'web', { spec: { replicas: 3 } });
      expect(metadata.generation).to.equal(2);
      expect((await ready('web', 3)).status).to.include({ observedGeneration: 2, replicas: 3 });
    });

    it('puts a pod that was deleted back, under the same name', async () => {
      const { metadata } = await place().get(kinds.pods, 'web-1');
      await place().delete(kinds.pods, 'web-1');
      await place().until('another web-1 is there', async () => {
        const pod = await place().find(kinds.pods, 'web-1');
        return pod && pod.metadata.uid !== metadata.uid;
      });
      await ready('web', 3);
    });

    it('takes the last pods away first', async () => {
      await place().patch(kinds.statefulSets, 'web', { spec: { replicas: 1 } });
      await place().until('one pod is left', async () => (await podsOf('web')).length === 1);
      expect((await podsOf('web'))[0].metadata.name).to.equal('web-0');
    });

    it('starts all pods at once when it is told to', async () => {
      const set = waitingSet('parallel', place().image, { replicas: 3, podManagementPolicy: 'Parallel' });
      await place().create(kinds.statefulSets, set);
      await ready('parallel', 3);
    });

    it('never changes its selector, its service or its claims', async () => {
      const { code, message } = await refusal(
        place().patch(kinds.statefulSets, 'web', { spec: { serviceName: 'another' } }),
      );
      expect(code).to.equal(422);
      expect(message).to.match(/^StatefulSet.apps "web" is invalid: spec: Forbidden: updates to statefulset spec for/);
    });

    it('makes a claim for each pod, and keeps it', async () => {
      const volumeClaimTemplates = [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
        },
      ];
      await place().create(kinds.statefulSets, waitingSet('kept', place().image, { volumeClaimTemplates }));
      await ready('kept', 1);
      const claim = await place().get(kinds.claims, 'data-kept-0');
      expect(claim.status.phase).to.equal('Bound');
      expect(claim.metadata.labels).to.include({ app: 'kept' });
      await place().delete(kinds.statefulSets, 'kept', { propagationPolicy: 'Background' });
      await place().gone(kinds.pods, 'kept-0');
      expect((await place().get(kinds.claims, 'data-kept-0')).metadata).not.to.have.property('deletionTimestamp');
    });

    it('that asks for more than there is stays pending, and its pod says why', async () => {
      const set = waitingSet('greedy', place().image);
      set.spec.template.spec.containers[0].resources = { requests: { cpu: '10k' } };
      await place().create(kinds.statefulSets, set);
      const scheduled = await place().until('the pod says why it waits', async () => {
        const pod = await place().find(kinds.pods, 'greedy-0');
        return pod?.status.conditions?.find(({ type }: Anything) => type === 'PodScheduled');
      });
      expect(scheduled).to.include({ status: 'False', reason: 'Unschedulable' });
      expect(scheduled.message).to.match(/Insufficient cpu/);
    });
  });

  describe('a Service', () => {
    const service = (name: string, spec: object): Anything => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }], ...spec },
    });

    it('without an address of its own has none', async () => {
      const { spec } = await place().create(kinds.services, service('headless', { clusterIP: 'None' }));
      expect(spec).to.include({ clusterIP: 'None', type: 'ClusterIP' });
    });

    it('gets an address, and a port of nodes for each of its ports', async () => {
      const ports = [
        { name: 'a', port: 22 },
        { name: 'b', port: 8080 },
      ];
      const { spec } = await place().create(kinds.services, service('ports', { type: 'NodePort', ports }));
      expect(spec.clusterIP).to.match(/^\d+\.\d+\.\d+\.\d+$/);
      expect(spec.ports.map(({ port, targetPort, protocol }: Anything) => [port, targetPort, protocol])).to.deep.equal([
        [22, 22, 'TCP'],
        [8080, 8080, 'TCP'],
      ]);
      expect(new Set(spec.ports.map(({ nodePort }: Anything) => nodePort)).size).to.equal(2);
    });

    it('keeps its address and ports when others come, and gives them back with its type', async () => {
      const before = (await place().get(kinds.services, 'ports')).spec;
      const { spec } = await place().patch(kinds.services, 'ports', {
        spec: { ports: [...before.ports, { name: 'c', port: 9, protocol: 'TCP' }] },
      });
      expect(spec.clusterIP).to.equal(before.clusterIP);
      expect(spec.ports.slice(0, 2)).to.deep.equal(before.ports);
      const ports = spec.ports.map(({ nodePort: _, ...port }: Anything) => port);
      const changed = await place().patch(kinds.services, 'ports', { spec: { type: 'ClusterIP', ports } });
      for (const port of changed.spec.ports) expect(port).not.to.have.property('nodePort');
    });
  });
}
