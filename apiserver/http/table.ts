/**
 * Tables, as kubectl prints them: columns, and rows whose cells are text by now, but for the ages in them (K-122).
 */
import { ageAt, type Clock, timeOf } from '../../openapi/machinery/clock.ts';
import { jsonText } from '../../openapi/machinery/json.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { Cell, Column } from '../registry/resource.ts';

/** What V8 holds for the cells of a row, besides their text. */
const cellsBytes = 200;

/**
 * The cells of one row as JSON, made once: between pieces of text stand times, of which the time since then is printed.
 *
 * There are as many rows as objects, so nothing is kept but flat strings: a sum of strings is a tree of them to V8.
 */
export class Cells {
  readonly #text: readonly string[];
  readonly #since: readonly number[];
  /** About so many bytes. */
  readonly length: number;

  constructor(cells: readonly Cell[]) {
    const pieces = [['[']];
    const since: number[] = [];
    for (const [i, cell] of cells.entries()) {
      const piece = pieces.at(-1)!;
      if (i) piece.push(',');
      if (!cell || typeof cell !== 'object') {
        piece.push(jsonText(cell));
        continue;
      }
      piece.push(jsonText(cell.before ?? '').slice(0, -1));
      since.push(timeOf(cell.since));
      pieces.push([jsonText(cell.after ?? '').slice(1)]);
    }
    pieces.at(-1)!.push(']');
    this.#text = pieces.map((piece) => piece.join(''));
    this.#since = since.slice();
    this.length = this.#text.reduce((sum, text) => sum + text.length, cellsBytes);
  }

  /** What there is to print at this time. */
  at(nowMs: number): string {
    let text = this.#text[0]!;
    for (const [i, since] of this.#since.entries()) text += ageAt(since, nowMs) + this.#text[i + 1];
    return text;
  }
}

export const cellsOf = <T>(object: T, columns: readonly Column<T>[]): Cells =>
  new Cells(columns.map((column) => column.cell(object)));

/** How a table begins, up to its first row. */
export function tableHead(metaVersion: string, meta: object, columns: readonly Column<KubeObject>[]): string {
  const definitions = columns.map(({ name, type, format = '', description, priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${metaVersion}","metadata":${jsonText(meta)},"columnDefinitions":${jsonText(definitions)},"rows":[`;
}

export const tableEnd = ']}';

/** A table of one document that is no stored object, such as a Scale. */
export function documentTable(
  document: KubeObject,
  columns: readonly Column<KubeObject>[],
  metaVersion: string,
  clock: Clock,
): Buffer {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = document.metadata;
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
  const object = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata };
  const cells = cellsOf(document, columns).at(clock.now());
  const row = `{"cells":${cells},"object":${jsonText(object)}}`;
  return Buffer.from(tableHead(metaVersion, { resourceVersion }, columns) + row + tableEnd);
}
