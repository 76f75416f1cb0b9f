/**
 * What clients are told, judged by a real kube-apiserver: the same requests, right and wrong, get the same code, headers, warnings and
 * body from it and from us, but for what differences.ts lists.
 *
 * The stories are the same in every run (test/examples.ts). KUBEDIRECTOR_TEST_DIFFERENTIAL_STORIES says how many are generated; a
 * failure prints the seed and the shortest story that shows it.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { inNamespace } from '../namespace.ts';
import { describeOnKubernetes } from '../the-cluster.ts';
import { isSame, said } from './comparison.ts';
import { type Court, openCourt } from './court.ts';
import { differenceBetween, differences, haveParted, isForCollector } from './differences.ts';
import { expectSame } from './masks.ts';
import type { Request } from './sides.ts';
import { fixedStories } from './stories/all.ts';
import { anyRequests } from './stories/generated.ts';

const stories = Number(process.env.KUBEDIRECTOR_TEST_DIFFERENTIAL_STORIES ?? 150);

describeOnKubernetes('answers beside those of a real kube-apiserver', (cluster) => {
  const namespace = inNamespace(cluster);
  const met = new Set<string>();
  let court: Court;
  before(async function () {
    this.timeout(60_000);
    court = await openCourt(cluster, namespace);
  });
  after(() => court?.close());

  /** Tells it to both, as long as it is the same story. */
  async function tell(story: readonly Request[]): Promise<void> {
    for (const [i, request] of story.entries()) {
      const [our, their] = await Promise.all([court.ours.ask(request), court.theirs.ask(request)]);
      const [ours, theirs] = [said(our, request), said(their, request)];
      if (!isSame(ours, theirs)) {
        const difference = differenceBetween(ours, theirs, request);
        if (!difference) expectSame(`request ${i}, ${JSON.stringify(request)}`, ours, theirs);
        met.add(difference as string);
        if (haveParted(ours, theirs, request)) return;
      }
      if (isForCollector(request, ours) || isForCollector(request, theirs)) return;
    }
  }

  for (const [about, told] of Object.entries(fixedStories))
    describe(about, () => {
      for (const { title, requests } of told)
        it(`is the same: ${title}`, async () => {
          try {
            await tell(requests);
          } finally {
            await court.clear();
          }
        }).timeout(30_000);
    });

  describe('all that is listed', () => {
    it('has been met, so that nothing is listed in vain', () =>
      expect(Object.keys(differences).filter((difference) => !met.has(difference))).to.deep.equal([]));
  });

  describe('generated requests', () => {
    it(`are answered the same in ${stories} stories`, async function () {
      this.timeout(60_000 + stories * 3000);
      const property = fc.asyncProperty(anyRequests, tell).afterEach(() => court.clear());
      await fc.assert(property, { numRuns: stories });
    });
  });
});
