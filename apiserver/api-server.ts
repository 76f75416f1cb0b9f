/**
 * One API server: registries over a store, behind authentication and authorization, on one HTTPS port.
 *
 * It is told what to serve; the sandbox has it serve Kubernetes' own kinds as well as ours.
 */
import { Router } from 'express';
import type { Clock } from '../openapi/machinery/clock.ts';
import type { Log } from '../openapi/machinery/log.ts';
import type { Metrics } from '../openapi/machinery/metrics.ts';
import type { Authentication } from './auth/authenticator.ts';
import type { Authorizer } from './auth/authorizer.ts';
import { DerivedForms } from './cache/derived-forms.ts';
import { Connections } from './http/connections.ts';
import { addDocuments } from './http/documents.ts';
import { ExpressEndpoint } from './http/express-endpoint.ts';
import { addHealth, type HealthCheck } from './http/health.ts';
import type { RequestLimits } from './http/limits.ts';
import { addMetrics, observeRequests } from './http/metrics.ts';
import { ObjectHandlers } from './http/objects.ts';
import { Pipeline } from './http/pipeline.ts';
import { Representation } from './http/representation.ts';
import { ResourceEndpoint } from './http/resource-endpoint.ts';
import { HttpServer, type ServingOptions } from './http/server.ts';
import { SubresourceHandlers } from './http/subresources.ts';
import { observeCache } from './registry/metrics.ts';
import type { Registries } from './registry/registries.ts';
import type { VersionInfo } from './version.ts';

export interface ApiServerParts {
  readonly registries: Registries;
  readonly authenticate: Authentication;
  readonly authorizer: Authorizer;
  readonly serving: ServingOptions;
  readonly version: VersionInfo;
  /** What must be well besides the watch cache. */
  readonly checks?: readonly HealthCheck[];
  /** Absent: as Kubernetes' own servers have them. */
  readonly limits?: RequestLimits;
  /** Where requests are counted; absent: nowhere. */
  readonly metrics?: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long requests under way may take to finish when the server stops. */
const drainMs = 10_000;

export class ApiServer {
  readonly registries: Registries;
  readonly #parts: ApiServerParts;
  readonly #server: HttpServer;
  readonly #pipeline: Pipeline;
  readonly #running = new AbortController();
  #cache: Promise<void> | undefined;
  #stopping = false;

  constructor(parts: ApiServerParts) {
    const { registries, clock, log } = parts;
    const forms = new DerivedForms();
    const representation = new Representation(forms, clock);
    const router = Router();
    addHealth(router, [...this.#checks(registries), ...(parts.checks ?? [])], log);
    addDocuments(router, registries.served(), parts.version);
    if (parts.metrics) {
      addMetrics(router, parts.metrics);
      observeCache(parts.metrics, registries, forms);
    }
    this.#parts = parts;
    this.registries = registries;
    this.#pipeline = new Pipeline({
      authenticate: parts.authenticate,
      authorizer: parts.authorizer,
      resources: new ResourceEndpoint(
        registries,
        new ObjectHandlers(representation, parts.authorizer),
        new SubresourceHandlers(clock),
        new Connections(parts.authorizer),
      ),
      others: new ExpressEndpoint(router),
      obstacle: () => registries.cache.obstacle,
      ...(parts.limits && { limits: parts.limits }),
      ...(parts.metrics && { observe: observeRequests(parts.metrics, (attributes) => registries.serves(attributes)) }),
      clock,
      log,
    });
    this.#server = new HttpServer(parts.serving, this.#pipeline.handle);
  }

  /** Fills the cache and listens. @returns the port. @throws Error with code EADDRINUSE */
  async start(): Promise<number> {
    const port = await this.#server.listen(this.#parts.serving);
    this.#cache = this.registries.run(this.#running.signal);
    return port;
  }

  /** Waits until the cache has been filled. */
  ready(signal: AbortSignal): Promise<void> {
    return this.registries.cache.filled(signal);
  }

  /** New connections are served with this certificate, and ask for certificates of these authorities (K-444). */
  renew(material: Pick<ServingOptions, 'cert' | 'key' | 'clientCa'>): void {
    this.#server.renew(material);
  }

  /** Readiness fails from now on, so that nobody new is led here; whoever comes all the same is served (K-566). */
  announceStop(): void {
    this.#stopping = true;
  }

  /** Refuses what is new, lets what is under way finish, ends watches cleanly. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#pipeline.refuseFurther('apiserver is shutting down');
    await this.#pipeline.drain(drainMs);
    await this.#server.close(drainMs);
    this.#running.abort();
    await this.#cache;
  }

  #checks({ cache }: Registries): HealthCheck[] {
    return [
      { name: 'ping', check: () => {} },
      {
        name: 'informer-sync',
        onlyReadiness: true,
        check: () => {
          if (cache.obstacle !== undefined) throw new Error(cache.obstacle);
        },
      },
      {
        name: 'shutdown',
        onlyReadiness: true,
        check: () => {
          if (this.#stopping) throw new Error('the server is shutting down');
        },
      },
    ];
  }
}
