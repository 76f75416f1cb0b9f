/**
 * The pods' network: a bridge of this machine, from which nothing goes out and to which nothing comes in but from the machine itself.
 */
import { join } from 'node:path';
import { run } from '../../../../deploy/image/programs.ts';
import { addresses, bridge, folders } from '../settings.ts';

/** Where containerd looks for the network's description. */
export const networkFolder = join(folders.configuration, 'cni');

export const networkConfiguration = () => ({
  cniVersion: '0.4.0',
  name: bridge,
  plugins: [
    {
      type: 'bridge',
      bridge,
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: folders.podAddresses,
        ranges: [[{ subnet: addresses.pods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ],
});

const ip = (...args: readonly string[]) => run('ip', args);
const iptables = (...args: readonly string[]) => run('iptables', ['--wait', ...args]);
const ignoringErrors = (what: Promise<unknown>): Promise<unknown> => what.catch(() => {});

/** Our rules have a chain of their own, and so go in one piece. */
const chain = 'KUBEDIRECTOR-TEST';

export async function raiseNetwork(): Promise<void> {
  await ip('address', 'replace', `${addresses.node}/32`, 'dev', 'lo');
  // A service that does not exist is refused here, rather than looked for outside.
  await ip('route', 'replace', 'local', addresses.services, 'dev', 'lo', 'src', addresses.node);
  await ignoringErrors(run('modprobe', ['br_netfilter']));
  await ignoringErrors(ip('link', 'add', bridge, 'type', 'bridge'));
  await ip('address', 'replace', addresses.gateway, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');

  await ignoringErrors(iptables('--new-chain', chain));
  await iptables('--flush', chain);
  const rules = [
    ['--in-interface', bridge, '--out-interface', bridge, '--jump', 'ACCEPT'],
    ['--in-interface', bridge, '--jump', 'REJECT'],
    ['--out-interface', bridge, '--jump', 'REJECT'],
  ];
  for (const rule of rules) await iptables('--append', chain, ...rule);
  await ignoringErrors(iptables('--delete', 'FORWARD', '--jump', chain));
  await iptables('--insert', 'FORWARD', '--jump', chain);
}

export async function lowerNetwork(): Promise<void> {
  await ignoringErrors(iptables('--delete', 'FORWARD', '--jump', chain));
  await ignoringErrors(iptables('--flush', chain));
  await ignoringErrors(iptables('--delete-chain', chain));
  await ignoringErrors(ip('link', 'delete', bridge));
  await ignoringErrors(ip('route', 'delete', 'local', addresses.services, 'dev', 'lo'));
  await ignoringErrors(ip('address', 'delete', `${addresses.node}/32`, 'dev', 'lo'));
}
