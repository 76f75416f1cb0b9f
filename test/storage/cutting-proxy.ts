/** Stands between a client and an etcd, and does to their connections what networks do: cuts them, or is silent. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface CuttingProxy {
  readonly endpoint: string;
  /** How many connections there have been. */
  readonly connections: number;
  /** Cuts all connections. */
  cut(): void;
  /** Cuts all connections when so many more bytes have come from the server; what is beyond is lost. */
  cutAfter(bytes: number): void;
  /** Lets nothing through in either direction, and keeps connections open, until it is told to go on. */
  stall(): void;
  goOn(): void;
  /** The connections there are fall silent for good; new ones work. */
  freeze(): void;
  close(): Promise<void>;
}

/** @param to `http://127.0.0.1:2379` */
export async function cuttingProxy(to: string): Promise<CuttingProxy> {
  const { hostname, port, protocol } = new URL(to);
  const sockets = new Set<Socket>();
  let connections = 0;
  let left = Number.POSITIVE_INFINITY;
  let stalled = false;

  const cut = (): void => {
    left = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const adopt = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    if (stalled) socket.pause();
  };

  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), hostname);
    adopt(client, upstream);
    adopt(upstream, client);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) cut();
    });
    if (stalled) for (const socket of [client, upstream]) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `${protocol}//127.0.0.1:${(server.address() as { port: number }).port}`,
    get connections() {
      return connections;
    },
    cut,
    cutAfter: (bytes) => {
      left = bytes;
    },
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    goOn: () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
