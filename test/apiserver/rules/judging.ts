/**
 * A table of rules, run: every row has a document that is accepted and one that is refused, with the fault that it is refused for.
 */
import { expect } from 'chai';
import type { Answer, TestServer } from '../serving.ts';

export interface Rule {
  /** The rule, as a statement. */
  readonly rule: string;
  readonly accepted: object;
  readonly refused: object;
  /** `FIELD: MESSAGE`, or its beginning. */
  readonly fault: string;
}

/** Nothing is written: the documents of one table do not get into each other's way. */
const dry = '?dryRun=All';

export function describeRules(server: () => TestServer, path: string, rules: readonly Rule[]): void {
  const judged = (body: object): Promise<Answer> => server().admin.ask(path + dry, { body });
  for (const { rule, accepted, refused, fault } of rules)
    it(rule, async () => {
      const good = await judged(accepted);
      expect(good.code, good.text).to.equal(201);
      const bad = await judged(refused);
      expect(bad.code, bad.text).to.equal(422);
      expect(
        faultsOf(bad).some((text) => text.startsWith(fault)),
        faultsOf(bad).join('\n'),
      ).to.equal(true);
    });
}

/** Every fault of a refusal as `FIELD: MESSAGE`. */
export const faultsOf = ({ body }: Answer): string[] =>
  body.details.causes.map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`);
