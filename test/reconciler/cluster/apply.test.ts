/** What becomes of each step, and that no step stops another. */
import { expect } from 'chai';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { apply } from '../../../reconciler/cluster/apply.ts';
import type { HostPort } from '../../../reconciler/cluster/ports.ts';
import { apply as applyStep, create, patch, remove, type Step } from '../../../reconciler/cluster/steps.ts';
import type { Child, Service } from '../../../reconciler/host-types.ts';
import { aCluster } from '../../make/kubedirector.ts';
import { quiet } from '../../make/set-timers.ts';

const services = { group: '', resource: 'services' };
const service = (name: string, metadata = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'team1', uid: `uid-of-${name}`, resourceVersion: '7', ...metadata },
  spec: {},
});
const never = new AbortController().signal;

/** @param unseenLooks how many looks at the host do not find yet what is there */
function hostWhere(answer: (name: string) => unknown, found?: Child, unseenLooks = 0): HostPort & { done: string[] } {
  const done: string[] = [];
  let looks = 0;
  const act = (verb: string) => async (child: { name: string }) => {
    const error = answer(child.name);
    if (error) throw error;
    done.push(`${verb} ${child.name}`);
  };
  return {
    done,
    synced: async () => {},
    children: () => ({ statefulSets: [], services: [], pods: [], claims: [] }),
    subscribe: () => () => {},
    apply: ({ metadata }, force) => act(force ? 'apply' : 'create')({ name: metadata.name }),
    patch: (child) => act('patch')(child),
    delete: (child) => act('delete')(child),
    lookAt: async () => {
      looks += 1;
      return looks > unseenLooks ? found : undefined;
    },
  };
}

const steps = {
  create: create(service('x'), 'wanted'),
  apply: applyStep(service('x'), { ...service('x'), metadata: { name: 'x' } }, 'drifted'),
  patch: patch(service('x'), { metadata: {} }, 'drifted'),
  delete: remove(service('x'), 'not wanted'),
};

