/**
 * Who owns what, judged by a real kube-apiserver: the same writes by several managers, sent to it and to us, leave the same object with
 * the same owners, and are refused for the same conflicts (K-257, K-264, K-266).
 *
 * KUBEDIRECTOR_TEST_DIFFERENTIAL_STORIES says how many stories are told; a failure prints the seed and the shortest story that shows it.
 */
import fc from 'fast-check';
import { inNamespace } from '../namespace.ts';
import { describeOnKubernetes } from '../the-cluster.ts';
import { type Court, openCourt } from './court.ts';
import {
  comparableAnswer,
  comparableOwners,
  expectSame,
  gaveAwayTooMuch,
  hasHollowOwner,
  leftNull,
  missedByUid,
} from './masks.ts';
import { writersStories } from './writers.ts';

const stories = Number(process.env.KUBEDIRECTOR_TEST_DIFFERENTIAL_STORIES ?? 150);

describeOnKubernetes('ownership beside a real kube-apiserver', (cluster) => {
  const namespace = inNamespace(cluster);
  let court: Court;
  before(async function () {
    this.timeout(60_000);
    court = await openCourt(cluster, namespace);
  });
  after(() => court?.close());

  it('is the same after the same writes', async function () {
    this.timeout(60_000 + stories * 3000);
    const { ours, theirs } = court;
    await fc.assert(
      fc
        .asyncProperty(writersStories, async (story) => {
          for (const [i, request] of story.entries()) {
            const [our, their] = await Promise.all([ours.ask(request), theirs.ask(request)]);
            if (leftNull(their) || gaveAwayTooMuch(their) || missedByUid(their)) return;
            const what = `step ${i}: ${request.method} ${request.subresource ?? ''}`;
            expectSame(what, comparableAnswer(our), comparableAnswer(their));
            expectSame(what, comparableOwners(our), comparableOwners(their));
            if (hasHollowOwner(our)) return;
          }
        })
        .afterEach(() => court.clear()),
      { numRuns: stories },
    );
  });
});
