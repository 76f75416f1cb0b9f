/**
 * Where the files are that come with the program, such as the catalog.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where our package.json is: the compiled program lies a folder deeper than its source. */
export function packageFolder(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const above = dirname(from);
  if (above === from) throw new Error('the folder of the program has no package.json above it');
  return packageFolder(above);
}
