/**
 * Addresses of pods on the one node: given to one pod at a time, and read back from the pods after a restart.
 */
import { ipText } from '../../kinds/services/ranges.ts';
import type { PodRecord } from '../pod-records.ts';

/** 10.244.0.0/16, without its first two addresses and its last. */
const first = 10 * 2 ** 24 + 244 * 2 ** 16 + 2;
const count = 2 ** 16 - 3;

export const podNetwork = '10.244.0.0/16';

export class PodAddresses {
  readonly #held = new Map<string, string>();
  /** Given to a pod that does not show it yet. */
  readonly #given = new Map<string, string>();
  #next = 0;

  /** Learns of a pod what it has. */
  note(now: PodRecord | undefined, before: PodRecord | undefined): void {
    if (before?.podIp && before.podIp !== now?.podIp) this.#held.delete(before.podIp);
    if (now?.podIp) {
      this.#held.set(now.podIp, now.uid);
      this.#given.delete(now.uid);
    }
    if (!now && before) this.#giveBack(before.uid);
  }

  /** @throws Error when there is none left */
  forPod({ uid, podIp }: PodRecord): string {
    const known = podIp || this.#given.get(uid);
    if (known) return known;
    for (let step = 0; step < count; step += 1) {
      const ip = ipText(first + ((this.#next + step) % count));
      if (this.#held.has(ip)) continue;
      this.#next = (this.#next + step + 1) % count;
      this.#held.set(ip, uid);
      this.#given.set(uid, ip);
      return ip;
    }
    throw new Error(`no address is left in ${podNetwork}`);
  }

  #giveBack(uid: string): void {
    const ip = this.#given.get(uid);
    if (ip) this.#held.delete(ip);
    this.#given.delete(uid);
  }
}
