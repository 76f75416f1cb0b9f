import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { memoryEnvironment, memoryFlags } from '../../deploy/memory.ts';

const memory = pathToFileURL(join(import.meta.dirname, '../../deploy/memory.ts')).href;

describe("a server's process", () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubedirector-memory-'));
  after(() => rmSync(folder, { recursive: true }));

  /** What a program of these lines prints, started as the program is. */
  async function printed(lines: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, `import { collectWhenIdle, restartSmall } from ${JSON.stringify(memory)};\n${lines}`);
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !Object.hasOwn(memoryEnvironment, name)),
    );
    const options = { env: { ...clean, ...env }, timeout: 60_000 };
    return (await promisify(execFile)(process.execPath, [file, ...args], options)).stdout;
  }

  const tell = `
    console.log('begins', process.pid);
    restartSmall();
    console.log(JSON.stringify([process.execArgv, process.argv.slice(2), process.env.MALLOC_ARENA_MAX]));
  `;

  // Elsewhere there are no such settings.
  const here = process.platform === 'linux' ? it : it.skip;

  here(
    'begins anew with the settings that keep it small: once, as the same process, with the same arguments',
    async () => {
      const [first, second, told] = (await printed(tell, ['serve', '--port=1'])).trim().split('\n');
      expect(second).to.equal(first);
      expect(JSON.parse(told!)).to.deep.equal([memoryFlags, ['serve', '--port=1'], '1']);
    },
  );

  here('keeps what an administrator has set', async () => {
    const [, , told] = (await printed(tell, [], { MALLOC_ARENA_MAX: '4' })).trim().split('\n');
    expect(JSON.parse(told!)).to.deep.equal([memoryFlags, [], '4']);
  });

  it('gives back what a burst has left behind, once nothing happens', async () => {
    const lines = `
      let burst = Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
      const { heapUsed } = process.memoryUsage();
      burst = undefined;
      collectWhenIdle(200);
      const look = setInterval(() => {
        if (process.memoryUsage().heapUsed > heapUsed / 2) return;
        console.log('given back');
        clearInterval(look);
      }, 500);
    `;
    expect(await printed(lines)).to.equal('given back\n');
  }).timeout(70_000);
});
