/**
 * The messages on the WebSocket of `exec`: each begins with a byte that names its channel (K-643, K-644).
 *
 * The sandbox speaks it from the other side.
 */
import { isRecord } from '../../openapi/machinery/meta.ts';
import { type Status, StatusError } from '../../openapi/machinery/status.ts';
import { decodeJson } from '../codec/json.ts';

/** The best first. The fourth has no way to say that the input has ended. */
export const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

const channels = ['stdin', 'stdout', 'stderr', 'status', 'resize'] as const;
export type Channel = (typeof channels)[number];
/** Its message names the channel that ends. */
const closing = 255;

export interface Message {
  /** `close`: the payload names the channel. Undefined for those that nobody has heard of. */
  readonly channel: Channel | 'close' | undefined;
  readonly payload: Buffer;
}

export const splitMessage = (data: Buffer): Message => ({
  channel: data[0] === closing ? 'close' : channels[data[0] ?? closing],
  payload: data.subarray(1),
});

export function toChannel(channel: Channel, payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(payload.length + 1);
  message[0] = channels.indexOf(channel);
  message.set(payload, 1);
  return message;
}

/** The message that ends a channel; undefined in a protocol that has none. */
export const closeOf = (channel: Channel, protocol: string): Buffer | undefined =>
  protocol === protocols[0] ? Buffer.from([closing, channels.indexOf(channel)]) : undefined;

/** Longer, and it is no Status. */
const longestStatus = 64 * 1024;
const nonZero = 'NonZeroExitCode';
const exitCodeCause = 'ExitCode';

/**
 * How a program ended, from what its status channel has told so far.
 *
 * @returns the exit code; undefined while the Status is not complete
 * @throws StatusError when the program could not be run
 */
export function ending(told: Buffer): number | undefined {
  if (told.length > longestStatus) throw new Error('the host does not come to an end with the status of a program');
  const status = statusIn(told);
  if (!status) return undefined;
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === exitCodeCause)?.message ?? '';
  if (status.reason === nonZero && /^\d{1,10}$/.test(code)) return Number(code);
  throw new StatusError(status);
}

function statusIn(told: Buffer): Status | undefined {
  try {
    const { value } = decodeJson(told);
    return isRecord(value) && typeof value.status === 'string' ? (value as unknown as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** The Status of a program that has ended, as the status channel tells it. */
export function statusOf(exitCode: number): Status {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;
  if (exitCode === 0) return { ...status, status: 'Success' };
  return {
    ...status,
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: nonZero,
    details: { causes: [{ reason: exitCodeCause, message: String(exitCode) }] },
  };
}

/** @param code the one of the WebSocket's end */
export const withoutEnd = (code: number): Error =>
  new Error(`the connection to the container broke before the end of the program was told (code ${code})`);
