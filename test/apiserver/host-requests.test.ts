/** Requests to the host are counted as client-go counts them, so that whoever asks too often is seen. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { HostClient, requestCounter } from '../../apiserver/host/rest.ts';
import { Metrics } from '../../openapi/machinery/metrics.ts';

describe('a client of the host', () => {
  const configMaps = { group: '', version: 'v1', plural: 'configmaps' };
  const { signal } = new AbortController();

  it('counts requests by how they were answered, and those that were not', async () => {
    const metrics = new Metrics();
    const server = createServer((request, response) => {
      response.statusCode = request.url!.endsWith('/there') ? 200 : 404;
      response.end('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"there"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new HostClient({ server: `http://${host}` }, requestCounter(metrics));
    const get = (name: string) => client.get(configMaps, 'demo', name, signal).catch(() => {});
    try {
      await get('there');
      await get('there');
      await get('missing');
      server.close();
      server.closeAllConnections();
      await get('there');
    } finally {
      await client.close();
      server.close();
    }
    const counted = (await metrics.text()).split('\n').filter((line) => line.startsWith('rest_client_requests_total'));
    expect(counted).to.have.members([
      `rest_client_requests_total{code="200",method="GET",host="${host}"} 2`,
      `rest_client_requests_total{code="404",method="GET",host="${host}"} 1`,
      `rest_client_requests_total{code="<error>",method="GET",host="${host}"} 1`,
    ]);
  });
});
