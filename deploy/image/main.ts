/**
 * `npm run image -- --output=FILE`: KubeDirector's container image, in a file that container tools load. It needs no container tool,
 * no registry of images and no root: Debian's apt-get, dpkg-deb and tar, and npm.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { flagsHelp, readFlags, UsageError } from '../commands/flags.ts';
import { type BuiltImage, buildEtcdImage, buildImage } from './image.ts';

const flags = {
  output: { value: 'FILE', help: 'the archive to write' },
  name: { value: 'NAME:TAG', help: 'what the image is called (kubedirector:VERSION)' },
  'etcd-output': { value: 'FILE', help: 'also the archive of the etcd that is deployed beside it' },
  'etcd-name': { value: 'NAME:TAG', help: 'what that is called (kubedirector-etcd:VERSION)' },
  cache: {
    value: 'DIR',
    help: 'where packages and layers are kept for the next time',
    fallback: join(homedir(), '.cache', 'kubedirector'),
  },
} as const;

try {
  const { values } = readFlags(flags, process.argv.slice(2));
  const { output, name, cache, 'etcd-output': etcdOutput, 'etcd-name': etcdName } = values;
  if (!output) throw new UsageError(`Say where to: --output=FILE\n\n${flagsHelp(flags)}`);
  const project = join(import.meta.dirname, '../..');
  const tell = (file: string, image: BuiltImage) => process.stdout.write(`${file}: ${image.name}, ${image.id}\n`);
  tell(output, await buildImage({ project, output, name, cache: cache! }));
  if (etcdOutput)
    tell(etcdOutput, await buildEtcdImage({ project, output: etcdOutput, name: etcdName, cache: cache! }));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
