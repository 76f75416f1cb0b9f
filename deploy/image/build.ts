/**
 * `npm run build`: compiles everything to `dist/`.
 */
import { join } from 'node:path';
import { compile } from './compile.ts';

const project = join(import.meta.dirname, '../..');

try {
  await compile(project, 'tsconfig.json', join(project, 'dist'));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
