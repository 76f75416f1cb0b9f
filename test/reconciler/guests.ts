/**
 * Members in memory: they answer the calls that KubeDirector makes to its program in them, as they are told to, and remember what
 * they were told.
 */
import { decodeCall, type GuestCall } from '../../openapi/guest/calls.ts';
import { encodeReport, type GuestReport, type GuestResult } from '../../openapi/guest/reports.ts';
import { orAborted } from '../../openapi/machinery/signal.ts';
import type { ContainerReference, ExecPort, OutputSink } from '../../reconciler/guest/ports.ts';

/** `hangs`: it says nothing more. `breaks`: the connection ends before there is a result. */
export type Answer = readonly GuestReport[] | 'hangs' | 'breaks';

export const failed = (failure: 'injection' | 'package' | 'script' | 'member', detail: string): GuestResult => ({
  ok: false,
  failure,
  detail,
});

export class Guests implements ExecPort {
  /** Every call, in order. */
  readonly calls: { readonly pod: string; readonly call: GuestCall }[] = [];
  /** What a member answers; undefined: that all is well. */
  answer: (pod: string, call: GuestCall) => Answer | undefined = () => undefined;
  /** Calls that are waiting for something to happen. */
  hanging = 0;

  async run(
    { pod }: ContainerReference,
    { argv, input }: { argv: readonly string[]; input: Uint8Array },
    output: OutputSink,
    signal: AbortSignal,
  ): Promise<number> {
    const call = decodeCall(argv, Buffer.from(input))!;
    this.calls.push({ pod, call });
    const answer = this.answer(pod, call) ?? allWell(call);
    if (answer === 'breaks') throw new Error('the connection was reset');
    if (answer === 'hangs') {
      this.hanging += 1;
      output.stdout(Buffer.from(encodeReport({ type: 'phase', phase: 'configuring' })));
      await orAborted(new Promise<never>(() => {}), signal).finally(() => (this.hanging -= 1));
    } else for (const report of answer) output.stdout(Buffer.from(encodeReport(report)));
    return 0;
  }

  /** What members were told, as `POD WORDS`. */
  get told(): string[] {
    return this.calls.flatMap(({ pod, call }) =>
      call.verb === 'setup'
        ? [`${pod} setup ${call.attempt}`]
        : [
            ...call.notifications.map((notification) => `${pod} ${notification.arguments.join(' ')}`),
            ...(call.reconnect === undefined ? [] : [`${pod} --reconnect`]),
          ],
    );
  }

  /** The last configuration that a member was given. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into a document whose form is the matter of the test
  configmeta(pod: string): any {
    const texts = this.calls.flatMap(({ pod: other, call }) => {
      if (other !== pod) return [];
      return call.verb === 'update' ? call.configmeta : (call.setup?.configmeta ?? []);
    });
    return JSON.parse(texts.at(-1)!);
  }
}

export function allWell(call: GuestCall): GuestReport[] {
  const done: GuestReport = { type: 'result', result: { ok: true } };
  if (call.verb === 'setup') return [{ type: 'phase', phase: 'configuring' }, done];
  return [
    ...call.notifications.map(({ id }): GuestReport => ({ type: 'notified', id, exitCode: 0 })),
    ...(call.reconnect === undefined ? [] : [{ type: 'reconnected' as const, exitCode: 0 }]),
    done,
  ];
}
