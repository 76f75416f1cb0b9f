/** The StatefulSet `web`, about which the stories are. */
import { behaviourAnnotation } from '../../deploy/sandbox/controllers/node/behaviour.ts';
import type { Anything, Sandbox } from './sandbox.ts';

export const web = 'default/web';
export const isReady = ({ status }: Anything): boolean =>
  status?.conditions?.some((condition: Anything) => condition.type === 'Ready' && condition.status === 'True');
export const statusOf = (sandbox: Sandbox): Anything => sandbox.peek('statefulsets', web)?.status ?? {};
export const ready = (sandbox: Sandbox, replicas: number) =>
  sandbox.until(`${replicas} pods are ready`, () => {
    const { readyReplicas = 0, replicas: present, updatedReplicas = 0, observedGeneration } = statusOf(sandbox);
    const current = observedGeneration === sandbox.peek('statefulsets', web)?.metadata.generation;
    return current && readyReplicas === replicas && present === replicas && updatedReplicas === replicas;
  });
export const withBehaviour = (behaviour: string) => ({
  template: {
    metadata: { labels: { app: 'web' }, annotations: { [behaviourAnnotation]: behaviour } },
    spec: { containers: [{ name: 'app', image: 'example/app:1' }] },
  },
});
export const data = {
  volumeClaimTemplates: [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ],
};
