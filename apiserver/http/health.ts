/**
 * `/livez`, `/readyz`, `/healthz` and what they check (K-073 to K-080).
 */
import type { Router } from 'express';
import type { Log } from '../../openapi/machinery/log.ts';
import type { Exchange } from './exchange.ts';
import { answering } from './express-endpoint.ts';
import { sendText } from './respond.ts';

export interface HealthCheck {
  readonly name: string;
  /** Only readiness depends on it: a server that is shutting down is still alive (K-078). */
  readonly onlyReadiness?: boolean;
  /** Nothing depends on it; it is there to be asked by its own path. */
  readonly alone?: boolean;
  /** @throws Error saying what is wrong; it is logged, not told (K-075) */
  check(): Promise<void> | void;
}

const endpoints = ['livez', 'readyz', 'healthz'] as const;

export function addHealth(router: Router, checks: readonly HealthCheck[], log: Log): void {
  for (const endpoint of endpoints) {
    const relevant = checks.filter(({ onlyReadiness }) => endpoint === 'readyz' || !onlyReadiness);
    const decisive = relevant.filter(({ alone }) => !alone);
    router.get(
      `/${endpoint}`,
      answering((exchange) => answerAll(exchange, endpoint, decisive, log)),
    );
    for (const check of relevant)
      router.get(
        `/${endpoint}/${check.name}`,
        answering((exchange) => answerOne(exchange, check)),
      );
  }
}

async function answerAll(
  exchange: Exchange,
  endpoint: string,
  checks: readonly HealthCheck[],
  log: Log,
): Promise<void> {
  const excluded = new Set(exchange.query.getAll('exclude'));
  let failed = false;
  const lines: string[] = [];
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    try {
      await check.check();
      lines.push(`[+]${check.name} ok`);
    } catch (error) {
      failed = true;
      log.warn('a health check failed', { endpoint, check: check.name, cause: String(error) });
      lines.push(`[-]${check.name} failed: reason withheld`);
    }
  }
  if (excluded.size) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const listing = `${lines.join('\n')}\n${endpoint} check ${failed ? 'failed' : 'passed'}\n`;
  if (failed) return sendText(exchange, 500, listing);
  return sendText(exchange, 200, exchange.query.has('verbose') ? listing : 'ok');
}

async function answerOne(exchange: Exchange, { check }: HealthCheck): Promise<void> {
  try {
    await check();
    return await sendText(exchange, 200, 'ok');
  } catch (error) {
    return sendText(
      exchange,
      500,
      `internal server error: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}
