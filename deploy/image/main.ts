/**
 * `npm run image -- --output=FILE`: KubeDirector's container image, in a file that container tools load. It needs no container tool,
 * no registry of images and no root: Debian's apt-get, dpkg-deb and tar, and npm.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { flagsHelp, readFlags, UsageError } from '../commands/flags.ts';
import { buildImage } from './image.ts';

const flags = {
  output: { value: 'FILE', help: 'the archive to write' },
  name: { value: 'NAME:TAG', help: 'what the image is called (kubedirector:VERSION)' },
  cache: {
    value: 'DIR',
    help: 'where packages and layers are kept for the next time',
    fallback: join(homedir(), '.cache', 'kubedirector'),
  },
} as const;

try {
  const { output, name, cache } = readFlags(flags, process.argv.slice(2)).values;
  if (!output) throw new UsageError(`Say where to: --output=FILE\n\n${flagsHelp(flags)}`);
  const image = await buildImage({ project: join(import.meta.dirname, '../..'), output, name, cache: cache! });
  process.stdout.write(`${output}: ${image.name}, ${image.id}\n`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
