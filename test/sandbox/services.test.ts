/** Services: what is filled in, which addresses they get, and that no two have the same. */
import { expect } from 'chai';
import { type Anything, aService, type Sandbox, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

const nodePorts = (services: Anything[]): number[] =>
  services.flatMap(({ spec }) => spec.ports.map((port: Anything) => port.nodePort));

describe('a Service', () => {
  it('is filled with what kubectl and controllers expect', async () => {
    const sandbox = await aSandbox();
    const { spec, status, metadata } = await sandbox.create(aService('web'));
    expect(spec).to.deep.include({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      clusterIPs: [spec.clusterIP],
    });
    expect(spec.clusterIP).to.match(/^10\.96\.\d+\.\d+$/);
    expect(status).to.deep.equal({ loadBalancer: {} });
    expect(metadata).not.to.have.property('generation');
  });

  it('that is headless or an external name gets no address', async () => {
    const sandbox = await aSandbox();
    const { spec: headless } = await sandbox.create(aService('pods', { clusterIP: 'None' }));
    expect(headless.clusterIPs).to.deep.equal(['None']);
    const { spec } = await sandbox.create(
      aService('far', { type: 'ExternalName', externalName: 'example.com', ports: [] }),
    );
    expect(spec).not.to.have.property('clusterIP');
  });

  it('keeps its addresses when it is applied without them', async () => {
    const sandbox = await aSandbox();
    const { spec } = await sandbox.create(aService('web', { type: 'NodePort' }));
    const manifest = aService('web', { type: 'NodePort', ports: [{ port: 80 }, { name: 'more', port: 81 }] });
    const changed = await sandbox.edit('services', 'default/web', (service) => {
      service.spec = {
        ...(manifest.spec as object),
        ports: [
          { name: 'web', port: 80 },
          { name: 'more', port: 81 },
        ],
      };
    });
    expect(changed.spec.clusterIP).to.equal(spec.clusterIP);
    expect(changed.spec.ports[0].nodePort).to.equal(spec.ports[0].nodePort);
    expect(changed.spec.ports[1].nodePort).to.be.within(30_000, 32_767).and.not.equal(spec.ports[0].nodePort);
  });

  it('gives node ports back when its type has none', async () => {
    const sandbox = await aSandbox({ serviceNodePortRange: { from: 30_000, to: 30_000 } });
    await sandbox.create(aService('web', { type: 'NodePort' }));
    const changed = await sandbox.edit('services', 'default/web', ({ spec }) => {
      spec.type = 'ClusterIP';
    });
    expect(changed.spec.ports).to.deep.equal([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
    await sandbox.until('the cache knows', () => sandbox.peek('services', 'default/web').spec.type === 'ClusterIP');
    expect(nodePorts([await sandbox.create(aService('next', { type: 'NodePort' }))])).to.deep.equal([30_000]);
  });

  it('waits for a load balancer that never comes', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aService('web', { type: 'LoadBalancer' }));
    await sandbox.until('the cache knows', () => sandbox.peek('services', 'default/web'));
    expect(sandbox.cells('services', 'default/web')['External-IP']).to.equal('<pending>');
  });

  it('may take another target port, but no other address', async () => {
    const sandbox = await aSandbox();
    await sandbox.create(aService('web'));
    await sandbox.edit('services', 'default/web', ({ spec }) => {
      spec.ports[0].targetPort = 'http';
    });
    const change = sandbox.edit('services', 'default/web', ({ spec }) => {
      spec.clusterIP = '10.96.7.7';
    });
    expect(await refusal(change)).to.equal(
      'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.7.7"]: may not change once set',
    );
  });
});

describe('addresses of Services', () => {
  const range = { from: 30_000, to: 30_019 };

  it('are never the same, even when services are created at the same time', async () => {
    const sandbox = await aSandbox({ serviceNodePortRange: range });
    const wanted = Array.from({ length: 20 }, (_, i) => sandbox.create(aService(`web-${i}`, { type: 'NodePort' })));
    const services = await Promise.all(wanted);
    expect(new Set(nodePorts(services)).size).to.equal(20);
    expect(new Set(services.map(({ spec }) => spec.clusterIP)).size).to.equal(20);
    expect(await refusal(sandbox.create(aService('one-more', { type: 'NodePort' })))).to.equal(
      'Internal error occurred: failed to allocate a nodePort: range is full',
    );
  });

  it('are still held after a restart', async () => {
    const first = await aSandbox({ serviceNodePortRange: range });
    const before = await Promise.all(
      Array.from({ length: 19 }, (_, i) => first.create(aService(`web-${i}`, { type: 'NodePort' }))),
    );
    await first.stop();
    const second = await aSandbox({ kv: first.kv, serviceNodePortRange: range });
    const [last] = nodePorts([await second.create(aService('last', { type: 'NodePort' }))]);
    expect(nodePorts(before)).not.to.include(last);
  });

  it('can be used again once their service is gone', async () => {
    const sandbox = await aSandbox({ serviceNodePortRange: { from: 30_000, to: 30_000 } });
    for (const name of ['first', 'second']) {
      expect(nodePorts([await sandbox.create(aService(name, { type: 'NodePort' }))])).to.deep.equal([30_000]);
      await sandbox.delete('services', `default/${name}`);
      await sandbox.until('it is gone', () => !sandbox.peek('services', `default/${name}`));
    }
  });

  it('are not used up by creates that fail', async () => {
    const sandbox = await aSandbox({ serviceNodePortRange: { from: 30_000, to: 30_001 } });
    await sandbox.create(aService('web', { type: 'NodePort' }));
    for (let i = 0; i < 5; i += 1)
      expect(await refusal(sandbox.create(aService('web', { type: 'NodePort' })))).to.equal(
        'services "web" already exists',
      );
    await sandbox.create(aService('other', { type: 'NodePort' }));
  });

  it('are not used up by dry runs', async () => {
    const sandbox = await aSandbox({ serviceNodePortRange: { from: 30_000, to: 30_000 } });
    for (let i = 0; i < 3; i += 1) await sandbox.create(aService(`dry-${i}`, { type: 'NodePort' }), { dryRun: true });
    await sandbox.create(aService('web', { type: 'NodePort' }));
  });

  it('can be asked for, if they are free and in range', async () => {
    const sandbox = await aSandbox();
    const asked = { type: 'NodePort', clusterIP: '10.96.1.1', ports: [{ port: 80, nodePort: 30_080 }] };
    const { spec } = await sandbox.create(aService('web', asked));
    expect(spec.clusterIP).to.equal('10.96.1.1');
    expect(spec.ports[0].nodePort).to.equal(30_080);
    expect(await refusal(sandbox.create(aService('same', asked)))).to.equal(
      'Service "same" is invalid: [spec.clusterIPs: Invalid value: ["10.96.1.1"]: failed to allocate IP 10.96.1.1: provided IP is already allocated, spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated]',
    );
    expect(
      await refusal(sandbox.create(aService('out', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }))),
    ).to.equal(
      'Service "out" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
    expect(await refusal(sandbox.create(aService('far', { clusterIP: '192.168.0.1' })))).to.equal(
      'Service "far" is invalid: spec.clusterIPs: Invalid value: ["192.168.0.1"]: failed to allocate IP 192.168.0.1: the provided IP (192.168.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
    );
  });
});

describe('a Service is refused', () => {
  const message = (sandbox: Sandbox, name: string, spec: object) => refusal(sandbox.create(aService(name, spec)));

  for (const [what, name, spec, text] of [
    [
      'whose name begins with a digit',
      '1web',
      {},
      "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
    ['without ports', 'web', { ports: [] }, 'spec.ports: Required value'],
    [
      'with a port that is none',
      'web',
      { ports: [{ port: 99_999, targetPort: 1 }] },
      'spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive',
    ],
    [
      'with several ports and no names',
      'web',
      { ports: [{ port: 1 }, { name: 'b', port: 2 }] },
      'spec.ports[0].name: Required value',
    ],
    [
      'with two ports of a name',
      'web',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    [
      'with a node port but no nodes',
      'web',
      { ports: [{ port: 1, nodePort: 30_001 }] },
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      'of an unknown type',
      'web',
      { type: 'Pigeon' },
      'spec.type: Unsupported value: "Pigeon": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ] as const)
    it(what, async () =>
      expect(await message(await aSandbox(), name, spec)).to.equal(`Service "${name}" is invalid: ${text}`),
    );
});
