/** The sandbox's own kinds, served as `sandbox` serves them, for the suites that any host passes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import type { HostUnderTest } from '../contract/host/host.ts';
import { startPlainHost } from '../serve/plain-host.ts';

export async function openSandboxHost(): Promise<HostUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'kubedirector-host-'));
  const host = await startPlainHost(folder);
  const client = new HostClient(await kubeconfigAccess(host.kubeconfigPath));
  const close = async (): Promise<void> => {
    await client.close();
    await host.stop();
    rmSync(folder, { recursive: true });
  };
  return { client, image: 'debian:12-slim', close };
}
