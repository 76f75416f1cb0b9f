/** Programs in containers, run at a host that answers from a script: what it is asked, and what is made of its answers. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Liveness, PodExec } from '../../apiserver/host/exec.ts';
import { statusOf, toChannel } from '../../apiserver/host/exec-protocol.ts';
import { StatusError } from '../../openapi/machinery/status.ts';

const place = { namespace: 'default', pod: 'web-0', container: 'app' };
const ended = (exitCode: number): Buffer => status(statusOf(exitCode));
const status = (value: object): Buffer => toChannel('status', Buffer.from(JSON.stringify(value)));
const out = (text: string): Buffer => toChannel('stdout', Buffer.from(text));

/** Plays one connection; the protocol is the one that was agreed on. */
type Play = (socket: WebSocket, asked: IncomingMessage) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A host that speaks these protocols. @returns what its programs are run with */
async function aHost(play: Play, protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'], liveness?: Liveness) {
  const server = createServer();
  const sockets = new WebSocketServer({
    server,
    handleProtocols: (offered) => [...offered].find((protocol) => protocols.includes(protocol)) ?? false,
  });
  sockets.on('connection', play);
  return run(server, liveness);
}

/** A host that answers the request for a WebSocket with something else. */
function aRefusal(code: number, body: string, headers: Record<string, string> = {}) {
  const server = createServer();
  server.on('upgrade', (_, socket) => {
    const lines = Object.entries({ 'content-length': String(body.length), ...headers }).map(([k, v]) => `${k}: ${v}`);
    socket.on('error', () => {});
    socket.end(`HTTP/1.1 ${code} No\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  });
  return run(server);
}

async function run(server: Server, liveness?: Liveness) {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = ['Bearer one', 'Bearer two'];
  const exec = new PodExec({ server: address, authorization: async () => tokens.shift() }, liveness);
  return async ({
    argv = ['true'],
    input = '' as string | Buffer,
    signal = new AbortController().signal,
    output = {},
  } = {}) => {
    const [stdout, stderr]: [string[], string[]] = [[], []];
    const sink = {
      stdout: (chunk: Buffer) => void stdout.push(chunk.toString()),
      stderr: (chunk: Buffer) => void stderr.push(chunk.toString()),
      ...output,
    };
    const exitCode = await exec.run(place, { argv, input: Buffer.from(input) }, sink, signal);
    return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
  };
}

async function failure(running: Promise<unknown>): Promise<Error> {
  return running.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: Error) => error,
  );
}

describe('a program in a container', () => {
  it('is asked for by its words, with input only when there is some, under the token of the moment (K-642)', async () => {
    const asked: IncomingMessage[] = [];
    const start = await aHost((socket, request) => {
      asked.push(request);
      socket.send(ended(0));
    });
    await start({ argv: ['sh', '-c', 'echo "$1" & done', 'a b', 'ü'] });
    await start({ input: 'text' });
    const [first, second] = asked.map(({ url }) => new URL(url!, 'http://host'));
    expect(first!.pathname).to.equal('/api/v1/namespaces/default/pods/web-0/exec');
    expect(first!.searchParams.getAll('command')).to.deep.equal(['sh', '-c', 'echo "$1" & done', 'a b', 'ü']);
    expect(Object.fromEntries(first!.searchParams)).to.include({ container: 'app', stdin: 'false', tty: 'false' });
    expect(second!.searchParams.get('stdin')).to.equal('true');
    expect(asked.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer one', 'Bearer two']);
    expect(asked[0]!.headers['sec-websocket-protocol']).to.equal('v5.channel.k8s.io,v4.channel.k8s.io');
  });

  it('tells its output by channels, however it is cut, until its end (K-643)', async () => {
    const start = await aHost((socket) => {
      for (const channel of ['stdout', 'stderr', 'status'] as const) socket.send(toChannel(channel, Buffer.alloc(0)));
      socket.send(out('one '));
      socket.send(toChannel('stderr', Buffer.from('oops')));
      socket.send(Buffer.from([99, 1]));
      socket.send(Buffer.alloc(0));
      socket.send(out('two'));
      const end = ended(3);
      socket.send(end.subarray(0, 20));
      socket.send(toChannel('status', end.subarray(20)));
      socket.send(out(' late'));
      socket.close();
    });
    expect(await start()).to.deep.equal({ exitCode: 3, stdout: 'one two late', stderr: 'oops' });
  });

  for (const [protocol, knowsEnd] of [
    ['v5.channel.k8s.io', true],
    ['v4.channel.k8s.io', false],
  ] as const)
    it(`is given all of its input over ${protocol}${knowsEnd ? ', and told its end' : ''} (K-642, K-643)`, async () => {
      const input = Buffer.alloc(300_000, 'abcdefg');
      const got: Buffer[] = [];
      let isEnded = false;
      const start = await aHost(
        (socket) => {
          socket.on('message', (data: Buffer) => {
            if (data[0] === 255) isEnded = data[1] === 0;
            else got.push(data.subarray(1));
            if (Buffer.concat(got).length === input.length && isEnded === knowsEnd) socket.send(ended(0));
          });
        },
        [protocol],
      );
      expect((await start({ input })).exitCode).to.equal(0);
      expect(Buffer.concat(got).equals(input)).to.equal(true);
    });

  it('has ended whether or not it has read its input', async () => {
    const start = await aHost((socket) => {
      socket.send(ended(7));
      socket.close();
    });
    expect((await start({ input: Buffer.alloc(5_000_000) })).exitCode).to.equal(7);
  });

  it('has failed when the connection ends without a status (K-644)', async () => {
    const start = await aHost((socket) => {
      socket.send(out('so far'));
      socket.close();
    });
    expect((await failure(start())).message).to.match(/broke before the end of the program was told/);
  });

  it('that could not be run is told with the Status of the host (K-644)', async () => {
    const { status: why } = StatusError.internal('no such file or directory');
    const start = await aHost((socket) => socket.send(status(why)));
    const error = await failure(start());
    expect(error).to.be.instanceOf(StatusError);
    expect((error as StatusError).status).to.deep.equal(why);
  });

  it('whose exit code is no number has not ended well', async () => {
    const odd = { ...statusOf(1), details: { causes: [{ reason: 'ExitCode', message: 'none' }] } };
    const start = await aHost((socket) => socket.send(status(odd)));
    expect(await failure(start())).to.be.instanceOf(StatusError);
  });

  it('is given up when its signal aborts, which cuts the connection', async () => {
    const stop = new AbortController();
    const { promise: cut, resolve } = Promise.withResolvers<void>();
    const start = await aHost((socket) => {
      socket.on('close', () => resolve());
      stop.abort(new Error('enough'));
    });
    expect((await failure(start({ signal: stop.signal }))).message).to.equal('enough');
    await cut;
  });

  it('is not begun under a signal that has aborted', async () => {
    let began = 0;
    const start = await aHost(() => (began += 1));
    expect((await failure(start({ signal: AbortSignal.abort(new Error('never')) }))).message).to.equal('never');
    expect(began).to.equal(0);
  });

  it('is given up when its output is not wanted any longer', async () => {
    const start = await aHost((socket) => socket.send(out('flood')));
    const output = {
      stdout: () => {
        throw new RangeError('too much');
      },
    };
    expect((await failure(start({ output }))).message).to.equal('too much');
  });

  it('is given up when nobody answers on its connection', async () => {
    const start = await aHost((socket) => socket.pause(), undefined, { pingMs: 10, unanswered: 3 });
    expect((await failure(start())).message).to.match(/nobody has answered on the connection/);
  });

  it('may be silent for long, as long as the host answers', async () => {
    let pings = 0;
    const start = await aHost(
      (socket) => {
        socket.on('ping', () => {
          pings += 1;
          if (pings === 20) socket.send(ended(0));
        });
      },
      undefined,
      { pingMs: 10, unanswered: 3 },
    );
    expect((await start()).exitCode).to.equal(0);
  });
});

describe('a host that runs no program', () => {
  it('is heard with its own words', async () => {
    const { status: why } = StatusError.notFound({ group: '', resource: 'pods' }, 'web-0');
    const start = await aRefusal(404, JSON.stringify(why));
    expect(((await failure(start())) as StatusError).status).to.deep.equal(why);
  });

  it('is heard when it has no Status', async () => {
    const start = await aRefusal(502, 'nobody home\n');
    const error = (await failure(start())) as StatusError;
    expect(error).to.be.instanceOf(StatusError);
    expect([error.code, error.message]).to.deep.equal([502, 'nobody home']);
  });

  it('since the container does not run is told apart from one that is at fault', async () => {
    const words = 'container not found ("app")';
    const whole = StatusError.internal(`unable to upgrade connection: ${words}`);
    for (const body of [words, JSON.stringify(whole.status)]) {
      const { code, reason, message } = (await failure((await aRefusal(500, body))())) as StatusError;
      expect([code, reason]).to.deep.equal([400, 'BadRequest']);
      expect(message).to.include(words);
    }
  });

  it('and answers something else than a refusal is no host', async () => {
    const start = await aRefusal(200, 'hello');
    expect((await failure(start())).message).to.equal('the host answered a WebSocket request with 200');
  });

  it('is not followed elsewhere', async () => {
    const start = await aRefusal(302, '', { location: 'http://127.0.0.1:1/' });
    expect((await failure(start())).message).to.equal('the host answered a WebSocket request with 302');
  });

  it('is not listened to for ever', async () => {
    const start = await aRefusal(403, 'no '.repeat(100_000));
    const error = (await failure(start())) as StatusError;
    expect(error.code).to.equal(403);
    expect(error.message.length).to.be.at.most(300);
  });

  it('speaks none of the protocols', async () => {
    const start = await aHost(() => {}, []);
    expect((await failure(start())).message).to.match(/no subprotocol/);
  });

  it('sends messages that are too long, or a status without end', async () => {
    const start = await aHost((socket) => socket.send(Buffer.alloc(2_000_000, 1)));
    expect((await failure(start())).message).to.match(/Max payload size exceeded/);
    const another = await aHost((socket) => {
      for (let i = 0; i < 3; i += 1) socket.send(toChannel('status', Buffer.alloc(30_000, '{')));
    });
    expect((await failure(another())).message).to.match(/does not come to an end/);
  });

  it('is not there', async () => {
    const start = await aHost(() => {});
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    expect((await failure(start())).message).to.match(/ECONNREFUSED/);
  });
});
