/**
 * The objects in a folder of files, as an author has written them, each with the lines of its fields.
 *
 * What is no object of ours (kustomizations, Secrets, values of a chart) is passed over.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DecodeError } from '../../../apiserver/codec/json.ts';
import { decodeYaml } from '../../../apiserver/codec/yaml.ts';
import { linesOf } from '../../../apiserver/codec/yaml-lines.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';

export interface FoundDocument {
  readonly file: string;
  readonly value: Record<string, unknown>;
  readonly duplicates: readonly string[];
  /** Lines of the file before the document. */
  readonly above: number;
  /** The line of a field in the file, or of the nearest one around it. */
  lineOf(path: string): number;
}

/** Something that is told of a file. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  /** Empty when it is not about a field. */
  readonly field: string;
  readonly message: string;
  readonly severity: 'fault' | 'warning';
}

const group = 'kubedirector.bluedata.io';
/** What a server takes in one request. */
const mostBytes = 3 * 1024 * 1024;

export function documentsIn(folder: string): { documents: FoundDocument[]; findings: Finding[]; files: number } {
  const documents: FoundDocument[] = [];
  const findings: Finding[] = [];
  const files = filesIn(folder);
  for (const file of files) {
    const fault = (line: number, message: string): void =>
      void findings.push({ file, line, field: '', message, severity: 'fault' });
    const content = textOf(file);
    if ('unreadable' in content) {
      fault(1, `it cannot be read: ${content.unreadable}`);
      continue;
    }
    for (const { text, above } of partsOf(content.text)) {
      const lines = linesOf(text);
      if (Buffer.byteLength(text) > mostBytes)
        fault(above + 1, `it is larger than the ${mostBytes} bytes that a server takes`);
      try {
        const { value, duplicates } = decodeYaml(Buffer.from(text));
        for (const one of objectsIn(value))
          documents.push({ file, value: one.value, duplicates, above, lineOf: (path) => above + lines(one.at + path) });
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        fault(above + Number(/\((\d+):\d+\)/.exec(error.message)?.[1] ?? 1), error.message.split('\n')[0]!);
      }
    }
  }
  return { documents, findings, files: files.length };
}

/** Objects of our group, and others of our kinds, also those in a List. */
function objectsIn(value: unknown): { value: Record<string, unknown>; at: string }[] {
  if (!isRecord(value)) return [];
  if (value.kind === 'List' && Array.isArray(value.items))
    return value.items.flatMap((item, i) =>
      objectsIn(item).map(({ value: one, at }) => ({ value: one, at: `items[${i}].${at}` })),
    );
  const isOurs = String(value.apiVersion).split('/')[0] === group || /^KubeDirector/.test(String(value.kind));
  return isOurs ? [{ value, at: '' }] : [];
}

/** The text of a file; of what is none, or may not be read, why. */
function textOf(file: string): { text: string } | { unreadable: string } {
  try {
    // Reading a pipe would wait for somebody to write.
    return statSync(file).isFile() ? { text: readFileSync(file, 'utf8') } : { unreadable: 'it is no file' };
  } catch (error) {
    return { unreadable: (error as Error).message.replace(/, \w+ '.*$/s, '') };
  }
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return entry.name === 'packages' ? [] : filesIn(join(path, entry.name));
      return /\.(ya?ml|json)$/.test(entry.name) ? [join(path, entry.name)] : [];
    });
}

/** The documents of a file, and how many lines there are above each. Objects in JSON may follow one another with nothing between. */
function partsOf(text: string): { text: string; above: number }[] {
  const parts: { text: string; above: number }[] = [];
  let above = 0;
  let lines: string[] = [];
  for (const [i, line] of [...text.split('\n'), '---'].entries()) {
    const isJson = /^\{/.test(line) && /\}\s*$/.test(lines.findLast((one) => one.trim() !== '') ?? '');
    if (!isJson && !/^---(\s|$)/.test(line)) {
      lines.push(line);
      continue;
    }
    if (lines.some((one) => /^[^#\s]/.test(one))) parts.push({ text: lines.join('\n'), above });
    above = isJson ? i : i + 1;
    lines = isJson ? [line] : [];
  }
  return parts;
}
