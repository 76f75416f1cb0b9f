/**
 * A watch on the wire: one line of JSON or frame of protobuf for each event, as fast as the client takes them (K-127 to K-131, K-208, K-224).
 *
 * What there is to tell, and that nothing is told twice, is the work of its source.
 */
import { randomInt } from 'node:crypto';
import { jsonText } from '../../openapi/machinery/json.ts';
import { apiVersionOf } from '../../openapi/machinery/meta.ts';
import type { Status } from '../../openapi/machinery/status.ts';
import { metadataBody, metadataItem, statusBody, watchFrame } from '../codec/protobuf/meta.ts';
import type { KindCodec } from '../registry/kind-codec.ts';
import type { WatchItem, WatchSource } from '../registry/watch-reader.ts';
import type { Exchange } from './exchange.ts';
import { mediaTypes } from './negotiation.ts';
import type { Representation, View } from './representation.ts';
import { write } from './respond.ts';

/** A watch that names no time lives between half an hour and an hour, so that not all come back at once. */
const [minLifeMs, maxLifeMs] = [1_800_000, 3_600_000];
/** Timers reach no further; a longer one would ring at once. */
const maxTimerMs = 2 ** 31 - 1;
const bookmarkEveryMs = 60_000;
/** The last bookmark comes so long before the end. */
const farewellMs = 2000;
/** Events are gathered into writes of about this size. */
const gatherBytes = 64 * 1024;

export interface WatchStreamOptions {
  readonly reader: WatchSource;
  readonly codec: KindCodec;
  readonly view: View;
  readonly bookmarks: boolean;
  /** 0: the server's choice. */
  readonly timeoutSeconds: number;
}

/** Writes events until the client goes, its time is over, or the watch cannot go on; then ends the stream cleanly. */
export async function streamWatch(
  exchange: Exchange,
  representation: Representation,
  options: WatchStreamOptions,
): Promise<void> {
  const { response } = exchange;
  const { media } = options.view.negotiated;
  response.setHeader('content-type', media === 'protobuf' ? `${mediaTypes.protobuf};stream=watch` : mediaTypes.json);
  response.statusCode = 200;
  response.flushHeaders();
  const stream = new WatchStream(exchange, representation, options);
  try {
    await stream.run();
  } finally {
    stream.close();
    if (!response.writableEnded) response.end();
  }
}

class WatchStream {
  readonly #exchange: Exchange;
  readonly #representation: Representation;
  readonly #options: WatchStreamOptions;
  readonly #shared: string | undefined;
  readonly #stopListening: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #wake: () => void = () => {};
  #news = true;
  #bookmarkDue = false;
  #over = false;
  #first = true;

