/**
 * Which examples laws are tried on: the same in every run, so that a change is judged by what it changed and not by chance.
 *
 * KUBEDIRECTOR_TEST_SEED is another number for other examples, or `any` for new ones each time. A failure prints the seed that it is
 * found again with. Faults and load have chances of their own (test/faults/seeded.ts).
 */
import fc from 'fast-check';

const { KUBEDIRECTOR_TEST_SEED: wanted = '20260722' } = process.env;

if (wanted !== 'any') {
  const seed = Number(wanted);
  if (!Number.isInteger(seed))
    throw new Error(`KUBEDIRECTOR_TEST_SEED is ${wanted}, and neither a whole number nor "any"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
