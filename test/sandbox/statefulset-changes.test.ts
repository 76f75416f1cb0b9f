/** What becomes of a StatefulSet's pods and claims when it changes, what it says of itself, and what it may not say. */
import { expect } from 'chai';
import { type Anything, aStatefulSet, type Sandbox, sandboxes } from './sandbox.ts';
import { data, isReady, ready, statusOf, web } from './web-set.ts';

const aSandbox = sandboxes();

describe('a new template', () => {
  const newImage = (sandbox: Sandbox) =>
    sandbox.edit('statefulsets', web, ({ spec }) => {
      spec.template.spec.containers[0].image = 'example/app:2';
    });
  const images = (sandbox: Sandbox) =>
    sandbox
      .list('pods')
      .map(({ spec }) => spec.containers[0].image.slice(-1))
      .join('');

  it('reaches the pods from the highest ordinal, one at a time', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 3 }));
    await ready(sandbox, 3);
    const { currentRevision } = statusOf(sandbox);
    const order: string[] = [];
    sandbox.follow('pods', (type, { metadata }) => type === 'ADDED' && order.push(metadata.name));
    let fewest = 3;
    sandbox.follow('pods', () => {
      fewest = Math.min(
        fewest,
        sandbox.list('pods').filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp).length,
      );
    });
    await newImage(sandbox);
    await ready(sandbox, 3);
    expect(order).to.deep.equal(['web-2', 'web-1', 'web-0']);
    expect(images(sandbox)).to.equal('222');
    expect(fewest).to.equal(2);
    await sandbox.until('the revision moved', () => statusOf(sandbox).currentRevision !== currentRevision);
    expect(statusOf(sandbox).currentRevision).to.equal(statusOf(sandbox).updateRevision);
  });

  it('leaves ordinals below the partition alone', async () => {
    const sandbox = await aSandbox();
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
    await sandbox.create(aStatefulSet('web', { replicas: 3, updateStrategy }));
    await ready(sandbox, 3);
    await newImage(sandbox);
    await sandbox.until(
      'web-2 is new and ready',
      () => images(sandbox) === '112' && sandbox.list('pods').every(isReady),
    );
    await sandbox.quiet();
    expect(images(sandbox)).to.equal('112');
    expect(statusOf(sandbox)).to.include({ updatedReplicas: 1, currentReplicas: 2 });
  });

  it('waits for pods to be deleted by hand with OnDelete', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2, updateStrategy: { type: 'OnDelete' } }));
    await ready(sandbox, 2);
    await newImage(sandbox);
    await sandbox.quiet();
    expect(images(sandbox)).to.equal('11');
    await sandbox.delete('pods', 'default/web-0');
    await sandbox.until('web-0 is new', () => images(sandbox) === '21');
  });

  it('stays the same template however its keys are ordered', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web'));
    await ready(sandbox, 1);
    const { uid } = sandbox.peek('pods', 'default/web-0').metadata;
    await sandbox.edit('statefulsets', web, ({ spec }) => {
      const [container] = spec.template.spec.containers;
      spec.template.spec.containers = [Object.fromEntries(Object.entries(container).reverse())];
      spec.replicas = 2;
    });
    await ready(sandbox, 2);
    expect(sandbox.peek('pods', 'default/web-0').metadata.uid).to.equal(uid);
  });
});

