/** Watches whose clients are gone, however they went, are over: nothing is left of them. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueClientCertificate } from '../../apiserver/serving/certificates.ts';
import { clustersPath } from '../make/documents.ts';
import { authority, startServer, type TestServer, until } from './serving.ts';

describe('watches that are abandoned', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const watching = 500;
  const cache = () => server.registries.find('kubedirector.bluedata.io', 'kubedirectorclusters')!.cache;
  const session = async (): Promise<ClientHttp2Session> => {
    const ca = await authority;
    const { cert, key } = await issueClientCertificate(ca, 'admin', ['system:masters']);
    const client = connect(server.url, { ca: ca.cert, cert, key });
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  };

  for (const [how, code] of [
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['nothing at all', undefined],
  ] as const)
    it(`over HTTP/2 with ${how}, and then the connection is cut`, async () => {
      const client = await session();
      const streams = Array.from({ length: watching }, () => {
        const stream = client.request({ ':path': `${clustersPath}?watch=1` });
        stream.on('error', () => {});
        stream.resume();
        return stream;
      });
      await until(() => cache().watchers === watching, 'all of them watch');
      if (code !== undefined) for (const stream of streams) stream.close(code);
      client.destroy();
      await until(() => cache().watchers === 0, 'none of them is left');
    });

  for (const afterMs of [0, 1, 3, 10, 30, 60])
    it(`before they have begun, ${afterMs} ms after they were asked for`, async () => {
      const client = await session();
      const streams = Array.from({ length: watching }, () => {
        const stream = client.request({ ':path': `${clustersPath}?watch=1` });
        stream.on('error', () => {});
        return stream;
      });
      await sleep(afterMs);
      for (const stream of streams) stream.close(constants.NGHTTP2_NO_ERROR);
      await once(streams.at(-1)!, 'close');
      client.destroy();
      // Whatever came before this has been looked at when this is answered.
      await server.admin.ask(clustersPath);
      await until(() => cache().watchers === 0, 'none of them is left');
    });
});
