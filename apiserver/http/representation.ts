/**
 * Objects as bytes for clients: in a served version, as metadata alone, as rows of a table; single, in lists and in watch events.
 *
 * The hub's form is what the cache holds, so it costs nothing; every other form is made once per object (derived-forms.ts).
 */
import { ageSince, type Clock } from '../../openapi/machinery/clock.ts';
import { jsonText } from '../../openapi/machinery/json.ts';
import { apiVersionOf, type KubeObject, type ListMeta } from '../../openapi/machinery/meta.ts';
import type { DerivedForms } from '../cache/derived-forms.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import { parseOwn } from '../codec/json.ts';
import { metadataBody, metadataItem, metadataListBody } from '../codec/protobuf/meta.ts';
import type { KindCodec } from '../registry/kind-codec.ts';
import { type Cell, type Column, hubForm } from '../registry/resource.ts';
import type { Negotiated } from './negotiation.ts';

/** What rows of a table carry besides their cells (K-122). */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** What the client of this request is shown. */
export interface View {
  readonly version: string;
  readonly negotiated: Negotiated;
  readonly includeObject: IncludeObject;
}

const quoted = (text: string): string => JSON.stringify(text);

export class Representation {
  readonly #forms: DerivedForms;
  readonly #clock: Clock;

  constructor(forms: DerivedForms, clock: Clock) {
    this.#forms = forms;
    this.#clock = clock;
  }

  /** The object as JSON in a served version. */
  json(codec: KindCodec, snapshot: Snapshot, version: string): Buffer {
    if (version === hubForm(codec.resource).version) return snapshot.bytes;
    return this.#forms.of(snapshot, version, () => {
      const form = codec.form(version);
      return Buffer.from(jsonText(codec.toDocument(snapshot.object(), form)));
    });
  }

  /** The one object, in the form that the view asks for; JSON, or metadata in protobuf. */
  single(codec: KindCodec, snapshot: Snapshot, view: View): Buffer {
    const { transform, metaVersion, media } = view.negotiated;
    if (media === 'protobuf') return metadataBody(this.#protobuf(snapshot), metaVersion);
    if (transform === 'Table')
      return Buffer.concat(this.#table(codec, [snapshot], view, { resourceVersion: String(snapshot.revision) }));
    if (transform) return this.#metadata(snapshot, metaVersion);
    return this.json(codec, snapshot, view.version);
  }

  /**
   * A list, piece by piece; joined, the pieces are its JSON, or all metadata in protobuf.
   *
   * @param meta the list's own metadata
   */
  *list(codec: KindCodec, items: readonly Snapshot[], view: View, meta: ListMeta): Generator<Buffer, void, undefined> {
    const { transform, metaVersion, media } = view.negotiated;
    if (media === 'protobuf') {
      const bare = items.map((item) => this.#protobuf(item));
      yield metadataListBody(meta, bare, metaVersion);
      return;
    }
    if (transform === 'Table') {
      yield* this.#table(codec, items, view, meta);
      return;
    }
    const { listKind, group } = codec.resource;
    const [kind, apiVersion] = transform
      ? ['PartialObjectMetadataList', `meta.k8s.io/${metaVersion}`]
      : [listKind, apiVersionOf({ group, version: view.version })];
    yield Buffer.from(
      `{"kind":${quoted(kind)},"apiVersion":${quoted(apiVersion)},"metadata":${jsonText(meta)},"items":[`,
    );
    for (const [i, item] of items.entries()) {
      if (i) yield comma;
      yield transform ? this.#metadata(item, metaVersion) : this.json(codec, item, view.version);
    }
    yield listEnd;
  }

  /** The object of a watch event, in the form that the view asks for. */
  eventObject(codec: KindCodec, snapshot: Snapshot, view: View, first: boolean): Buffer {
    if (view.negotiated.transform !== 'Table') return this.single(codec, snapshot, view);
    // Only the first event of a stream says what the columns are (K-226).
    return Buffer.concat(this.#table(codec, [snapshot], view, { resourceVersion: String(snapshot.revision) }, first));
  }

  /** The name under which all watches with the same view share their frames; undefined when they cannot. */
  sharedForm({ version, negotiated: { transform, metaVersion, media } }: View): string | undefined {
    if (transform === 'Table') return undefined;
    if (media === 'protobuf') return `protobuf/${metaVersion}`;
    return transform ? `meta/${metaVersion}` : `json/${version}`;
  }

  /** Metadata alone, bare. */
  #protobuf(snapshot: Snapshot): Buffer {
    return this.#forms.of(snapshot, 'protobuf', () => metadataItem(snapshot.object()));
  }

  #metadata(snapshot: Snapshot, metaVersion: string): Buffer {
    return this.#forms.of(snapshot, `meta/${metaVersion}`, () => {
      const { metadata } = snapshot.object();
      return Buffer.from(
        jsonText({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata }),
      );
    });
  }

  #table(codec: KindCodec, items: readonly Snapshot[], view: View, meta: object, withColumns = true): Buffer[] {
    const { columns } = codec.resource;
    const head = tableHead(view.negotiated.metaVersion, meta, withColumns ? columns : []);
    return [head, ...items.flatMap((item, i) => [...(i ? [comma] : []), ...this.#row(codec, item, view)]), listEnd];
  }

  #row(codec: KindCodec, snapshot: Snapshot, view: View): Buffer[] {
    const cells = this.#forms.of(snapshot, 'cells', () => {
      const object = snapshot.object();
      return Buffer.from(jsonText(codec.resource.columns.map((column) => column.cell(object))));
    });
    const { includeObject, version, negotiated } = view;
    const object =
      includeObject === 'None'
        ? nullText
        : includeObject === 'Object'
          ? this.json(codec, snapshot, version)
          : this.#metadata(snapshot, negotiated.metaVersion);
    return [rowStart, this.#withAges(cells), rowMiddle, object, rowEnd];
  }

  /** Cells are remembered with times in them; what is printed is the time since then. */
  #withAges(cells: Buffer): Buffer {
    if (!cells.includes('"since"')) return cells;
    return Buffer.from(cellsText(parseOwn(cells) as Cell[], this.#clock));
  }
}

const comma = Buffer.from(',');
const listEnd = Buffer.from(']}');
const rowStart = Buffer.from('{"cells":');
const rowMiddle = Buffer.from(',"object":');
const rowEnd = Buffer.from('}');
const nullText = Buffer.from('null');

const cellsText = (cells: readonly Cell[], clock: Clock): string =>
  jsonText(
    cells.map((cell) => {
      if (!cell || typeof cell !== 'object') return cell;
      const { since, before = '', after = '' } = cell;
      return `${before}${ageSince(since, clock.now())}${after}`;
    }),
  );

function tableHead(metaVersion: string, meta: object, columns: readonly Column<KubeObject>[]): Buffer {
  const definitions = columns.map(({ name, type, format = '', description, priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return Buffer.from(
    `{"kind":"Table","apiVersion":"meta.k8s.io/${metaVersion}","metadata":${jsonText(meta)},"columnDefinitions":${jsonText(definitions)},"rows":[`,
  );
}

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
  const cells = cellsText(
    columns.map((column) => column.cell(document)),
    clock,
  );
  return Buffer.concat([
    tableHead(metaVersion, { resourceVersion }, columns),
    Buffer.from(`{"cells":${cells},"object":${jsonText(object)}}`),
    listEnd,
  ]);
}
