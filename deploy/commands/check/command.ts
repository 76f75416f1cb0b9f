/**
 * `kubedirector check FOLDER…`: judges apps and clusters in files, before anybody applies them: for authors, and for their continuous
 * integration. It asks no server and no cluster.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readFlags, UsageError } from '../flags.ts';
import { packageFolder } from '../package-folder.ts';
import { documentsIn, type Finding } from './documents.ts';
import { judged } from './judge.ts';
import { packageFindings } from './packages.ts';

/**
 * Prints `FILE:LINE: FIELD: MESSAGE` for each fault and warning; the exit code is 1 when there is a fault.
 *
 * @param args files and folders; none: our own catalog
 * @throws UsageError
 */
export async function checkCommand(args: readonly string[]): Promise<void> {
  const { rest } = readFlags({}, args);
  const folders = rest.length ? rest : [join(packageFolder(import.meta.dirname), 'catalog')];
  for (const folder of folders) if (!existsSync(folder)) throw new UsageError(`There is no ${folder}.`);
  const found = folders.map(documentsIn);
  const packages = await Promise.all(folders.map(packageFindings));
  const documents = found.flatMap((one) => one.documents);
  const findings = [
    ...found.flatMap((one) => one.findings),
    ...(await judged(documents)),
    ...packages.flatMap((one) => one.findings),
  ];
  for (const finding of findings) process.stdout.write(`${inWords(finding)}\n`);
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const scripts = packages.reduce((sum, one) => sum + one.packages, 0);
  process.stdout.write(
    `${counted(documents.length, 'object')}, ${counted(scripts, 'setup package')}: ${counted(faults, 'fault')}, ${counted(findings.length - faults, 'warning')}\n`,
  );
  if (faults) process.exitCode = 1;
}

const inWords = ({ file, line, field, message, severity }: Finding): string =>
  `${relative('.', file)}:${line}: ${severity === 'warning' ? 'warning: ' : ''}${field ? `${field}: ` : ''}${message}`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
