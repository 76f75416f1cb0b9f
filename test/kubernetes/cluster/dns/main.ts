/**
 * The cluster's DNS, a process beside the others. It asks kube-apiserver for every question, so an answer is never old; there is
 * nobody behind it, so a name of the world outside does not exist.
 */
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { openApi } from '../api.ts';
import { addresses, ports } from '../settings.ts';
import { type Answer, codes, readQuestion, writeAnswer } from './message.ts';
import { lookUp } from './names.ts';

const api = await openApi();

async function answer(message: Buffer): Promise<Buffer> {
  const question = readQuestion(message);
  try {
    const answers: Answer[] | undefined = await lookUp(question.name, api);
    return writeAnswer(question, answers ? codes.success : codes.nameError, answers ?? []);
  } catch (error) {
    console.error(question.name, error);
    return writeAnswer(question, codes.serverFailure, []);
  }
}

const datagrams = createSocket('udp4');
datagrams.on('message', (message, from) => {
  answer(message)
    .then((reply) => datagrams.send(reply, from.port, from.address))
    .catch((error) => console.error('a question that cannot be read', error));
});
datagrams.bind(ports.dns, addresses.node);

createServer((connection) => {
  serve(connection).catch(() => connection.destroy());
}).listen(ports.dns, addresses.node);

/** Over TCP each message comes after its length. */
async function serve(connection: Socket): Promise<void> {
  let unread = Buffer.alloc(0);
  for await (const chunk of connection) {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
      const end = 2 + unread.readUInt16BE(0);
      const reply = await answer(unread.subarray(2, end));
      unread = unread.subarray(end);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      connection.write(Buffer.concat([length, reply]));
    }
  }
}
