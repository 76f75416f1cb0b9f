/**
 * What a merge patch removes only because the file that it was made from spells it otherwise now.
 *
 * `kubectl apply` compares a file with what it applied before, key by key. A field that is written under another name since, as a
 * warning of ours advised, is gone under its old one, so the patch sets that to null, and says nothing of the new one, since the object
 * has it. To carry that out would remove what the file says.
 */
import { copyOf, ownValue } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import type { Spellings } from './spelling.ts';

/**
 * Takes the nulls out of a patch, in place, that stand for fields of the file in any spelling of them.
 *
 * @param patch as the client sent it
 * @param file in today's spelling
 */
export function keepWhatIsSaid(patch: unknown, file: unknown, spellings: Spellings): void {
  if (!isRecord(patch)) return;
  for (const key of Object.keys(patch)) {
    const to = spellings.older?.[key]?.to ?? [key];
    const said = to.reduce<unknown>((node, step) => (isRecord(node) ? ownValue(node, step) : undefined), file);
    if (said === undefined || said === null) continue;
    const below = to.reduce<Spellings>((node, step) => node.fields?.[step] ?? {}, spellings);
    if (patch[key] === null && !below.whenNull) delete patch[key];
    else {
      patch[key] ??= copyOf(below.whenNull);
      keepWhatIsSaid(patch[key], said, below);
    }
  }
}
