/** The sandbox keeps what KubeDirector expects of a host. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import { hostContract } from '../contract/host/suite.ts';
import { startPlainHost } from '../serve/plain-host.ts';

describe('the sandbox as a host', () => {
  hostContract(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubedirector-host-'));
    const host = await startPlainHost(folder);
    const client = new HostClient(await kubeconfigAccess(host.kubeconfigPath));
    const close = async (): Promise<void> => {
      await client.close();
      await host.stop();
      rmSync(folder, { recursive: true });
    };
    return { client, image: 'debian:12-slim', close };
  });
});
