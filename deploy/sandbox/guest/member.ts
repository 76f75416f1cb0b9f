/**
 * KubeDirector's program as a simulated member has it: it takes the same calls as the real one and tells the same reports, and leaves
 * the files behind that one may look for. No script runs; how one would have ended is said by annotations of the pod (behaviour.ts).
 *
 *     /etc/guestconfig/configmeta.json      the newest that was brought
 *     /opt/guestconfig/configure.status     CONTAINER= while the start script runs, CONTAINER=CODE when it has ended
 *     /opt/guestconfig/notifications        what the start script was told, one call a line: its arguments
 */
import { posix } from 'node:path';
import type { GuestCall, SetupCall, UpdateCall } from '../../../openapi/guest/calls.ts';
import { encodeReport, type GuestFailure, type GuestPhase, type GuestReport } from '../../../openapi/guest/reports.ts';
import type { SimulatedContainer } from './containers.ts';

const configmetaPath = '/etc/guestconfig/configmeta.json';
const statusPath = '/opt/guestconfig/configure.status';
const notificationsPath = '/opt/guestconfig/notifications';
const scriptPath = '/opt/guestconfig/simulated/startscript';
const script = '#!/bin/sh\n# The package was not fetched: pods are simulated here, and their scripts always succeed.\n';

/** What a shell says of one that was killed. */
const killed = 137;

/** Thrown where the real program would end with a result. */
class Failure extends Error {
  readonly failure: GuestFailure;

  constructor(failure: GuestFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

/** The container has ended, and all in it. */
class Ended extends Error {}

export class Member {
  readonly #container: SimulatedContainer;
  readonly #write: (text: string) => Promise<void>;
  readonly #aliveMs: number;

  /** @param aliveMs a report that it is alive comes as often while a script runs */
  constructor(container: SimulatedContainer, write: (text: string) => Promise<void>, aliveMs: number) {
    this.#container = container;
    this.#write = write;
    this.#aliveMs = aliveMs;
  }

  /** @returns the exit code of the program, which has told the result before */
  async answer(call: GuestCall, signal: AbortSignal): Promise<number> {
    const { memory } = this.#container;
    if (memory.container !== call.container) {
      Object.assign(memory, { container: call.container, attempt: undefined, reconnected: undefined });
      memory.told.clear();
    }
    try {
      if (call.verb === 'setup') await this.#setUp(call, signal);
      else await this.#update(call);
      await this.#tell({ type: 'result', result: { ok: true } });
      return 0;
    } catch (error) {
      if (error instanceof Ended) return killed;
      if (!(error instanceof Failure)) throw error;
      await this.#tell({ type: 'result', result: { ok: false, failure: error.failure, detail: error.message } });
      return 1;
    }
  }

  async #setUp(call: SetupCall, signal: AbortSignal): Promise<void> {
    const { setup, container } = call;
    await this.#phase('checking');
    let before = this.#status();
    if (before.container === container) {
      if (before.ended === '') {
        await this.#phase('waiting');
        await this.#script(container, signal);
        before = this.#status();
      }
      if (before.ended === '0') return this.#putConfigmeta(call);
      if (this.#container.memory.attempt === call.attempt) return this.#scriptFailed(call, before.ended);
    }
    await this.#inject(call);
    if (!setup) return;
    if (before.ended === '0') return this.#putConfigmeta(call);
    if (call.systemd) await this.#systemd();
    this.#putConfigmeta(call);
    await this.#package(setup.package.url);
    if (setup.configure) await this.#configure(call, signal);
  }

  async #inject({ injections }: SetupCall): Promise<void> {
    if (!injections.length) return;
    await this.#phase('injecting');
    for (const { url, directory } of injections) {
      if (this.#behaviour.kind === 'InjectionFails')
        throw new Failure('injection', `${url}: the pod's annotation says that it cannot be fetched`);
      this.#container.files.write(posix.join(directory, posix.basename(url)), `simulated: ${url} was not fetched\n`);
    }
  }

  async #systemd(): Promise<void> {
    await this.#phase('systemd');
    if (this.#behaviour.kind === 'SystemdFails')
      throw new Failure('systemd', "systemd-journald did not run: the pod's annotation says so");
  }

  async #package(url: string): Promise<void> {
    await this.#phase('fetching');
    if (this.#behaviour.kind === 'PackageMissing')
      throw new Failure('package', `${url}: the requested URL returned error: 404`);
    await this.#phase('unpacking');
    this.#container.files.write(scriptPath, script);
  }

  async #configure(call: SetupCall, signal: AbortSignal): Promise<void> {
    await this.#phase('configuring');
    this.#container.memory.attempt = call.attempt;
    this.#container.files.write(statusPath, `${call.container}=`);
    await this.#script(call.container, signal);
    const { ended } = this.#status();
    if (ended !== '0') await this.#scriptFailed(call, ended);
  }

  /** Until the start script has ended, whichever call started it. */
  async #script(container: string, signal: AbortSignal): Promise<void> {
    const { files } = this.#container;
    while (this.#behaviour.kind === 'SetupHangs') {
      await this.#container.wait(this.#aliveMs, signal);
      signal.throwIfAborted();
      await this.#tell({ type: 'alive' });
    }
    const { kind, exitCode } = this.#behaviour;
    if (this.#status().ended === '') files.write(statusPath, `${container}=${kind === 'SetupFails' ? exitCode : 0}`);
  }

  async #scriptFailed(call: GuestCall, ended: string): Promise<never> {
    await this.#output(call);
    throw new Failure('script', ended);
  }

