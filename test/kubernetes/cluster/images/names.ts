/**
 * The names of the images that the cluster has.
 *
 * Some stand in for well-known images of a registry, so that a pod that asks for one runs on this cluster, which has no registry, as
 * on any other. They have what the real ones have that is likely to be used, of the same Debian. What they lack is dpkg's
 * database.
 */

/** What holds a pod's network. */
export const pauseImage = 'kubedirector.test/pause:1';

const library = (repository: string, tags: readonly string[]): string[] =>
  tags.map((tag) => `docker.io/library/${repository}:${tag}`);

/** bash, coreutils, tar, gzip, sed, grep, awk, find. */
export const debianNames = library('debian', ['12', '12-slim', 'bookworm', 'bookworm-slim']);

/** The same, with curl, wget and certificates. */
export const curlNames = library('buildpack-deps', ['bookworm-curl']);

/** What the apps of the catalog run, without the applications: a system that is there until it is told to end. */
export const memberNames = ['sparkbase:2.1', 'sparkbase:2.2', 'jupyter:2.3', 'cassandra:4.0'].map(
  (image) => `docker.io/bluedata/${image}`,
);
