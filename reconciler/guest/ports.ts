/**
 * What guest configuration asks of the world: to run a program in a container of a pod. The composition root implements it.
 */

/** A container of a pod, by name. */
export interface ContainerReference {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Told of output as it comes. One that throws ends the run with what it threw. */
export interface OutputSink {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

export interface ExecPort {
  /**
   * Runs a program, gives it `input` on its standard input, and resolves with its exit code when it has ended. It goes on in the
   * container when the connection breaks or `signal` aborts; nobody can stop it from here.
   *
   * @throws StatusError what the host refused: NotFound, Forbidden, BadRequest when the container does not run
   * @throws Error when the connection broke before the end was told
   */
  run(
    container: ContainerReference,
    command: { readonly argv: readonly string[]; readonly input: Uint8Array },
    output: OutputSink,
    signal: AbortSignal,
  ): Promise<number>;
}
