/** Who may do what, through the aggregator and past it. */
import { expect } from 'chai';
import { describeInstalled, systemNamespace } from './kubedirector.ts';

const rbac = 'rbac.authorization.k8s.io';

describeInstalled(
  'a user of KubeDirector on Kubernetes',
  ({ cluster, namespace, refusal, createFrom, ready, until }) => {
    const { kubectl } = namespace;
    const as = (user: string, ...args: string[]): string[] => [`--as=${user}`, ...args];
    const bind = (name: string, rules: object[], subject: object) =>
      namespace.apply(
        { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name }, rules } as never,
        {
          apiVersion: `${rbac}/v1`,
          kind: 'RoleBinding',
          metadata: { name },
          roleRef: { apiGroup: rbac, kind: 'Role', name },
          subjects: [subject],
        } as never,
      );
    const group = 'kubedirector.bluedata.io';

    before(async () => {
      await createFrom('cr-cluster-spark221e2.yaml', 'mine');
      await ready('mine');
      await bind(
        'looks-and-scales',
        [
          { apiGroups: [group], resources: ['kubedirectorclusters'], verbs: ['get', 'list', 'watch'] },
          { apiGroups: [group], resources: ['kubedirectorclusters/scale'], verbs: ['get', 'update', 'patch'] },
        ],
        { apiGroup: rbac, kind: 'User', name: 'jane' },
      );
    });

    it('may look and scale when bound to that, and do nothing else', async () => {
      await until('the binding counts', async () =>
        (await refusal(...as('jane', 'get', 'kdc'))).startsWith('it was not refused'),
      );
      await kubectl(...as('jane', 'scale', 'kdc', 'mine', '--replicas=1'));
      for (const [verb, ...args] of [
        ['delete', 'delete', 'kdc', 'mine'],
        ['patch', 'label', 'kdc', 'mine', 'a=b'],
      ] as const)
        expect(await refusal(...as('jane', ...args))).to.contain(
          `kubedirectorclusters.${group} "mine" is forbidden: User "jane" cannot ${verb} resource "kubedirectorclusters" in API group "${group}" in the namespace "${namespace.name}"`,
        );
      // Neither the status of what they may scale, nor another namespace.
      const status = `/apis/${group}/v1beta1/namespaces/${namespace.name}/kubedirectorclusters/mine/status`;
      expect(await refusal('--as=jane', 'get', '--raw', status)).to.match(/forbidden/i);
      expect(await refusal(...as('jane', 'get', 'kdc', '--all-namespaces'))).to.contain('at the cluster scope');
    });

    it('is told the same by kubectl auth can-i', async () => {
      const can = (...args: string[]) =>
        kubectl('auth', 'can-i', ...args, '--as=jane').then(
          (answer) => answer.trim(),
          (error: Error) => (error.message.includes('no') ? 'no' : error.message),
        );
      expect(await can('watch', `kubedirectorclusters.${group}`)).to.equal('yes');
      expect(await can('patch', `kubedirectorclusters.${group}`, '--subresource=scale')).to.equal('yes');
      expect(await can('delete', `kubedirectorclusters.${group}`)).to.equal('no');
    });

    it('who edits a namespace may have clusters in it, and who views it may look', async () => {
      await kubectl('create', 'rolebinding', 'ed', '--clusterrole=edit', '--user=ed');
      await kubectl('create', 'rolebinding', 'vi', '--clusterrole=view', '--user=vi');
      await until('the bindings count', async () =>
        (await refusal(...as('vi', 'get', 'kdc'))).startsWith('it was not refused'),
      );
      await kubectl(...as('ed', 'label', 'kdc', 'mine', 'edited=yes'));
      expect(await refusal(...as('vi', 'label', 'kdc', 'mine', 'edited=no', '--overwrite'))).to.contain('cannot patch');
      expect(await refusal(...as('ed', 'get', 'kdconfig'))).to.contain('forbidden');
    });

    it('may read the apps of the system catalog, whoever it is, but not change them', async () => {
      const catalog = ['kubedirectorapps', `--namespace=${systemNamespace}`];
      expect(await cluster.kubectl(...as('anybody', 'get', ...catalog, '--output=name'))).to.contain('spark221e2');
      expect(await refusal(...as('anybody', 'delete', ...catalog, 'spark221e2'))).to.contain('cannot delete');
    });

    describe('that comes past the aggregator', () => {
      const url = `https://kubedirector.${systemNamespace}.svc/apis/${group}/v1beta1/namespaces`;
      /** Asks our Service from a pod. @returns the code, a line, and the body */
      const curl = (path: string, ...args: string[]) =>
        kubectl('exec', 'curl', '--', 'curl', '-sk', '-w', '\n%{http_code}', ...args, `${url}/${path}`);
      const own = () => `${namespace.name}/kubedirectorclusters`;
      const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';
      const withToken = (path: string) =>
        kubectl(
          ...['exec', 'curl', '--', 'bash', '-c'],
          'curl -sk -w "\\n%{http_code}" -H "Authorization: Bearer $(cat "$0")" "$1"',
          ...[token, `${url}/${path}`],
        );

      before(async () => {
        const metadata = { name: 'curl' };
        const containers = [{ name: 'curl', image: 'buildpack-deps:bookworm-curl', command: ['sleep', 'infinity'] }];
        const spec = { containers, terminationGracePeriodSeconds: 1 };
        await namespace.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as never);
        await kubectl('wait', 'pod/curl', '--for=condition=Ready', '--timeout=60s');
      });

      it('is nobody without credentials', async () => {
        expect(await curl(own())).to.match(/User \\"system:anonymous\\" cannot list[\s\S]*\n403$/);
      });

      it('is not believed when it says in headers who it is', async () => {
        const forged = ['X-Remote-User: admin', 'X-Remote-Group: system:masters', 'X-Remote-Extra-Scopes: all'];
        const headers = forged.flatMap((header) => ['-H', header]);
        expect(await curl(own(), ...headers)).to.match(/User \\"system:anonymous\\" cannot list[\s\S]*\n403$/);
        expect(await curl(own(), '--http1.1', ...headers)).to.match(/\n403$/);
      });

      it('is refused when its token is not good', async () => {
        expect(await curl(own(), '-H', 'Authorization: Bearer nonsense')).to.match(/Unauthorized[\s\S]*\n401$/);
      });

      it('is known by the token of its service account, and may do what that may', async () => {
        const name = `system:serviceaccount:${namespace.name}:default`;
        expect(await withToken(own())).to.contain(`User \\"${name}\\" cannot list`);
        await bind('pods-list', [{ apiGroups: [group], resources: ['kubedirectorclusters'], verbs: ['list'] }], {
          kind: 'ServiceAccount',
          name: 'default',
          namespace: namespace.name,
        });
        await until('the role counts', async () => (await withToken(own())).endsWith('\n200'));
        expect(await withToken('default/kubedirectorclusters')).to.match(/\n403$/);
      });
    });
  },
);
