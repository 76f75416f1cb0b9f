/**
 * A transcript: a Markdown page with commands in `console` blocks, and below each what it prints.
 *
 * Where that differs between the versions of our API or of kubectl, each text has a line above it that says whose it is, such as
 * `#: v1alpha1, kubectl 1.20`. What a command may print is not known here.
 */

/** Who speaks to whom in one run of a transcript. */
export interface Setting {
  /** `v1beta1`. */
  readonly api: string;
  /** `1.32`. */
  readonly kubectl: string;
}

/** One text, and the settings in which it is printed. */
export interface Printed {
  readonly apis: readonly string[];
  readonly kubectls: readonly string[];
  readonly text: string;
}

export interface Command {
  readonly command: string;
  readonly printed: readonly Printed[];
}

/** Prose and the fences are texts; commands stand between them. */
export type Part = string | Command;

const opening = '```console';
const closing = '```';
const prompt = '$ ';
const label = '#: ';

/** @throws Error for a label in words that it does not know */
export function parseTranscript(page: string): Part[] {
  const parts: Part[] = [];
  let inside = false;
  let command: { command: string; printed: { label: string; lines: string[] }[] } | undefined;
  const end = (): void => {
    if (!command) return;
    const printed = command.printed.filter(({ label, lines }) => label || lines.length);
    parts.push({ command: command.command, printed: printed.map(readPrinted) });
    command = undefined;
  };
  for (const line of page.replace(/\n$/, '').split('\n')) {
    if (inside && line.startsWith(prompt)) {
      end();
      command = { command: line.slice(prompt.length), printed: [{ label: '', lines: [] }] };
    } else if (command && line !== closing) {
      if (line.startsWith(label)) command.printed.push({ label: line.slice(label.length), lines: [] });
      else command.printed.at(-1)!.lines.push(line);
    } else {
      end();
      if (line === opening) inside = true;
      else if (line === closing) inside = false;
      parts.push(line);
    }
  }
  return parts;
}

function readPrinted({ label, lines }: { label: string; lines: string[] }): Printed {
  const text = lines.map((line) => `${line}\n`).join('');
  const [, apis = '', kubectls = ''] =
    label.match(/^((?:v\w+(?:, (?=v))?)*)(?:(?:, )?kubectl (\d[\d., ]*))?$/) ?? unreadable(label);
  return { apis: words(apis), kubectls: words(kubectls), text };
}

const words = (list: string): string[] => list.split(', ').filter(Boolean);

function unreadable(text: string): never {
  throw new Error(`"${label}${text}" says neither a version of the API nor one of kubectl`);
}

const isFor = ({ apis, kubectls }: Printed, { api, kubectl }: Setting): boolean =>
  (!apis.length || apis.includes(api)) && (!kubectls.length || kubectls.includes(kubectl));

/** @returns what the command prints in a setting; undefined when the page does not say */
export function expectedIn(setting: Setting, { printed }: Command): string | undefined {
  if (!printed.length) return '';
  return printed.find((text) => isFor(text, setting))?.text;
}

/** @param outputs what was printed in each setting, in an order that is the same for all commands */
export function printedIn(outputs: readonly (Setting & { readonly text: string })[]): Printed[] {
  const apis = unique(outputs.map(({ api }) => api));
  const kubectls = unique(outputs.map(({ kubectl }) => kubectl));
  const grouped = (among: typeof outputs, of: (setting: Setting) => string): Map<string, string[]> => {
    const groups = new Map<string, string[]>();
    for (const output of among) {
      const members = groups.get(output.text) ?? [];
      groups.set(output.text, unique([...members, of(output)]));
    }
    return groups;
  };
  const disjoint = (groups: Map<string, string[]>, count: number): boolean =>
    [...groups.values()].flat().length === count;

  const byApi = grouped(outputs, ({ api }) => api);
  if (byApi.size === 1) return [{ apis: [], kubectls: [], text: [...byApi.keys()][0]! }];
  if (disjoint(byApi, apis.length)) return [...byApi].map(([text, names]) => ({ apis: names, kubectls: [], text }));
  const byKubectl = grouped(outputs, ({ kubectl }) => kubectl);
  if (disjoint(byKubectl, kubectls.length))
    return [...byKubectl].map(([text, names]) => ({ apis: [], kubectls: names, text }));
  return apis.flatMap((api) => {
    const ofApi = grouped(
      outputs.filter((output) => output.api === api),
      ({ kubectl }) => kubectl,
    );
    return [...ofApi].map(([text, names]) => ({ apis: [api], kubectls: ofApi.size === 1 ? [] : names, text }));
  });
}

const unique = (names: readonly string[]): string[] => [...new Set(names)];

export function formatTranscript(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === 'string' ? `${part}\n` : formatCommand(part))).join('');
}

function formatCommand({ command, printed }: Command): string {
  const texts = printed.map(({ apis, kubectls, text }) => {
    const of = [...apis, ...(kubectls.length ? [`kubectl ${kubectls.join(', ')}`] : [])].join(', ');
    return (of && `${label}${of}\n`) + text;
  });
  return `${prompt}${command}\n${texts.join('')}`;
}
