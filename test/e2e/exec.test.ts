/** `kubectl exec` and `kubectl logs` with the sandbox's simulated pods. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { type PlainHost, startPlainHost } from '../serve/plain-host.ts';
import { describeWithKubectl } from './programs.ts';

/** The first that speaks WebSocket without being told to. */
const firstSpeaking = 31;

describeWithKubectl('simulated pods', ({ path, version }) => {
  let folder: string;
  let host: PlainHost;

  const kubectl = async (args: readonly string[], input = '') => {
    const running = spawn(path, [`--kubeconfig=${host.kubeconfigPath}`, ...args]);
    running.stdin.end(input);
    const outputs = Promise.all([text(running.stdout), text(running.stderr)]);
    const [code] = await once(running, 'exit');
    const [stdout, stderr] = await outputs;
    return { code, stdout, stderr };
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubedirector-exec-'));
    host = await startPlainHost(folder);
    await kubectl(['run', 'one', '--image=example/app:1']);
    const { stderr } = await kubectl(['wait', '--for=condition=Ready', 'pod/one', '--timeout=10s']);
    expect(stderr).to.equal('');
  });
  after(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true });
  });

  if (Number(version.split('.')[1]) >= firstSpeaking) {
    it('show what is in their files, take input, and tell exit codes (K-642)', async () => {
      expect(await kubectl(['exec', 'one', '--', 'hostname'])).to.deep.equal({ code: 0, stdout: 'one\n', stderr: '' });
      expect((await kubectl(['exec', '-i', 'one', '--', 'cat'], 'given')).stdout).to.equal('given');
      const missing = await kubectl(['exec', 'one', '--', 'ls', '/none']);
      expect(missing.code).to.equal(2);
      expect(missing.stderr).to.match(/^ls: cannot access '\/none': No such file or directory\n/);
    });

    it('say that nothing else runs in them', async () => {
      const { code, stderr } = await kubectl(['exec', 'one', '--', 'bash']);
      expect(code).to.equal(127);
      expect(stderr).to.match(/^bash: pods are simulated here, nothing runs in them;/);
    });
  } else
    it('say which kubectl can look into them', async () => {
      const { code, stderr } = await kubectl(['exec', 'one', '--', 'hostname']);
      expect(code).to.equal(1);
      expect(stderr).to.match(/SPDY\/3.1 is not spoken here, only WebSocket: use kubectl 1.31 or newer/);
    });

  it('are refused in words of their own when they are not there', async () => {
    const { stderr } = await kubectl(['exec', 'nobody', '--', 'true']);
    expect(stderr).to.equal('Error from server (NotFound): pods "nobody" not found\n');
  });

  it('log nothing, and say so', async () => {
    const { stdout } = await kubectl(['logs', 'one']);
    expect(stdout).to.match(/^Pods are simulated here: nothing runs in container "one" in pod "one"/);
  });
});
