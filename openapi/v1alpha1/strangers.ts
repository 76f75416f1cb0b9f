/**
 * Strangers: keys of the user's own in a node that keeps unknown fields. One that means nothing in the hub may mean something in
 * v1alpha1; there it carries a prefix, so that it comes back as what it was.
 */

const prefix = 'v1beta1.';

/** The key without its prefixes. */
const bare = (key: string): string => {
  let rest = key;
  while (rest.startsWith(prefix)) rest = rest.slice(prefix.length);
  return rest;
};

/** Gives a prefix to each key that would be taken for something else. For conversions, which own the object they change. */
export function hideStrangers(object: Record<string, unknown>, taken: ReadonlySet<string>): void {
  renameKeys(object, (key) => (taken.has(bare(key)) ? prefix + key : key));
}

/** The inverse of hideStrangers, to be called when nothing in `object` has a taken name any more. */
export function showStrangers(object: Record<string, unknown>, taken: ReadonlySet<string>): void {
  renameKeys(object, (key) => (key.startsWith(prefix) && taken.has(bare(key)) ? key.slice(prefix.length) : key));
}

/** All at once, since one key may get the name that another one had. */
function renameKeys(object: Record<string, unknown>, called: (key: string) => string): void {
  const moved = Object.keys(object).filter((key) => called(key) !== key);
  const values = moved.map((key) => object[key]);
  for (const key of moved) delete object[key];
  moved.forEach((key, i) => {
    object[called(key)] = values[i];
  });
}
