/** Whoever asks a command what it takes is told, and nothing is started. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../deploy/main.ts');

describe('kubedirector --help', () => {
  for (const command of [
    '',
    'sandbox',
    'serve',
    'deploy',
    'check',
    'backup',
    'restore',
    'confirm-store',
    'damaged-values',
  ])
    it(`lists commands and flags${command && ` after ${command}`}`, async () => {
      const { stdout } = await run(process.execPath, [program, ...(command ? [command] : []), '--help']);
      expect(stdout).to.match(/^Usage: kubedirector COMMAND/);
      expect(stdout).to.include('--data-dir=');
    });
});
