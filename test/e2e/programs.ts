/**
 * The kubectls that tests use: the one on the PATH, and those that KUBEDIRECTOR_TEST_KUBECTLS names, separated by colons.
 *
 * Where there is none, the tests that need one are left out and say so; with `kubectl` in KUBEDIRECTOR_TEST_REQUIRE that is a failure.
 */
import { spawnSync } from 'node:child_process';

export interface Kubectl {
  readonly path: string;
  /** `1.32`. */
  readonly version: string;
}

const versionOf = (path: string): string | undefined => {
  const { status, stdout } = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const { major, minor } = (JSON.parse(stdout) as { clientVersion: { major: string; minor: string } }).clientVersion;
  return `${major}.${Number.parseInt(minor, 10)}`;
};

const candidates = ['kubectl', ...(process.env.KUBEDIRECTOR_TEST_KUBECTLS ?? '').split(':')].filter(
  (path) => path !== '',
);

/** One of each version. */
export const kubectls: readonly Kubectl[] = [
  ...new Map(
    candidates
      .map((path) => ({ path, version: versionOf(path) }))
      .filter((found): found is Kubectl => found.version !== undefined)
      .map((found) => [found.version, found]),
  ).values(),
];

const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('kubectl');

/** `describe` for each kubectl there is. */
export function describeWithKubectl(title: string, tests: (kubectl: Kubectl) => void): void {
  for (const kubectl of kubectls) describe(`${title}, with kubectl ${kubectl.version}`, () => tests(kubectl));
  if (kubectls.length) return;
  describe(title, () => {
    if (required) it('needs a kubectl', () => Promise.reject(new Error('there is no kubectl on the PATH')));
    else it('is left out: there is no kubectl on the PATH');
  });
}
