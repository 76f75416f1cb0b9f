/** The view of children: own writes at once, watches whenever they come, and never back in time. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ChildView } from '../../../../reconciler/cluster/children/child-view.ts';
import type { Service } from '../../../../reconciler/host-types.ts';

const label = 'kubedirector.bluedata.io/kdcluster';
const cluster = { namespace: 'team1', name: 'c' };
const service = (
  revision: number,
  { name = 's', uid = 'u', labels = { [label]: 'c' } as Record<string, string> } = {},
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'team1', uid, resourceVersion: String(revision), labels },
  spec: {},
});

describe('the view of children', () => {
  const open = () => {
    const view = new ChildView();
    const told: string[] = [];
    view.subscribe(({ name }) => told.push(name));
    const revisions = () => view.children(cluster).services.map(({ metadata }) => metadata.resourceVersion);
    return { view, told, revisions };
  };

  it('shows the newer of an answer and an event, whichever comes first', () => {
    const { view, told, revisions } = open();
    view.put(service(9));
    view.put(service(10));
    view.put(service(9));
    view.put(service(10));
    expect(revisions()).to.deep.equal(['10']);
    expect(told).to.deep.equal(['c', 'c']);
  });

  it('does not bring back what was deleted when a late event tells of it', () => {
    const { view, revisions } = open();
    view.put(service(5));
    view.removeForEver({ kind: 'Service', namespace: 'team1', name: 's', uid: 'u' });
    view.put(service(6));
    expect(revisions()).to.deep.equal([]);
  });

  it('does not bring back what was deleted before the answer to its creation came', () => {
    const { view, revisions } = open();
    view.remove(service(6));
    view.put(service(5));
    expect(revisions()).to.deep.equal([]);
  });

  it('shows an object again that had only lost its label', () => {
    const { view, revisions } = open();
    view.put(service(5));
    view.remove(service(6));
    view.put(service(7));
    expect(revisions()).to.deep.equal(['7']);
  });

  it('does not take the successor of a name for the one that went', () => {
    const { view, revisions } = open();
    view.put(service(5));
    view.put(service(7, { uid: 'v' }));
    view.remove(service(6));
    expect(revisions()).to.deep.equal(['7']);
  });

  it('finds a child by its owner when somebody took the label away', () => {
    const { view, revisions } = open();
    const child = service(5, { labels: {} });
    child.metadata.ownerReferences = [
      { apiVersion: 'x/v1', kind: 'KubeDirectorCluster', name: 'c', uid: 'o', controller: true },
    ];
    view.put(child);
    expect(revisions()).to.deep.equal(['5']);
  });

  it('tells both clusters when a child goes from one to the other', () => {
    const { view, told } = open();
    view.put(service(5));
    view.put(service(6, { labels: { [label]: 'd' } }));
    expect(told).to.deep.equal(['c', 'c', 'd']);
    expect(view.children(cluster).services).to.deep.equal([]);
  });

  it('takes from a new list what is gone, but not what is younger than the list (K-612)', () => {
    const { view, told } = open();
    view.put(service(5, { name: 'old', uid: 'a' }));
    view.put(service(6, { name: 'stays', uid: 'b' }));
    view.put(service(12, { name: 'young', uid: 'c' }));
    told.length = 0;
    view.replace('Service', [service(8, { name: 'stays', uid: 'b' })], '10');
    expect(view.children(cluster).services.map(({ metadata }) => metadata.name)).to.have.members(['stays', 'young']);
    expect(told).to.deep.equal(['c', 'c']);
  });

  it('compares revisions as numbers', () => {
    const { view, revisions } = open();
    view.put(service(99));
    view.put(service(100));
    view.put(service(99));
    expect(revisions()).to.deep.equal(['100']);
  });

  it('ends at the last state, in whatever order the news come and however often', () => {
    // One object: written at 1, 2, 3 and perhaps deleted at 4.
    const news = fc.tuple(fc.boolean(), fc.shuffledSubarray([1, 2, 3, 1, 2, 3, 4, 4], { minLength: 8 }));
    fc.assert(
      fc.property(news, ([deleted, order]) => {
        const { view, revisions } = open();
        for (const revision of order) {
          if (revision < 4) view.put(service(revision));
          else if (deleted) view.remove(service(4));
        }
        expect(revisions()).to.deep.equal(deleted ? [] : ['3']);
      }),
    );
  });
});