describe('the claims of a StatefulSet', () => {
  const claims = (sandbox: Sandbox) => sandbox.names('persistentvolumeclaims');
  const scaleTo = (sandbox: Sandbox, replicas: number) =>
    sandbox.edit('statefulsets', web, ({ spec }) => {
      spec.replicas = replicas;
    });

  it('are named after template and pod, labelled like the selector, and mounted', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2, ...data }));
    await ready(sandbox, 2);
    expect(claims(sandbox)).to.deep.equal(['data-web-0', 'data-web-1']);
    expect(sandbox.peek('persistentvolumeclaims', 'default/data-web-0').metadata.labels).to.deep.equal({ app: 'web' });
    expect(sandbox.peek('pods', 'default/web-1').spec.volumes).to.deep.equal([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-1' } },
    ]);
  });

  it('stay when pods go, and are found again', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2, ...data }));
    await ready(sandbox, 2);
    const { uid } = sandbox.peek('persistentvolumeclaims', 'default/data-web-1').metadata;
    await scaleTo(sandbox, 1);
    await ready(sandbox, 1);
    expect(claims(sandbox)).to.deep.equal(['data-web-0', 'data-web-1']);
    await scaleTo(sandbox, 2);
    await ready(sandbox, 2);
    expect(sandbox.peek('persistentvolumeclaims', 'default/data-web-1').metadata.uid).to.equal(uid);
    await sandbox.delete('statefulsets', web);
    await sandbox.until('the pods are gone', () => !sandbox.names('pods').length);
    expect(claims(sandbox)).to.deep.equal(['data-web-0', 'data-web-1']);
  });

  it('go with pods that are not wanted any more, if whenScaled says so', async () => {
    const sandbox = await aSandbox();
    const persistentVolumeClaimRetentionPolicy = { whenScaled: 'Delete' };
    await sandbox.create(aStatefulSet('web', { replicas: 2, ...data, persistentVolumeClaimRetentionPolicy }));
    await ready(sandbox, 2);
    await sandbox.delete('pods', 'default/web-1');
    await sandbox.until('web-1 is back', () => sandbox.peek('pods', 'default/web-1')?.status.phase === 'Running');
    expect(claims(sandbox)).to.deep.equal(['data-web-0', 'data-web-1']);
    await scaleTo(sandbox, 1);
    await sandbox.until('its claim is gone', () => claims(sandbox).join() === 'data-web-0');
    await sandbox.delete('statefulsets', web);
    await sandbox.until('the pods are gone', () => !sandbox.names('pods').length);
    await sandbox.quiet();
    expect(claims(sandbox)).to.deep.equal(['data-web-0']);
  });

  it('go with the set, if whenDeleted says so', async () => {
    const sandbox = await aSandbox();
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete' };
    await sandbox.create(aStatefulSet('web', { replicas: 2, ...data, persistentVolumeClaimRetentionPolicy }));
    await ready(sandbox, 2);
    await scaleTo(sandbox, 1);
    await ready(sandbox, 1);
    expect(claims(sandbox)).to.deep.equal(['data-web-0', 'data-web-1']);
    await sandbox.delete('statefulsets', web);
    await sandbox.until('the claims are gone', () => !claims(sandbox).length);
    await sandbox.until('and their volumes', () => !sandbox.names('persistentvolumes').length);
  });
});

describe('the status of a StatefulSet', () => {
  it('tells what there is', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web', { replicas: 2 }));
    await ready(sandbox, 2);
    const { updateRevision } = statusOf(sandbox);
    expect(statusOf(sandbox)).to.deep.equal({
      observedGeneration: 1,
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 2,
      updatedReplicas: 2,
      currentRevision: updateRevision,
      updateRevision,
      collisionCount: 0,
    });
  });

  it('counts a pod as available only after minReadySeconds', async () => {
    const time = { at: Date.parse('2026-01-01T00:00:00Z') };
    const sandbox = await aSandbox({ clock: { now: () => time.at } });
    await sandbox.create(aStatefulSet('web', { replicas: 1, minReadySeconds: 10 }));
    await sandbox.until('it is ready', () => statusOf(sandbox).readyReplicas === 1);
    expect(statusOf(sandbox).availableReplicas).to.equal(0);
    time.at += 10_000;
    await sandbox.annotate('statefulsets', web, { look: 'again' });
    await sandbox.until('it is available', () => statusOf(sandbox).availableReplicas === 1);
  });

  it('is written once for several pods that come up together', async () => {
    const sandbox = await aSandbox({ statusDelayMs: 2000 });
    const statuses: Anything[] = [];
    sandbox.follow('statefulsets', (type, { status }) => type === 'MODIFIED' && statuses.push(status));
    await sandbox.create(aStatefulSet('web', { replicas: 5 }));
    await ready(sandbox, 5);
    expect(statuses.map(({ readyReplicas }) => readyReplicas)).to.deep.equal([5]);
  });
});

describe('a StatefulSet is refused', () => {
  const refusal = async (sandbox: Sandbox, spec: object): Promise<string> => {
    try {
      await sandbox.create(aStatefulSet('web', spec));
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  for (const [what, spec, text] of [
    [
      'whose template does not fit its selector',
      { selector: { matchLabels: { app: 'x' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'that selects everything',
      { selector: {} },
      'spec.selector: Invalid value: {}: empty selector is invalid for statefulset',
    ],
    [
      'with fewer than no pods',
      { replicas: -1 },
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'with an unknown policy',
      { podManagementPolicy: 'Chaotic' },
      'spec.podManagementPolicy: Unsupported value: "Chaotic": supported values: "OrderedReady", "Parallel"',
    ],
    [
      'whose pods end by themselves',
      { template: { metadata: { labels: { app: 'web' } }, spec: { restartPolicy: 'Never', containers: [] } } },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ] as const)
    it(what, async () =>
      expect(await refusal(await aSandbox(), spec)).to.equal(`StatefulSet.apps "web" is invalid: ${text}`),
    );

  it('when it changes what cannot be changed', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aStatefulSet('web'));
    let message = '';
    await sandbox
      .edit('statefulsets', web, ({ spec }) => {
        spec.serviceName = 'other';
      })
      .catch((error: Error) => {
        message = error.message;
      });
    expect(message).to.equal(
      "StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  });
});
