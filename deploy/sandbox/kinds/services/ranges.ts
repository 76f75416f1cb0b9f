/**
 * Ranges from which addresses and node ports of Services are taken.
 */
import { isIPv4 } from 'node:net';

export interface PortRange {
  readonly from: number;
  /** The last one. */
  readonly to: number;
}

/** What kube-apiserver takes by default (`--service-node-port-range`). */
export const defaultNodePorts: PortRange = { from: 30_000, to: 32_767 };
export const defaultClusterIps = '10.96.0.0/16';

const bytes = 4;

/** The IPv4 address that is this number. */
export const ipText = (value: number): string =>
  Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 0xff).join('.');

const ipValue = (text: string): number => text.split('.').reduce((value, part) => value * 256 + Number(part), 0);

export class ServiceRanges {
  /** As it was given: `10.96.0.0/16`. */
  readonly clusterIps: string;
  readonly nodePorts: PortRange;
  /** How many addresses can be allotted: neither the first two nor the last one. */
  readonly ipCount: number;
  readonly #base: number;

  /** @throws Error when it is no range of IPv4 addresses with room for any */
  constructor(clusterIps: string = defaultClusterIps, nodePorts: PortRange = defaultNodePorts) {
    const [address = '', bits = ''] = clusterIps.split('/');
    const size = 2 ** (32 - Number(bits));
    if (!isIPv4(address) || !/^\d+$/.test(bits) || !(size >= 8)) throw new Error(`not an IPv4 range: ${clusterIps}`);
    this.clusterIps = clusterIps;
    this.nodePorts = nodePorts;
    this.#base = Math.floor(ipValue(address) / size) * size;
    this.ipCount = size - reserved - 1;
  }

  ipAt(i: number): string {
    return ipText(this.#base + reserved + i);
  }

  hasIp(text: string): boolean {
    const i = ipValue(text) - this.#base - reserved;
    return i >= 0 && i < this.ipCount;
  }
}

/** The address of the network itself, and the one that Kubernetes gives to the service `kubernetes`. */
const reserved = 2;
