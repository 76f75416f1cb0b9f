/**
 * `npm run packages -- --output=DIR`: the setup packages of the catalog, as archives.
 * `npm run packages -- --image=NAME --output=FILE`: the image of an app that is made of Debian's packages alone, with its package inside.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { flagsHelp, readFlags, UsageError } from '../commands/flags.ts';
import { archiveAll, buildCatalogImage } from './catalog.ts';

const flags = {
  output: { value: 'PATH', help: 'the folder of the archives, or the file of the image' },
  image: { value: 'NAME', help: 'hello, jupyter or zookeeper: the image instead of the archives' },
  cache: {
    value: 'DIR',
    help: "where Debian's packages and layers are kept for the next time",
    fallback: join(homedir(), '.cache', 'kubedirector'),
  },
} as const;

try {
  const { output, image, cache } = readFlags(flags, process.argv.slice(2)).values;
  if (!output) throw new UsageError(`Say where to: --output=PATH\n\n${flagsHelp(flags)}`);
  if (image) {
    const { name, id } = await buildCatalogImage(image, output, cache!);
    process.stdout.write(`${output}: ${name}, ${id}\n`);
  } else
    for (const [file, digest] of await archiveAll(output)) process.stdout.write(`${digest}  ${join(output, file)}\n`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
