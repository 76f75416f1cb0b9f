/**
 * The README's story on a real Kubernetes: KubeDirector in pods of its own image behind the aggregator, real StatefulSets, real pods.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Anything, describeInstalled, printedAtInstall, systemNamespace } from './kubedirector.ts';

const portsOf = ({ spec }: Anything): number[] => spec.ports.map(({ port }: Anything) => port);

describeInstalled(
  'KubeDirector on Kubernetes',
  ({ cluster, namespace, system, objects, createFrom, ready, refusal, until }) => {
    const { kubectl } = namespace;
    const members = async (role: string): Promise<string[]> => {
      const selector = `--selector=kubedirector.bluedata.io/kdcluster=spark221e2,kubedirector.bluedata.io/role=${role}`;
      const { items } = JSON.parse(await kubectl('get', 'pods', selector, '--output=json'));
      return items.map(({ metadata }: Anything) => metadata.name);
    };

    describe('is installed with one command, that', () => {
      it('says what to do next', () => {
        expect(printedAtInstall).to.match(/KubeDirector is there\. Try:\n {2}kubectl get kubedirectorapps/);
      });

      it('leaves both versions available, verified by an authority', async () => {
        const { items } = JSON.parse(await cluster.kubectl('get', 'apiservices', '--output=json'));
        const ours = items.filter(({ spec }: Anything) => spec.group === 'kubedirector.bluedata.io');
        expect(ours.map(({ spec }: Anything) => spec.version).sort()).to.deep.equal(['v1alpha1', 'v1beta1']);
        for (const { spec, status } of ours) {
          expect(spec.caBundle).to.be.a('string');
          expect(spec.insecureSkipTLSVerify ?? false).to.equal(false);
          expect(status.conditions.find(({ type }: Anything) => type === 'Available').status).to.equal('True');
        }
      });

      it('brings the example apps', async () => {
        expect((await system('get', 'kubedirectorapps', '--output=name')).trim().split('\n')).to.deep.equal(
          readdirSync(join(import.meta.dirname, '../../../catalog/apps'))
            .map((file) => /^cr-app-(.*)\.yaml$/.exec(file)![1])
            .sort()
            .map((app) => `kubedirectorapp.kubedirector.bluedata.io/${app}`),
        );
      });

      it('can be given again, and then starts nothing anew', async () => {
        const generations = async (): Promise<number[]> => {
          const { items } = JSON.parse(await system('get', 'deployments,statefulsets', '--output=json'));
          return items.map(({ metadata }: Anything) => metadata.generation);
        };
        const before = await generations();
        await cluster.kubectl('apply', '--kustomize', 'deploy/kubernetes');
        expect(await generations()).to.deep.equal(before);
        // kubectl's APIService has no authority in it; that which we wrote stays.
        const bundle = '--output=jsonpath={.spec.caBundle}';
        expect(await cluster.kubectl('get', 'apiservice', 'v1beta1.kubedirector.bluedata.io', bundle)).not.to.equal('');
      });
    });

    it('is known to kubectl by its short names', async () => {
      const table = await cluster.kubectl('api-resources', '--api-group=kubedirector.bluedata.io');
      expect(table).to.match(/^kubedirectorclusters +kdcluster,kdc /m);
      // The aggregator fetches schemas now and then.
      const explained = await until('its schema is known', () =>
        cluster.kubectl('explain', 'kdc.spec.roles').catch(() => undefined),
      );
      expect(explained).to.match(/^RESOURCE: +roles <\[\]Object>$/m);
    });

    it('runs a cluster as published in 2018', async () => {
      await createFrom('cr-cluster-spark221e2.yaml');
      await ready('spark221e2');
      const pods = await objects('pods');
      expect(pods.map(({ metadata }) => metadata.name.replace(/-[a-z0-9]{5}-/, '-HASH-')).sort()).to.deep.equal([
        'spark221e2-controller-HASH-0',
        'spark221e2-jupyter-HASH-0',
        'spark221e2-worker-HASH-0',
        'spark221e2-worker-HASH-1',
      ]);
      for (const { status } of pods) expect(status.containerStatuses[0].ready).to.equal(true);
    });

    it('gives each member a Service with the ports of its role, in the order of the app', async () => {
      const services = await objects('services');
      const ports = Object.fromEntries(
        services.map((service) => [service.metadata.name.replace(/-[a-z0-9]{5}(-|$)/, '-HASH$1'), portsOf(service)]),
      );
      expect(ports).to.deep.equal({
        'svc-spark221e2-HASH': [8888],
        'svc-spark221e2-controller-HASH-0': [22, 8080, 7077, 8081],
        'svc-spark221e2-jupyter-HASH-0': [22, 8888],
        'svc-spark221e2-worker-HASH-0': [22, 8081],
        'svc-spark221e2-worker-HASH-1': [22, 8081],
      });
    });

    it('lets members find each other by name', async () => {
      const [worker = ''] = await members('worker');
      const [controller = ''] = await members('controller');
      const service = (await objects('services')).find(({ spec }) => spec.clusterIP === 'None').metadata.name;
      const found = await kubectl('exec', worker, '--', 'getent', 'hosts', `${controller}.${service}`);
      expect(found).to.match(/^\d+\.\d+\.\d+\.\d+ /);
    });

    it('shows it in tables, in both versions', async () => {
      expect(await kubectl('get', 'kdc')).to.match(
        /^NAME +APP +STATE +MEMBERS +AGE\nspark221e2 +spark221e2 +configured +4\/4 /,
      );
      const old = await kubectl(
        'get',
        'kubedirectorclusters.v1alpha1.kubedirector.bluedata.io',
        'spark221e2',
        '--output=jsonpath={.spec.roles[*].name} {.spec.roles[*].replicas} {.status.state}',
      );
      expect(old).to.equal('controller worker jupyter 1 2 1 ready');
    });

    it('runs a second app beside it, of the namespace where there is one of that name', async () => {
      await createFrom('cr-cluster-cassandra311.yaml');
      await ready('cassandra311');
      const seeds = (await objects('services')).filter(({ metadata }) =>
        metadata.name.startsWith('svc-cassandra311-seed'),
      );
      expect(seeds.map(portsOf)).to.deep.equal([
        [22, 9042],
        [22, 9042],
      ]);
    });

    it('scales it through the scale subresource', async () => {
      await kubectl('scale', 'kubedirectorcluster', 'spark221e2', '--replicas=4');
      await until('four workers are there', async () => (await members('worker')).length === 4);
      await ready('spark221e2');
      expect(await refusal('scale', 'kubedirectorcluster', 'cassandra311', '--replicas=1')).to.contain(
        'spec.roles[0].members: Invalid value: 1: the app allows 2+',
      );
    });

    it('says what happened in events', async () => {
      const selector = '--field-selector=involvedObject.kind=KubeDirectorCluster,involvedObject.name=spark221e2';
      expect(await kubectl('get', 'events', selector)).to.match(/creating role worker: 2 members/);
    });

    it('says of a member that has no place which resource lacks', async () => {
      await namespace.apply({
        apiVersion: 'kubedirector.bluedata.io/v1beta1',
        kind: 'KubeDirectorCluster',
        metadata: { name: 'greedy' },
        spec: {
          app: 'spark211up',
          roles: [
            {
              id: 'controller',
              members: 1,
              resources: { requests: { cpu: '5k', memory: '8Gi' }, limits: { cpu: '5k', memory: '8Gi' } },
            },
          ],
        },
      } as Anything);
      const message = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].message}';
      const said = await until('it is said', async () => {
        const text = await kubectl('get', 'kdc', 'greedy', message);
        return text.includes('Insufficient cpu') && text;
      });
      expect(said).to.match(/^member greedy-controller-[a-z0-9]{5}-0 is waiting for a node: /);
      await kubectl('delete', 'kdc', 'greedy');
    });

    it('puts back what somebody else took away', async () => {
      const before = (await objects('services')).find(({ metadata }) =>
        metadata.name.startsWith('svc-cassandra311-seed'),
      );
      await kubectl('delete', 'service', before.metadata.name);
      await until('the Service is there again', async () =>
        (await objects('services')).some(
          ({ metadata }) => metadata.name === before.metadata.name && metadata.uid !== before.metadata.uid,
        ),
      );
    });

    it('removes a cluster with everything that belongs to it, and nothing else', async () => {
      await kubectl('delete', 'kubedirectorcluster', 'spark221e2');
      await until('its children are gone', async () => {
        const left = [...(await objects('statefulsets')), ...(await objects('pods')), ...(await objects('services'))];
        return left.every(({ metadata }) => !metadata.name.includes('spark221e2'));
      });
      expect((await objects('pods')).length).to.equal(3);
    });

    it('tells metrics where they were published', async () => {
      const name = (
        await system('get', 'pods', '--selector=app.kubernetes.io/name=kubedirector', '--output=name')
      ).split('\n')[0]!;
      const path = `/api/v1/namespaces/${systemNamespace}/pods/${name.replace('pod/', '')}:60000/proxy/metrics`;
      expect(await cluster.kubectl('get', '--raw', path)).to.match(/^apiserver_request_total\{/m);
    });
  },
);
