/** Leader election with two candidates and a set clock. */
import { expect } from 'chai';
import { silentLog } from '../../openapi/machinery/log.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Lease } from '../../reconciler/host-types.ts';
import { type LeasePort, leadWhenElected } from '../../reconciler/leader.ts';
import { quiet, SetTimers } from '../make/set-timers.ts';

const resource = { group: 'coordination.k8s.io', resource: 'leases' };

/** One Lease, and who can reach it. */
class Leases {
  lease: Lease | undefined;
  readonly cutOff = new Set<string>();
  readonly hanging = new Set<string>();
  #revision = 0;

  portFor(identity: string): LeasePort {
    const reach = async (signal: AbortSignal) => {
      if (this.hanging.has(identity))
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
      if (this.cutOff.has(identity)) throw new Error('no route to host');
    };
    return {
      get: async (signal) => {
        await reach(signal);
        return this.lease;
      },
      create: async (spec, signal) => {
        await reach(signal);
        if (this.lease) throw StatusError.alreadyExists(resource, 'kubedirector');
        return this.#store(spec);
      },
      update: async ({ metadata }, spec, signal) => {
        await reach(signal);
        if (metadata.resourceVersion !== this.lease!.metadata.resourceVersion)
          throw StatusError.conflict(resource, 'kubedirector');
        return this.#store(spec);
      },
    };
  }

  #store(spec: Lease['spec']): Lease {
    this.#revision += 1;
    this.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kubedirector', namespace: 'kubedirector', resourceVersion: String(this.#revision) },
      spec,
    };
    return this.lease;
  }
}

function stage() {
  const timers = new SetTimers();
  const leases = new Leases();
  const leading = new Set<string>();
  /** The most that ever led at the same time. */
  let most = 0;
  const stand = (identity: string) => {
    const stop = new AbortController();
    const work = async (signal: AbortSignal) => {
      leading.add(identity);
      most = Math.max(most, leading.size);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      leading.delete(identity);
    };
    const options = { lease: leases.portFor(identity), identity, timers, log: silentLog, random: () => 0 };
    return { stop, ended: leadWhenElected(options, work, stop.signal) };
  };
  return { timers, leases, leading, stand, most: () => most };
}

describe('leader election', () => {
  it('elects one of two, and writes what kubectl shows of a Lease (K-621)', async () => {
    const { timers, leases, leading, stand } = stage();
    const [a, b] = [stand('a'), stand('b')];
    await timers.advance(60_000);
    expect([...leading]).to.deep.equal(['a']);
    expect(leases.lease!.spec).to.deep.equal({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-11-21T10:00:00.000000Z',
      renewTime: '2026-11-21T10:01:00.000000Z',
      leaseTransitions: 0,
    });
    for (const { stop, ended } of [a, b]) {
      stop.abort();
      await ended;
    }
    expect(timers.pending).to.equal(0);
  });

  it('gives the Lease back on shutdown, so that the other begins at its next attempt (K-623)', async () => {
    const { timers, leases, leading, stand, most } = stage();
    const [a, b] = [stand('a'), stand('b')];
    await timers.advance(10_000);
    a.stop.abort();
    await a.ended;
    expect(leases.lease!.spec).to.include({ holderIdentity: '', leaseDurationSeconds: 1 });
    await timers.advance(2_000);
    expect([...leading]).to.deep.equal(['b']);
    expect(leases.lease!.spec).to.include({ holderIdentity: 'b', leaseTransitions: 1 });
    expect(most()).to.equal(1);
    b.stop.abort();
    await b.ended;
  });

  for (const [name, how] of [
    ['that cannot reach the host', 'cutOff'],
    ['whose calls hang', 'hanging'],
  ] as const)
    it(`stops a leader ${name} after 10 s, and lets the other begin after 15 s: never two at once (K-623)`, async () => {
      const { timers, leases, leading, stand, most } = stage();
      const [a, b] = [stand('a'), stand('b')];
      await timers.advance(6_000);
      leases[how].add('a');
      await timers.advance(9_999);
      expect([...leading]).to.deep.equal(['a']);
      await timers.advance(1);
      expect([...leading]).to.deep.equal([]);
      // 15 s after the other saw it renewed for the last time, and then at an attempt: both take up to a period of 2 s.
      await timers.advance(9_000);
      expect([...leading]).to.deep.equal(['b']);
      leases[how].delete('a');
      await timers.advance(60_000);
      expect([...leading]).to.deep.equal(['b']);
      expect(most()).to.equal(1);
      for (const { stop, ended } of [a, b]) {
        stop.abort();
        await ended;
      }
    });

  it('judges by the time since it saw the Lease change, not by the times written in it (K-622)', async () => {
    const { timers, leases, leading, stand } = stage();
    // A holder whose clock is a year behind, and who is alive.
    const other = leases.portFor('other');
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2025-11-21T10:00:00.000000Z' };
    await other.create(spec, new AbortController().signal);
    const a = stand('a');
    for (let i = 0; i < 10; i += 1) {
      await timers.advance(5_000);
      await other.update(leases.lease!, spec, new AbortController().signal);
    }
    expect([...leading]).to.deep.equal([]);
    await timers.advance(18_000);
    expect([...leading]).to.deep.equal(['a']);
    a.stop.abort();
    await a.ended;
  });

  it('stops a leader at once that sees another in its place', async () => {
    const { timers, leases, leading, stand } = stage();
    const a = stand('a');
    await timers.advance(1_000);
    await leases
      .portFor('thief')
      .update(leases.lease!, { holderIdentity: 'thief', leaseDurationSeconds: 15 }, new AbortController().signal);
    await timers.advance(2_000);
    expect([...leading]).to.deep.equal([]);
    a.stop.abort();
    await a.ended;
    expect(leases.lease!.spec.holderIdentity, 'a Lease that is not ours is not given back').to.equal('thief');
  });

  it('leads again after it was cut off for a while and nobody else stood', async () => {
    const { timers, leases, leading, stand } = stage();
    const a = stand('a');
    await timers.advance(4_000);
    leases.cutOff.add('a');
    await timers.advance(20_000);
    expect([...leading]).to.deep.equal([]);
    leases.cutOff.delete('a');
    await timers.advance(5_000);
    expect([...leading]).to.deep.equal(['a']);
    a.stop.abort();
    await a.ended;
  });

  it('passes on what the work of the leader failed with, and lets others begin', async () => {
    const { timers, leases } = stage();
    const failing = leadWhenElected(
      { lease: leases.portFor('a'), identity: 'a', timers, log: silentLog },
      async () => {
        throw new Error('a fault of ours');
      },
      new AbortController().signal,
    );
    let thrown: unknown;
    await failing.catch((error: unknown) => {
      thrown = error;
    });
    await quiet();
    expect(thrown).to.be.instanceOf(Error).with.property('message', 'a fault of ours');
    expect(leases.lease!.spec.holderIdentity).to.equal('');
    expect(timers.pending).to.equal(0);
  });
});
