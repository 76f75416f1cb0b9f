/** The cluster's DNS, as a program among the others. */
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { addresses, clusterDomain, ports } from '../settings.ts';

export const dns = (): Program => ({
  name: 'dns',
  command: process.execPath,
  args: [join(import.meta.dirname, 'main.ts')],
  works: async () => {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([`${addresses.node}:${ports.dns}`]);
    return (await resolver.resolve4(`kubernetes.default.svc.${clusterDomain}`)).includes(addresses.apiService);
  },
});
