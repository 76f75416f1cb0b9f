/** Names of ports that containers and Services take. */
import { expect } from 'chai';
import fc from 'fast-check';
import { namedPorts } from '../../../../reconciler/cluster/children/port-names.ts';

describe('ports of a role', () => {
  for (const [id, urlScheme, container, service] of [
    ['ssh', undefined, 'ssh', 'generic-ssh'],
    ['spark', 'http', 'spark', 'http-spark'],
    ['spark_master', 'spark', 'spark-master', 'spark-spark-mas'],
    ['spark_worker', 'HTTP', 'spark-worker', 'http-spark-work'],
    ['jupyter-notebook', 'http', 'jupyter-noteboo', 'http-jupyter-no'],
    ['cassandra', 'cql', 'cassandra', 'cql-cassandra'],
    ['Web_UI', '', 'web-ui', 'generic-web-ui'],
    ['9042', 'cql', 'port-9042', 'cql-9042'],
    ['a--b', 'x--y', 'a-b', 'x-y-a-b'],
  ] as const)
    it(`${id} (${urlScheme ?? 'no scheme'}) is ${container} in a container and ${service} in a Service`, () => {
      const endpoint = { port: 80, ...(urlScheme !== undefined && { urlScheme }) };
      expect(namedPorts([{ id, endpoint }])).to.deep.equal([
        { port: 80, containerPortName: container, servicePortName: service },
      ]);
    });

  it('keep their order, leave out what has no port, and have each number once', () => {
    const ports = namedPorts([
      { id: 'b', endpoint: { port: 2 } },
      { id: 'label-only' },
      { id: 'none', endpoint: null },
      { id: 'zero', endpoint: { port: 0 } },
      { id: 'a', endpoint: { port: 1 } },
      { id: 'again', endpoint: { port: 2 } },
    ]);
    expect(ports.map(({ port }) => port)).to.deep.equal([2, 1]);
  });

  it('have names that differ and that Kubernetes takes, whatever services are called', () => {
    const service = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_]{0,40}[A-Za-z0-9])?$/),
      endpoint: fc.record({ port: fc.integer({ min: 1, max: 65535 }), urlScheme: fc.string({ maxLength: 8 }) }),
    });
    fc.assert(
      fc.property(fc.array(service, { maxLength: 30 }), (services) => {
        const ports = namedPorts(services);
        for (const names of [ports.map((port) => port.containerPortName), ports.map((port) => port.servicePortName)]) {
          expect(new Set(names).size).to.equal(names.length);
          for (const name of names) {
            expect(name).to.match(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/);
            expect(name).to.match(/[a-z]/);
            expect(name).not.to.include('--');
          }
        }
      }),
    );
  });
});
