/**
 * Setup packages in a folder: each has a start script, which may be run and is one that a shell can read.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Finding } from './documents.ts';

/** @param folder that has a folder `packages`, or has none */
export async function packageFindings(folder: string): Promise<{ findings: Finding[]; packages: number }> {
  const packages = join(folder, 'packages');
  if (!existsSync(packages)) return { findings: [], packages: 0 };
  const names = readdirSync(packages, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const findings: Finding[] = [];
  for (const { name } of names) findings.push(...(await scriptFindings(join(packages, name))));
  return { findings, packages: names.length };
}

async function scriptFindings(folder: string): Promise<Finding[]> {
  const file = join(folder, 'startscript');
  const fault = (message: string, line = 1): Finding => ({ file, line, field: '', message, severity: 'fault' });
  if (!existsSync(file)) return [fault('there is no startscript: members could not be set up')];
  const findings: Finding[] = [];
  try {
    accessSync(file, constants.X_OK);
  } catch {
    findings.push(fault('it is not executable: chmod +x'));
  }
  const first = readFileSync(file, 'latin1').split('\n', 1)[0]!;
  if (!first.startsWith('#!')) findings.push(fault('its first line does not say what runs it, such as #!/bin/sh'));
  const shell = /^#!\s*(?:\/usr\/bin\/env\s+)?(?:\/\S*\/)?(sh|dash|bash)\b/.exec(first)?.[1];
  if (shell) findings.push(...(await syntaxFindings(shell === 'bash' ? 'bash' : 'sh', file, fault)));
  return findings;
}

async function syntaxFindings(
  shell: string,
  file: string,
  fault: (message: string, line?: number) => Finding,
): Promise<Finding[]> {
  try {
    await promisify(execFile)(shell, ['-n', file]);
    return [];
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return [fault(`its syntax cannot be checked: there is no ${shell} here`)];
    const [, line, message] = /:\s*(?:line\s+)?(\d+):\s*(.*)/.exec(stderr) ?? [];
    return [fault(message ?? stderr.trim(), Number(line ?? 1))];
  }
}
