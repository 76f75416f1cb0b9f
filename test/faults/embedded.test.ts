/**
 * A server on a folder that is killed again and again under load: what was acknowledged is there, nothing is half done, revisions never
 * go back, and watches go on or are told to list anew.
 */
import { expect } from 'chai';
import { anySeed, keepsPromises } from './report.ts';
import { embeddedWorld, mayHaveSmallDisk, smallDiskWorld, type World } from './world.ts';

describe('a server on the embedded store keeps its promises', () => {
  let world: World;
  before(async () => {
    world = await embeddedWorld();
  });
  after(() => world?.remove());

  it('while nothing goes wrong, and then nobody is refused', async () => {
    const { outcomes } = await keepsPromises('embedded', world, { seed: anySeed(), durationMs: 4000, only: [] });
    expect(outcomes).not.to.have.any.keys('refused', 'unknown');
  });

  for (const twenty of [1, 2, 3, 4, 5])
    it(`killed under load, ${20 * (twenty - 1) + 1} to ${20 * twenty}`, async () => {
      const { faults, outcomes } = await keepsPromises('embedded', world, {
        seed: anySeed(),
        durationMs: 0,
        times: 20,
        only: ['kill a server'],
        peaceMs: [20, 700],
        faultMs: [0, 20],
        paceMs: 5,
      });
      expect(faults).to.have.lengthOf.at.least(20);
      expect(outcomes.ok).to.be.above(100);
    });

  it('stopped and killed by chance', async () => {
    await keepsPromises('embedded', world, { seed: anySeed(), durationMs: 15_000 });
  });
});

describe('a server on the embedded store, on a small disk,', () => {
  let world: World | undefined;
  before(async function () {
    if (mayHaveSmallDisk()) {
      world = await smallDiskWorld();
      return;
    }
    console.log('        left out: needs a small disk, and unshare(1) may not make one here');
    this.skip();
  });
  after(() => world?.remove());

  it('refuses writes while it is full, and takes them when there is room again', async () => {
    // Objects so large that pages which compaction has freed do not last long.
    const options = { seed: anySeed(), durationMs: 8000, times: 3, bulkBytes: 20_000 };
    const { outcomes } = await keepsPromises('disk', world!, options);
    expect(outcomes.refused).to.be.above(0);
  });
});