  async #update(call: UpdateCall): Promise<void> {
    const { memory } = this.#container;
    this.#putConfigmeta(call);
    for (const { id, arguments: words } of call.notifications) {
      if (memory.told.has(id)) await this.#tell({ type: 'notified', id, exitCode: 'skipped' });
      else {
        const exitCode = await this.#notify(words);
        if (exitCode === 0) memory.told.add(id);
        await this.#tell({ type: 'notified', id, exitCode });
        if (exitCode !== 0) await this.#output(call);
      }
    }
    if (call.reconnect === undefined) return;
    const exitCode = memory.reconnected === call.reconnect ? 0 : await this.#notify(['--reconnect']);
    if (exitCode === 0) memory.reconnected = call.reconnect;
    await this.#tell({ type: 'reconnected', exitCode });
    if (exitCode !== 0) await this.#output(call);
  }

  /** @returns the exit code of the start script */
  async #notify(words: readonly string[]): Promise<number> {
    await this.#phase('notifying');
    const { kind, exitCode } = this.#behaviour;
    this.#container.files.append(notificationsPath, `${words.join(' ')}\n`);
    return kind === 'NotificationFails' ? exitCode : 0;
  }

  async #output({ tailBytes }: GuestCall): Promise<void> {
    const tail = Buffer.from(this.#behaviour.output)
      .subarray(-tailBytes || Number.POSITIVE_INFINITY)
      .toString();
    if (tail) await this.#tell({ type: 'output', stream: 'stderr', text: tail });
  }

  #putConfigmeta(call: GuestCall): void {
    const text = call.verb === 'setup' ? call.setup?.configmeta : call.configmeta;
    if (text !== undefined) this.#container.files.write(configmetaPath, text);
  }

  /** In which container the start script was begun last, and with which exit code it ended; empty while it runs. */
  #status(): { container: string; ended: string } {
    const line = this.#container.files.read(statusPath) ?? '';
    const at = line.lastIndexOf('=');
    return { container: line.slice(0, Math.max(at, 0)), ended: line.slice(at + 1) };
  }

  /** @throws Ended */
  get #behaviour() {
    const { behaviour } = this.#container;
    if (!behaviour) throw new Ended();
    return behaviour;
  }

  #phase(phase: GuestPhase): Promise<void> {
    return this.#tell({ type: 'phase', phase });
  }

  #tell(report: GuestReport): Promise<void> {
    return this.#write(encodeReport(report));
  }
}