  constructor(exchange: Exchange, representation: Representation, options: WatchStreamOptions) {
    this.#exchange = exchange;
    this.#representation = representation;
    this.#options = options;
    this.#shared = representation.sharedForm(options.view);
    const lifeMs = Math.min(options.timeoutSeconds * 1000, maxTimerMs) || randomInt(minLifeMs, maxLifeMs);
    this.#stopListening = options.reader.listen(() => this.#alert());
    exchange.signal.addEventListener('abort', () => this.#end(), { once: true });
    // Who has gone by now is not told of any more.
    this.#over = exchange.signal.aborted;
    this.#timers.push(setTimeout(() => this.#end(), lifeMs));
    if (!options.bookmarks) return;
    const bookmark = (): void => {
      this.#bookmarkDue = true;
      this.#alert();
    };
    // Spread over the minute, so that a thousand watches do not all speak at once.
    this.#timers.push(setInterval(bookmark, bookmarkEveryMs + randomInt(5000)));
    if (lifeMs > farewellMs) this.#timers.push(setTimeout(bookmark, lifeMs - farewellMs));
  }

  close(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async run(): Promise<void> {
    while (!this.#over) {
      this.#news = false;
      const frames = this.#gather();
      if (frames.length && !(await write(this.#exchange, frames.length === 1 ? frames[0]! : Buffer.concat(frames))))
        return;
      if (!this.#news && !this.#over) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #alert(): void {
    this.#news = true;
    this.#wake();
  }

  #end(): void {
    this.#over = true;
    this.#alert();
  }

  /** What there is to tell now, up to the size of one write. */
  #gather(): Buffer[] {
    const frames: Buffer[] = [];
    let bytes = 0;
    while (bytes < gatherBytes) {
      const item = this.#options.reader.next();
      if (!item) {
        if (this.#bookmarkDue) frames.push(this.#bookmark(this.#options.reader.caughtUpTo));
        this.#bookmarkDue = false;
        return frames;
      }
      const frame = this.#frame(item);
      if (frame) frames.push(frame);
      bytes += frame?.length ?? 0;
      if (item.type === 'ERROR') {
        this.#over = true;
        return frames;
      }
    }
    this.#news = true;
    return frames;
  }

  #frame(item: WatchItem): Buffer | undefined {
    if (item.type === 'ERROR') return this.#error(item.error.status);
    if (item.type === 'INITIAL_END')
      return this.#options.bookmarks
        ? this.#bookmark(item.revision, { 'k8s.io/initial-events-end': 'true' })
        : undefined;
    const { event } = item;
    // An event that means the same to every watch with this view is put into words once (K-557).
    const shared = event && event.type === item.type ? this.#shared : undefined;
    if (shared === undefined) return this.#line(item);
    const known = event?.frames?.get(shared);
    if (known) return known;
    const frame = this.#line(item);
    if (event) {
      event.frames ??= new Map();
      event.frames.set(shared, frame);
    }
    return frame;
  }

  #line({ type, snapshot }: Exclude<WatchItem, { type: 'ERROR' | 'INITIAL_END' }>): Buffer {
    const { codec, view } = this.#options;
    const object = this.#representation.eventObject(codec, snapshot, view, this.#first);
    this.#first = false;
    return this.#framed(type, object);
  }

  #error(status: Status): Buffer {
    return this.#framed('ERROR', this.#isProtobuf ? statusBody(status) : Buffer.from(jsonText(status)));
  }

  get #isProtobuf(): boolean {
    return this.#options.view.negotiated.media === 'protobuf';
  }

  #framed(type: string, object: Buffer): Buffer {
    return this.#isProtobuf ? watchFrame(type, object) : lineOf(type, object);
  }

  #bookmark(revision: number, annotations?: Record<string, string>): Buffer {
    const { codec, view } = this.#options;
    const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) };
    const { transform, metaVersion } = view.negotiated;
    const { kind, group } = codec.resource;
    const meta = `meta.k8s.io/${metaVersion}`;
    if (this.#isProtobuf) {
      const object = { apiVersion: meta, kind: 'PartialObjectMetadata', metadata: { name: '', ...metadata } };
      return this.#framed('BOOKMARK', metadataBody(metadataItem(object), metaVersion));
    }
    if (transform === 'Table') {
      const row = {
        cells: codec.resource.columns.map(() => null),
        object: { kind: 'PartialObjectMetadata', apiVersion: meta, metadata },
      };
      return lineOf(
        'BOOKMARK',
        Buffer.from(jsonText({ kind: 'Table', apiVersion: meta, metadata, columnDefinitions: [], rows: [row] })),
      );
    }
    const [itsKind, apiVersion] = transform
      ? ['PartialObjectMetadata', meta]
      : [kind, apiVersionOf({ group, version: view.version })];
    return lineOf('BOOKMARK', Buffer.from(jsonText({ kind: itsKind, apiVersion, metadata })));
  }
}

const middle = Buffer.from('","object":');
const end = Buffer.from('}\n');

const lineOf = (type: string, object: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`{"type":"${type}`), middle, object, end]);
