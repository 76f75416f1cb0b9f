/**
 * The Go file that describes Kubernetes' API. Debian's source package lacks it; Kubernetes' own generator makes it.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { folders } from '../settings.ts';
import { go, runInSource } from './go.ts';
import { sourceFolder } from './sources.ts';

const outputPackage = 'pkg/generated/openapi';

export async function generateOpenApi(): Promise<void> {
  const generated = join(sourceFolder, outputPackage, 'zz_generated.openapi.go');
  if (existsSync(generated)) return;
  const generator = join(folders.work, 'openapi-gen');
  await go(['build', '-o', generator, './vendor/k8s.io/kube-openapi/cmd/openapi-gen']);
  const report = join(folders.work, 'violations');
  await runInSource(generator, [
    '--logtostderr',
    `--input-dirs=${inputs().join(',')}`,
    `--output-package=k8s.io/kubernetes/${outputPackage}`,
    // Under another name until it is whole.
    '--output-file-base=unfinished.openapi',
    '--go-header-file=vendor/k8s.io/code-generator/hack/boilerplate.go.txt',
    `--report-filename=${report}`,
  ]);
  // Upstream keeps the list of rules that its types break. The same list says that ours were the same types.
  if (readFileSync(report, 'utf8') !== readSource('api/api-rules/violation_exceptions.list'))
    throw new Error(`${report} is not what upstream's types give`);
  await rename(join(dirname(generated), 'unfinished.openapi.go'), generated);
}

const readSource = (file: string): string => readFileSync(join(sourceFolder, file), 'utf8');

/** The packages that ask for it with a tag, but for two that are programs of their own. */
function inputs(): string[] {
  const files = globSync(['cmd/**/*.go', 'pkg/**/*.go', 'plugin/**/*.go', 'test/**/*.go', 'staging/src/**/*.go'], {
    cwd: sourceFolder,
  });
  const asking = files
    .filter((file) => /^\/\/ *\+k8s:openapi-gen=/m.test(readSource(file)))
    .map((file) => dirname(file));
  return [...new Set(asking)]
    .map((folder) => folder.replace(/^staging\/src/, 'vendor'))
    .filter((folder) => !/^vendor\/k8s\.io\/(code-generator|sample-apiserver)\//.test(folder))
    .sort()
    .map((folder) => `k8s.io/kubernetes/${folder}`);
}
