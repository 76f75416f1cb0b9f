/**
 * Stories that are told to both as they stand: what clients send that is right, and what is wrong in one way each.
 */
import { updates } from './changing.ts';
import { creates } from './creating.ts';
import { deletes, removals } from './deleting.ts';
import { metadata, specs } from './describing.ts';
import { applies, patches } from './patching.ts';
import { reads, routes, watches } from './reading.ts';
import { scales } from './scaling.ts';
import type { Story } from './story.ts';

/** By what they are about. */
export const fixedStories: Readonly<Record<string, readonly Story[]>> = {
  creates,
  metadata,
  specs,
  updates,
  patches,
  applies,
  deletes,
  'deletes of many': removals,
  scales,
  reads,
  watches,
  paths: routes,
};
