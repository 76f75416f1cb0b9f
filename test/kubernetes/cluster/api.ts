/**
 * As much of a client of the cluster as starting it, stopping it and answering for it takes.
 */
import { Agent, get as httpsGet } from 'node:https';
import { adminCredentials } from './certificates.ts';
import { server } from './settings.ts';

const deadlineMs = 5000;

/** Reads a path as administrator; what is not there is undefined. */
export type Api = (path: string) => Promise<string | undefined>;

/** @param base of kube-apiserver, or of another part that has a certificate of the cluster */
export async function openApi(base: string = server): Promise<Api> {
  const agent = new Agent({ ...(await adminCredentials()), keepAlive: true });
  return (path) =>
    new Promise((resolve, reject) => {
      const request = httpsGet(base + path, { agent, timeout: deadlineMs }, async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        if (response.statusCode === 200) resolve(body);
        else if (response.statusCode === 404) resolve(undefined);
        else reject(new Error(`${path}: ${response.statusCode} ${body}`));
      });
      request.once('error', reject);
      request.once('timeout', () => request.destroy(new Error(`${path}: no answer within ${deadlineMs} ms`)));
    });
}
