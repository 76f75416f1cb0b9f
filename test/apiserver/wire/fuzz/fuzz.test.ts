/**
 * A short fuzzing of the whole server; `npm run fuzz` does the same for as long as you like.
 */
import fc from 'fast-check';
import { Fuzzing } from './fuzzing.ts';
import { requests } from './requests.ts';

describe('whatever is asked', () => {
  let fuzzing: Fuzzing;
  before(async () => {
    fuzzing = await Fuzzing.begin();
  });
  after(() => fuzzing.end());

  it('is answered, in time and in words, never with 500 (K-353, K-358, K-359)', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(requests, (request) => fuzzing.send(request)),
      { numRuns: 500, interruptAfterTimeLimit: 60_000 },
    );
  });
});
