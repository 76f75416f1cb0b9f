/**
 * What a command printed, without what differs from run to run: moments, ages, revisions, unique ids, addresses, and the width of
 * columns, which follows from those.
 */

const replacements: readonly (readonly [RegExp, string])[] = [
  // What client-go mentions by the way, such as a watch that ended soon.
  [/^[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ .*\n/gm, ''],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/(resource-?version"?[=:] *"?)\d+/gi, '$1REVISION'],
  [/(Resource Version: +)\d+/g, '$1REVISION'],
  [/(simulated:\/\/)[0-9a-f]{64}/g, '$1ID'],
  [/127\.0\.0\.1:\d+/g, 'SERVER'],
  // What follows `generateName: demo-`.
  [/\bgenerated-[bcdfghjklmnpqrstvwxz24-9]{5}\b/g, 'generated-SUFFIX'],
  // An age in a table: a word of its own, in a column of its own.
  [/(^| {2})(?:\d+[dhms]){1,2}(?=$| {2})/gm, '$1AGE'],
  [/(X509SHA256=)[0-9a-f]{64}/g, '$1DIGEST'],
  [/(resource version to be 1, was )\d+/g, '$1REVISION'],
  [/(kubectl-edit-)[a-z0-9]+(?:\.yaml)?/g, '$1FILE'],
];

/** @param folder where the command ran */
export function normalised(output: string, folder: string): string {
  const named = output.replaceAll(folder, 'FOLDER');
  const replaced = replacements.reduce((text, [what, by]) => text.replace(what, by), named);
  const narrow = replaced.replace(/(\S) {2,}(?=\S)/g, '$1  ').replace(/[ \t]+$/gm, '');
  // An answer that is passed through ends without a line break.
  return narrow === '' || narrow.endsWith('\n') ? narrow : `${narrow}\n`;
}
