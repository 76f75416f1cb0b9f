/**
 * Fuzzing for as long as you like: `npm run fuzz -- --minutes=10 --seed=1`. Prints the smallest request found that is answered wrongly,
 * with the seed and the path to see it again.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { Fuzzing } from './fuzzing.ts';
import { requests } from './requests.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } } });
const ends = performance.now() + Number(values.minutes) * 60_000;
let seed = Number(values.seed ?? Date.now() % 2 ** 31);
let sent = 0;

while (performance.now() < ends) {
  const fuzzing = await Fuzzing.begin();
  const found = await fc.check(
    fc.asyncProperty(requests, (request) => fuzzing.send(request)),
    { seed, numRuns: 5000, interruptAfterTimeLimit: Math.max(1, ends - performance.now()) },
  );
  sent += found.numRuns;
  if (found.failed && found.counterexample) {
    console.log(fc.defaultReportMessage(found));
    process.exitCode = 1;
    await fuzzing.end().catch(() => {});
    break;
  }
  const codes = [...fuzzing.codes].sort(([a], [b]) => a - b).map(([code, times]) => `${code}: ${times}`);
  await fuzzing.end();
  console.log(`seed ${seed}: ${found.numRuns} requests, ${codes.join(', ')}`);
  seed += 1;
}
console.log(`${sent} requests sent`);
