/**
 * Objects as bytes for clients: in a served version, as metadata alone, as rows of a table; single, in lists and in watch events.
 *
 * The hub's form is what the cache holds, so that and the metadata in it cost nothing; every other form is made once per object
 * (derived-forms.ts).
 */
import type { Clock } from '../../openapi/machinery/clock.ts';
import { jsonText } from '../../openapi/machinery/json.ts';
import { apiVersionOf, type ListMeta } from '../../openapi/machinery/meta.ts';
import type { DerivedForms } from '../cache/derived-forms.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import { metadataBody, metadataItem, metadataListBody } from '../codec/protobuf/meta.ts';
import type { KindCodec } from '../registry/kind-codec.ts';
import { hubForm } from '../registry/resource.ts';
import { Chunks, copiedBytes, madeBytes } from './chunks.ts';
import type { Negotiated } from './negotiation.ts';
import { cellsOf, tableEnd, tableHead } from './table.ts';

/** What rows of a table carry besides their cells (K-122). */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** What the client of this request is shown. */
export interface View {
  readonly version: string;
  readonly negotiated: Negotiated;
  readonly includeObject: IncludeObject;
}

const quoted = (text: string): string => JSON.stringify(text);

/** Of a list of these in any form, as a rule: an object in JSON takes the most. */
const aboutBytes = (items: readonly Snapshot[]): number =>
  items.reduce((sum, { bytes }) => sum + bytes.length + besidesBytes, listBytes);
const [listBytes, besidesBytes] = [4096, 200];

export class Representation {
  readonly #forms: DerivedForms;
  readonly #clock: Clock;

  constructor(forms: DerivedForms, clock: Clock) {
    this.#forms = forms;
    this.#clock = clock;
  }

  /** The object as JSON in a served version. */
  json(codec: KindCodec, snapshot: Snapshot, version: string): Buffer {
    if (this.#isHub(codec, version)) return snapshot.bytes;
    return this.#forms.of(snapshot, version, () => {
      const form = codec.form(version);
      return Buffer.from(jsonText(codec.toDocument(snapshot.object(), form)));
    });
  }

  /** The one object, in the form that the view asks for; JSON, or metadata in protobuf. */
  single(codec: KindCodec, snapshot: Snapshot, view: View): Buffer {
    const { transform, metaVersion, media } = view.negotiated;
    if (media === 'protobuf') return metadataBody(this.#protobuf(snapshot), metaVersion);
    if (transform === 'Table') return this.#tableOf(codec, snapshot, view, true);
    if (!transform) return this.json(codec, snapshot, view.version);
    const out = new Chunks(snapshot.bytes.length);
    this.#metadata(codec, snapshot, metaVersion, out);
    return Buffer.concat(out.rest());
  }

  /**
   * A list, chunk by chunk; joined, the chunks are its JSON, or all metadata in protobuf.
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
    const most = !transform && this.#isHub(codec, view.version) ? copiedBytes : madeBytes;
    const out = new Chunks(Math.min(most, aboutBytes(items)));
    if (transform === 'Table') {
      yield* this.#table(codec, items, view, meta, out);
      return;
    }
    const { listKind, group } = codec.resource;
    const [kind, apiVersion] = transform
      ? ['PartialObjectMetadataList', `meta.k8s.io/${metaVersion}`]
      : [listKind, apiVersionOf({ group, version: view.version })];
    out.text(`{"kind":${quoted(kind)},"apiVersion":${quoted(apiVersion)},"metadata":${jsonText(meta)},"items":[`);
    for (const [i, item] of items.entries()) {
      if (i) out.text(',');
      if (transform) this.#metadata(codec, item, metaVersion, out);
      else out.bytes(this.json(codec, item, view.version));
      yield* out.full();
    }
    out.text(']}');
    yield* out.rest();
  }

  /** The object of a watch event, in the form that the view asks for. */
  eventObject(codec: KindCodec, snapshot: Snapshot, view: View, first: boolean): Buffer {
    if (view.negotiated.transform !== 'Table') return this.single(codec, snapshot, view);
    // Only the first event of a stream says what the columns are (K-226).
    return this.#tableOf(codec, snapshot, view, first);
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

  /** Metadata alone: it stands in the object's bytes as it is served. */
  #metadata({ envelope }: KindCodec, snapshot: Snapshot, metaVersion: string, out: Chunks): void {
    out.text(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${metaVersion}","metadata":`);
    out.bytes(snapshot.bytes, envelope.metadataStart, snapshot.metadataEnd(envelope));
    out.text('}');
  }

  #tableOf(codec: KindCodec, snapshot: Snapshot, view: View, withColumns: boolean): Buffer {
    const meta = { resourceVersion: String(snapshot.revision) };
    const out = new Chunks(snapshot.bytes.length);
    return Buffer.concat([...this.#table(codec, [snapshot], view, meta, out, withColumns)]);
  }

  *#table(
    codec: KindCodec,
    items: readonly Snapshot[],
    view: View,
    meta: object,
    out: Chunks,
    withColumns = true,
  ): Generator<Buffer, void, undefined> {
    const { columns } = codec.resource;
    out.text(tableHead(view.negotiated.metaVersion, meta, withColumns ? columns : []));
    for (const [i, item] of items.entries()) {
      const cells = this.#forms.of(item, 'cells', () => cellsOf(item.object(), columns));
      out.text(`${i ? ',' : ''}{"cells":${cells.at(this.#clock.now())},"object":`);
      this.#rowObject(codec, item, view, out);
      out.text('}');
      yield* out.full();
    }
    out.text(tableEnd);
    yield* out.rest();
  }

  #rowObject(codec: KindCodec, snapshot: Snapshot, view: View, out: Chunks): void {
    const { includeObject, version, negotiated } = view;
    if (includeObject === 'None') out.text('null');
    else if (includeObject === 'Object') out.bytes(this.json(codec, snapshot, version));
    else this.#metadata(codec, snapshot, negotiated.metaVersion, out);
  }

  #isHub({ resource }: KindCodec, version: string): boolean {
    return version === hubForm(resource).version;
  }
}
