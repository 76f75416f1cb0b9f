/** A test with a member of its own, which ends with it. */
import { Member } from './member.ts';
import type { System } from './systems.ts';

/** @param without paths of the system that the image lacks */
export const inMember =
  (system: System, story: (member: Member) => Promise<void>, without: readonly string[] = []) =>
  async (): Promise<void> => {
    const member = await Member.start(system, without);
    try {
      await story(member);
    } finally {
      await member.end();
    }
  };
