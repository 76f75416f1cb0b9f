/**
 * One request and its answer, on HTTP/1.1 or HTTP/2: what every filter and handler is given.
 *
 * The fields are filled in by the filters in their order (pipeline.ts). Nothing here knows resources.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { anonymous, type UserInfo } from '../auth/user.ts';
import { attributesOf, type RequestAttributes } from './attributes.ts';

/** HTTP/2's compatibility API has the same shape; `stream` tells it apart where that matters. */
export type Request = IncomingMessage & {
  /** Set when the client asks for another protocol on this connection. */
  readonly upgradable?: Upgradable;
  readonly stream?: {
    readonly session?: { readonly socket: unknown };
    once?(event: 'finish', listener: () => void): unknown;
    close?(): void;
  };
};
export type Response = ServerResponse;

export interface Upgradable {
  readonly socket: Duplex;
  /** What the client has sent behind its request. */
  readonly head: Buffer;
}

const noQuery = new URLSearchParams();

/** More than all of the warnings of one answer may hold in characters (K-476), so none beyond them is ever sent. */
const maxWarnings = 4096;

/** Longest of what a client may set as Audit-ID: it is written to the log. */
const auditIdForm = /^[\x21-\x7e]{1,128}$/;

export class Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly attributes: RequestAttributes;
  readonly query: URLSearchParams;
  readonly auditId: string;
  /** Set by authentication. */
  user: UserInfo = anonymous;
  /** Has no deadline, and is ended when the server stops. */
  lasts: boolean;
  /** What the client is to be told besides the answer (K-475). */
  readonly warnings = new Set<string>();
  readonly #abort = new AbortController();

  /** @throws URIError when the path is not properly encoded */
  constructor(request: Request, response: Response) {
    const url = request.url ?? '/';
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    this.request = request;
    this.response = response;
    this.query = at < 0 ? noQuery : new URLSearchParams(url.slice(at + 1));
    this.attributes = attributesOf(
      request.method ?? 'GET',
      path.includes('%') ? decodeURIComponent(path) : path,
      this.query,
    );
    this.lasts = this.attributes.verb === 'watch';
    const given = this.header('audit-id');
    this.auditId = given !== undefined && auditIdForm.test(given) ? given : randomUUID();
    response.on('close', () => {
      // After the end of an answer nobody is left who would give up; to tell them costs as much as a get.
      if (!response.writableEnded) this.#abort.abort(new Error('the client has gone'));
    });
  }

  /** Aborts when the client hangs up, the deadline passes or the server ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  readonly warn = (text: string): void => {
    if (this.warnings.size <= maxWarnings) this.warnings.add(text);
  };
}
