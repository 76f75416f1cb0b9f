/**
 * `/metrics` over plain HTTP on a port of its own, as monitoring inside a cluster expects it. Nothing else is answered there.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Metrics } from '../../../openapi/machinery/metrics.ts';

/** @returns how to stop. @throws Error with code EADDRINUSE */
export async function serveMetrics(metrics: Metrics, host: string, port: number): Promise<() => Promise<void>> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      return;
    }
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return async () => {
    server.close();
    server.closeAllConnections();
  };
}
