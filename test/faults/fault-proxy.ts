/**
 * Stands between two programs and does to their connections what networks do: delays, cuts, refuses, or is silent.
 *
 * Silence is what a lost route looks like: connections are accepted and stay open, and what was sent arrives when it ends. What is
 * frozen stays silent for ever, as a peer does that vanished without a word.
 */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface Link {
  readonly source: string;
  readonly client: Socket;
  readonly upstream: Socket;
  frozen: boolean;
}

export class FaultProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #silent = new Set<string>();
  readonly #sourceOf: (client: Socket) => string;
  #delayMs = 0;
  #refusing = false;

  /** @param sourceOf who connects, for faults that concern only some */
  static async open(
    toPort: number,
    port = 0,
    sourceOf: (client: Socket) => string = () => 'anybody',
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(toPort, sourceOf);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(toPort: number, sourceOf: (client: Socket) => string) {
    this.#sourceOf = sourceOf;
    this.#server = createServer((client) => this.#join(client, toPort));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Cuts the connections there are. */
  cut(): void {
    for (const { client, upstream } of this.#links) {
      client.destroy();
      upstream.destroy();
    }
  }

  /** Cuts what there is and lets nobody in. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** @param source absent: for all */
  silence(source = 'anybody'): void {
    this.#silent.add(source);
    this.#settle();
  }

  /** The connections there are say nothing any more; new ones work. */
  freeze(): void {
    for (const link of this.#links) link.frozen = true;
    this.#settle();
  }

  /** Each piece of data arrives so much later, in both directions. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Ends all faults. What was frozen stays so: nobody comes to close a half-open connection. */
  heal(): void {
    this.#delayMs = 0;
    this.#refusing = false;
    this.#silent.clear();
    this.#settle();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket, toPort: number): void {
    if (this.#refusing) return void client.destroy();
    const upstream = connect(toPort, '127.0.0.1');
    const link: Link = { source: this.#sourceOf(client), client, upstream, frozen: false };
    this.#links.add(link);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => {
        this.#links.delete(link);
        to.destroy();
      });
      let last = Promise.resolve();
      from.on('data', (bytes) => {
        if (!this.#delayMs) {
          last = last.then(() => void (to.destroyed || to.write(bytes)));
          return;
        }
        const due = sleep(this.#delayMs, undefined, { ref: false });
        last = last.then(() => due).then(() => void (to.destroyed || to.write(bytes)));
      });
    }
    this.#settle();
  }

  #settle(): void {
    for (const { source, client, upstream, frozen } of this.#links) {
      const silent = frozen || this.#silent.has('anybody') || this.#silent.has(source);
      for (const socket of [client, upstream]) {
        if (silent) socket.pause();
        else if (socket.isPaused()) socket.resume();
      }
    }
  }
}
