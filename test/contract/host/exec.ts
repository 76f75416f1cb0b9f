/** Programs in the containers of pods: what configuring members relies on. */
import { expect } from 'chai';
import { behaviourAnnotation } from '../../../deploy/sandbox/controllers/node/behaviour.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { type Anything, kinds, type Place, refusal, waitingSet } from './host.ts';

interface Wish {
  readonly pod?: string;
  readonly container?: string;
  readonly input?: Buffer;
  readonly signal?: AbortSignal;
}

export function execStatements(place: () => Place): void {
  const run = async (argv: readonly string[], wish: Wish = {}) => {
    const { pod = 'exec-0', container = 'app', input = Buffer.alloc(0), signal = place().signal } = wish;
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    const output = { stdout: (chunk: Buffer) => stdout.push(chunk), stderr: (chunk: Buffer) => stderr.push(chunk) };
    const at = { namespace: place().namespace, pod, container };
    const exitCode = await place().client.exec(at, { argv, input }, output, signal);
    return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
  };

  describe('a program in a container', () => {
    before(async () => {
      await place().create(kinds.statefulSets, waitingSet('exec', place().image));
      await place().until('its pod runs', async () => {
        const pod = await place().find(kinds.pods, 'exec-0');
        return pod?.status.containerStatuses?.[0]?.ready;
      });
    });

    it('tells its output, each stream by itself, and its exit code (K-643, K-644)', async () => {
      const { exitCode, stdout, stderr } = await run(['echo', 'a  b', '$HOME', 'ü']);
      expect([exitCode, stdout.toString(), stderr]).to.deep.equal([0, 'a  b $HOME ü\n', '']);
      const failed = await run(['cat', '/etc/no-such-file']);
      expect([failed.exitCode, failed.stdout.toString()]).to.deep.equal([1, '']);
      expect(failed.stderr).to.match(/no-such-file: No such file or directory/);
    });

    for (const [argv, exitCode] of [
      [['true'], 0],
      [['false'], 1],
      [['ls', '/no-such-directory'], 2],
    ] as const)
      it(`${argv.join(' ')} ends with ${exitCode} (K-644)`, async () => {
        expect((await run(argv)).exitCode).to.equal(exitCode);
      });

    it('knows where it is', async () => {
      expect((await run(['hostname'])).stdout.toString()).to.equal('exec-0\n');
    });

    it('is given all of its input, and tells all of its output (K-643)', async () => {
      const input = Buffer.from(Array.from({ length: 400_000 }, (_, i) => i * 7 + (i >> 8)));
      const { exitCode, stdout } = await run(['head', '-c', String(input.length)], { input });
      expect(exitCode).to.equal(0);
      expect(stdout.length).to.equal(input.length);
      expect(stdout.equals(input)).to.equal(true);
    });

    it('does not have to take a little input', async () => {
      expect((await run(['true'], { input: Buffer.alloc(10_000) })).exitCode).to.equal(0);
    });

    it('has none when none is given', async () => {
      expect(await run(['cat'])).to.deep.include({ exitCode: 0, stderr: '' });
    });

    it('runs beside others', async () => {
      const words = Array.from({ length: 12 }, (_, i) => `number ${i}`);
      const all = await Promise.all(words.map((word) => run(['echo', word])));
      expect(all.map(({ stdout }) => stdout.toString())).to.deep.equal(words.map((word) => `${word}\n`));
    });

    it('that goes on is left alone when nobody wants to wait any longer', async () => {
      const stop = new AbortController();
      const running = run(['sleep', '30'], { signal: stop.signal });
      setTimeout(() => stop.abort(new Error('enough')), 300);
      const error = await running.then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.equal('enough');
    });
  });

  describe('no program runs', () => {
    it('in a pod that is not there', async () => {
      const { code, reason, message } = await refusal(run(['true'], { pod: 'nobody' }));
      expect([code, reason, message]).to.deep.equal([404, 'NotFound', 'pods "nobody" not found']);
    });

    it('in a container that the pod does not have', async () => {
      const { code, message } = await refusal(run(['true'], { container: 'nothing' }));
      expect([code, message]).to.deep.equal([400, 'container nothing is not valid for pod exec-0']);
    });

    it('in a container that is not running', async () => {
      const metadata = { name: 'waits', annotations: { [behaviourAnnotation]: 'ImagePullBackOff' } };
      const containers = [{ name: 'app', image: 'nowhere.invalid/nothing:1' }];
      await place().create(kinds.pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
      await place().until('it waits for its image', async () => {
        const { status } = await place().get(kinds.pods, 'waits');
        return status.containerStatuses?.[0]?.state.waiting;
      });
      const error = await run(['true'], { pod: 'waits' }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StatusError);
      const { code, message } = (error as Anything).status;
      expect([code, message]).to.deep.equal([400, 'container not found ("app")']);
    });
  });
}
