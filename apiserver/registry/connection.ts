/**
 * Subresources that are no documents: a conversation with what an object stands for, such as a pod's exec, or a text of it.
 *
 * How messages travel is http/connections.ts' knowledge.
 */
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import type { Verb } from '../../openapi/served.ts';

/** One client, for as long as it stays. */
export interface Conversation {
  /** The one of `Talk.protocols` that was agreed on. */
  readonly protocol: string;
  /** As they come, until the client ends them or goes. Whoever does not take them makes the client wait. */
  readonly messages: AsyncIterable<Buffer>;
  /** Resolves when it has left, so that a slow client makes the speaker wait; also when the client has gone. */
  send(message: Uint8Array): Promise<void>;
}

export interface Talk {
  /** Names of what can be spoken; the client chooses. */
  readonly protocols: readonly string[];
  /** Its end is the end of the conversation. The signal aborts when the client has gone or the server stops. */
  hold(conversation: Conversation, signal: AbortSignal): Promise<void>;
}

export interface Connection<T extends KubeObject> {
  readonly name: string;
  /** Of the options, or of the object when there are none. */
  readonly kind: string;
  /** Where `create` is among them nothing less suffices: opening a WebSocket is a GET. In alphabetical order. */
  readonly verbs: readonly Verb[];
  /** @throws StatusError when it cannot be had with this object, or the query is not understood */
  open(object: T, query: URLSearchParams): Talk | { readonly text: string };
}