describe('carrying out', () => {
  const terminating = StatusError.forbidden(services, 'x', 'no', [{ reason: 'NamespaceTerminating' }]);
  const ours = service('x', { labels: { 'kubedirector.bluedata.io/kdcluster': 'spark-instance' } });
  const theirs = service('x', {
    ownerReferences: [{ apiVersion: 'v1', kind: 'Gateway', name: 'g', uid: 'g', controller: true }],
  });
  for (const [verb, error, found, result, reason, message] of [
    ['create', undefined, undefined, 'done', undefined, ''],
    ['create', undefined, ours, 'stale', undefined, ''],
    ['create', StatusError.conflict(services, 'x'), undefined, 'stale', undefined, ''],
    ['create', undefined, theirs, 'refused', 'NameTaken', 'Service x is needed but belongs to Gateway g'],
    ['create', terminating, undefined, 'paused', 'NamespaceTerminating', 'namespace team1 is being terminated'],
    [
      'create',
      StatusError.forbidden(services, 'x', 'exceeded quota'),
      undefined,
      'refused',
      'ChildNotCreated',
      'Service x could not be created: services "x" is forbidden: exceeded quota',
    ],
    [
      'create',
      StatusError.notFound({ group: '', resource: 'namespaces' }, 'team1'),
      undefined,
      'refused',
      'ChildNotCreated',
      'Service x could not be created: namespaces "team1" not found',
    ],
    [
      'create',
      new Error('no route to host'),
      undefined,
      'refused',
      'ChildNotCreated',
      'Service x could not be created: no route to host',
    ],
    ['apply', undefined, undefined, 'done', undefined, ''],
    ['apply', StatusError.conflict(services, 'x'), undefined, 'stale', undefined, ''],
    ['apply', StatusError.notFound(services, 'x'), undefined, 'stale', undefined, ''],
    [
      'apply',
      StatusError.forbidden(services, 'x', 'no right'),
      undefined,
      'refused',
      'ChildNotChanged',
      'Service x could not be changed: services "x" is forbidden: no right',
    ],
    ['patch', StatusError.conflict(services, 'x'), undefined, 'stale', undefined, ''],
    ['patch', StatusError.notFound(services, 'x'), undefined, 'stale', undefined, ''],
    [
      'patch',
      StatusError.forbidden(services, 'x', 'no right'),
      undefined,
      'refused',
      'ChildNotChanged',
      'Service x could not be changed: services "x" is forbidden: no right',
    ],
    ['delete', StatusError.notFound(services, 'x'), undefined, 'done', undefined, ''],
    ['delete', StatusError.conflict(services, 'x'), undefined, 'stale', undefined, ''],
    [
      'delete',
      StatusError.internal('oops'),
      undefined,
      'refused',
      'ChildNotChanged',
      'Service x could not be deleted: Internal error occurred: oops',
    ],
  ] as const)
    it(`a ${verb} that ends in ${error?.message ?? 'success'}${found ? `, over ${found === ours ? 'ours' : 'theirs'}` : ''} is ${result}`, async () => {
      const [outcome] = await apply(
        [steps[verb]],
        aCluster(),
        hostWhere(() => error, found),
        never,
      );
      expect(outcome!.result).to.equal(result);
      expect('problem' in outcome! ? outcome.problem : undefined).to.deep.equal(reason && { reason, message });
    });

  for (const [what, child, message] of [
    ["a stranger's", theirs, 'Service x is needed but belongs to Gateway g'],
    ['ours, by another leader', ours, undefined],
  ] as const)
    it(`a create takes nothing by force: what came between the look and the write and is ${what} is found out`, async () => {
      const host = hostWhere(() => StatusError.conflict(services, 'x'), child, 1);
      const [outcome] = await apply([steps.create], aCluster(), host, never);
      expect(outcome!.result).to.equal(message ? 'refused' : 'stale');
      expect('problem' in outcome! ? outcome.problem.message : undefined).to.equal(message);
    });

  it('a create over what is there writes nothing, a create takes nothing by force, and an apply does', async () => {
    const taken = hostWhere(() => undefined, theirs);
    await apply([steps.create], aCluster(), taken, never);
    expect(taken.done).to.deep.equal([]);
    const free = hostWhere(() => undefined);
    await apply([steps.create], aCluster(), free, never);
    await apply([steps.apply], aCluster(), free, never);
    expect(free.done).to.deep.equal(['create x', 'apply x']);
  });

  it('many steps lets none stop another, and knows the outcome of each', async () => {
    const many = Array.from({ length: 100 }, (_, i): Step => create(service(`s${i}`), 'wanted'));
    const host = hostWhere((name) => (Number(name.slice(1)) % 3 === 0 ? new Error('no') : undefined));
    const outcomes = await apply(many, aCluster(), host, never);
    expect(outcomes).to.have.length(100);
    expect(host.done).to.have.length(66);
    expect(outcomes.filter(({ result }) => result === 'refused')).to.have.length(34);
  });

  it('ends when it is told to, once the steps that have begun are over', async () => {
    const stop = new AbortController();
    const begun: (() => void)[] = [];
    const host: HostPort = {
      ...hostWhere(() => undefined),
      apply: () => new Promise((resolve) => begun.push(resolve)),
    };
    let ended = false;
    const applying = apply(
      Array.from({ length: 100 }, (_, i) => create(service(`s${i}`), 'wanted')),
      aCluster(),
      host,
      stop.signal,
    ).catch(() => {
      ended = true;
    });
    await quiet();
    stop.abort();
    const count = begun.length;
    begun.shift()!();
    await quiet();
    expect(ended).to.equal(false);
    for (const finish of begun) finish();
    await applying;
    expect(ended).to.equal(true);
    expect(begun.length + 1).to.equal(count);
  });
});
