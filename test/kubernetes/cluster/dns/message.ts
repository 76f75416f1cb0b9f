/**
 * DNS messages (RFC 1035), as much as a cluster's names take: one question, answers of three types.
 */
export const types = { A: 1, PTR: 12, SRV: 33, any: 255 } as const;

export const codes = { success: 0, serverFailure: 2, nameError: 3 } as const;

export type Answer =
  | { readonly type: typeof types.A; readonly address: string }
  | { readonly type: typeof types.PTR; readonly name: string }
  | { readonly type: typeof types.SRV; readonly name: string; readonly port: number };

export interface Question {
  /** In small letters, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  /** The header and the question as they came. */
  readonly bytes: Buffer;
}

const headerLength = 12;

/** @throws RangeError when the message is cut off */
export function readQuestion(message: Buffer): Question {
  const labels: string[] = [];
  let at = headerLength;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = message.readUInt16BE(at + 1);
  return { name: labels.join('.').toLowerCase(), type, bytes: message.subarray(0, at + 5) };
}

const flags = { response: 0x80, authoritative: 0x04, recursionDesired: 0x01, recursionAvailable: 0x80 };

export function writeAnswer({ bytes, type }: Question, code: number, answers: readonly Answer[]): Buffer {
  const fitting = answers.filter((answer) => type === types.any || answer.type === type);
  const head = Buffer.from(bytes);
  head[2] = flags.response | flags.authoritative | (head[2]! & flags.recursionDesired);
  head[3] = flags.recursionAvailable | code;
  for (const [i, count] of [1, fitting.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * i);
  return Buffer.concat([head, ...fitting.map(record)]);
}

/** Nobody may keep an answer: names follow pods at once. */
const secondsToLive = 0;
/** The name of every record is that of the question, which begins after the header. */
const sameName = 0xc000 | headerLength;

function record(answer: Answer): Buffer {
  const data = dataOf(answer);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(sameName, 0);
  head.writeUInt16BE(answer.type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(secondsToLive, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(answer: Answer): Buffer {
  if (answer.type === types.A) return Buffer.from(answer.address.split('.').map(Number));
  if (answer.type === types.PTR) return nameBytes(answer.name);
  // Priority, weight, port.
  const head = Buffer.alloc(6);
  head.writeUInt16BE(100, 2);
  head.writeUInt16BE(answer.port, 4);
  return Buffer.concat([head, nameBytes(answer.name)]);
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
