/**
 * The sandbox's Kubernetes in one value: its kinds, who may do what, what is there from the start, and what keeps it going.
 *
 * It knows nothing of HTTP and nothing of the reconciler; deploy/commands/sandbox.ts plugs the three together.
 */
import { type Admission, namespaceLifecycle } from '../../apiserver/registry/admission.ts';
import type { Registries } from '../../apiserver/registry/registries.ts';
import type { Resource } from '../../apiserver/registry/resource.ts';
import type { Clock } from '../../openapi/machinery/clock.ts';
import type { Log } from '../../openapi/machinery/log.ts';
import { isNotFound, StatusError } from '../../openapi/machinery/status.ts';
import { bootstrap } from './bootstrap.ts';
import { runControllers } from './controllers/index.ts';
import type { NodeDelays } from './controllers/node/node.ts';
import { DefaultClass } from './default-class.ts';
import { Informers } from './engine/informers.ts';
import { podConnections } from './guest/connections.ts';
import { SimulatedContainers } from './guest/containers.ts';
import { type HostKinds, type HostRegistries, hostKinds, hostRegistries } from './kinds/index.ts';
import type { Pod } from './kinds/pods/pod.ts';
import { ServiceAddresses } from './kinds/services/addresses.ts';
import { type PortRange, ServiceRanges } from './kinds/services/ranges.ts';
import { RbacAuthorizer } from './rbac/authorizer.ts';
import { Escalation } from './rbac/escalation.ts';

export interface HostOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** `10.96.0.0/16`; absent: that. */
  readonly serviceClusterIpRange?: string;
  /** Absent: 30000 to 32767. A service of type NodePort takes one for each of its ports. */
  readonly serviceNodePortRange?: PortRange;
  readonly delays?: NodeDelays;
  readonly statusDelayMs?: number;
  /** How often programs in pods say that they are alive. */
  readonly aliveMs?: number;
  /** What `kubectl get nodes` shows. */
  readonly version?: string;
}

interface Attached {
  readonly registries: Registries;
  readonly host: HostRegistries;
  readonly authorizer: RbacAuthorizer;
}

export class SandboxHost {
  /** To be served, together with KubeDirector's own. */
  readonly resources: readonly Resource[];
  /** What every write is asked about: nothing is created in a namespace that is not there or is going. */
  readonly admission: Admission;
  readonly #options: HostOptions;
  readonly #kinds: HostKinds;
  readonly #addresses: ServiceAddresses;
  readonly #defaultClass = new DefaultClass();
  readonly #containers = new SimulatedContainers();
  #attached: Attached | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { clock, serviceClusterIpRange, serviceNodePortRange, aliveMs } = options;
    this.#addresses = new ServiceAddresses(new ServiceRanges(serviceClusterIpRange, serviceNodePortRange), clock);
    this.#kinds = hostKinds({
      clock,
      addresses: this.#addresses,
      escalation: new Escalation(() => this.authorizer),
      defaultClass: () => this.#defaultClass.name,
      podConnections: podConnections(this.#containers, aliveMs),
    });
    this.resources = Object.values(this.#kinds) as unknown as readonly Resource[];
    this.admission = namespaceLifecycle({ find: (name, signal) => this.#namespace(name, signal) });
  }

  /** Tells the host which registries serve its kinds, before anything is asked of it. It follows them until the signal aborts. */
  attach(registries: Registries, signal: AbortSignal): void {
    const host = hostRegistries(this.#kinds, registries);
    const informers = new Informers(this.#options.log);
    const authorizer = new RbacAuthorizer(informers, host);
    informers.of(host.storageClasses).subscribe(this.#defaultClass);
    this.#containers.follow({
      pods: informers.of(host.pods),
      claims: informers.of(host.claims),
      find: (key) => host.pods.cache.get(key)?.object<Pod>(),
    });
    const services = informers.of(host.services);
    services.subscribe({
      changed: (change) => {
        if (change.gone) this.#addresses.forget(change.key);
        else this.#addresses.show(change.key, change.object);
      },
      reset: () => this.#addresses.reset(),
    });
    this.#addresses.follow(() => {
      if (!registries.cache.ready) throw StatusError.tooManyRequests('storage is (re)initializing');
      services.catchUp();
    });
    signal.addEventListener('abort', informers.start(), { once: true });
    this.#attached = { registries, host, authorizer };
  }

  get registries(): HostRegistries {
    return this.#parts.host;
  }

  get authorizer(): RbacAuthorizer {
    return this.#parts.authorizer;
  }

  /** Makes what must be there before anybody comes. Waits for the caches. */
  async bootstrap(signal: AbortSignal): Promise<void> {
    const { registries, host } = this.#parts;
    const { clock, version = 'v0.1.0-simulated' } = this.#options;
    await registries.cache.filled(signal);
    await bootstrap({ host, served: registries.served(), clock, version }, signal);
  }

  /** Runs the controllers and the simulated node until the signal aborts; to be called once the caches are filled. */
  run(signal: AbortSignal): Promise<void> {
    const { registries, host } = this.#parts;
    const { clock, log, delays, statusDelayMs } = this.#options;
    return runControllers(
      {
        registries,
        host,
        clock,
        log,
        ...(delays && { delays }),
        ...(statusDelayMs !== undefined && { statusDelayMs }),
      },
      signal,
    );
  }

  get #parts(): Attached {
    if (!this.#attached) throw new Error('the sandbox host is not attached to any registries');
    return this.#attached;
  }

  /** The cache is asked first: it is a moment behind at most, and what it does not know is looked up (K-455). */
  async #namespace(name: string, signal: AbortSignal) {
    const { namespaces } = this.#parts.host;
    const known = namespaces.cache.get(name);
    if (known) return known.object();
    try {
      return (await namespaces.reads.get(name, undefined, signal)).object();
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
