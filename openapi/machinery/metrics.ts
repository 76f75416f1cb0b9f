/**
 * Metrics: numbers about ourselves that Prometheus collects, in its text format (K-081).
 *
 * Whoever counts something is handed this collection; there is none of the whole process, so that tests and replicas in one process
 * do not add up. What a metric means is said where it is made.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Labels<L extends string> = Readonly<Record<L, string>>;

export class Metrics {
  readonly #registry = new Registry();

  /** Of the text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Of the process: processor, memory, event loop, garbage collection. */
  addProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @returns how to count one more */
  counter<L extends string>(name: string, help: string, labels: readonly L[]): (values: Labels<L>) => void {
    const counter = new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
    return (values) => counter.inc(values as never);
  }

  /**
   * @param buckets upper bounds, ascending
   * @returns how to add what was observed
   */
  histogram<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    buckets: readonly number[],
  ): (values: Labels<L>, observed: number) => void {
    const options = { name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.#registry] };
    const histogram = new Histogram(options);
    return (values, observed) => histogram.observe(values as never, observed);
  }

  /** @param read is asked whenever metrics are collected: the value for each set of labels */
  gauge<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    read: () => Iterable<readonly [Labels<L>, number]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [values, value] of read()) this.set(values as never, value);
      },
    });
  }

  /**
   * A counter that somebody keeps anyway.
   *
   * @param read as for a gauge; no value may ever become less
   */
  total<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    read: () => Iterable<readonly [Labels<L>, number]>,
  ): void {
    new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [values, value] of read()) this.inc(values as never, value);
      },
    });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
