/** One API server of a fault run, on a port that it keeps, and the connections of clients to it. */
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { CertificateAndKey } from '../../apiserver/serving/certificates.ts';
import { issueClientCertificate, issueServerCertificate, makeAuthority } from '../../apiserver/serving/certificates.ts';
import type { StoreOptions } from '../../storage/open.ts';
import { freePorts } from '../storage/real-etcd.ts';
import { ManagedProcess } from './process.ts';
import type { ServerSettings } from './server.ts';

export interface Credentials {
  readonly ca: CertificateAndKey;
  readonly serving: CertificateAndKey;
  readonly admin: CertificateAndKey;
}

export async function makeCredentials(): Promise<Credentials> {
  const ca = await makeAuthority('fault run');
  const serving = await issueServerCertificate(ca, { dns: ['localhost'], ip: ['127.0.0.1'] });
  return { ca, serving, admin: await issueClientCertificate(ca, 'admin', ['system:masters']) };
}

export interface ReplicaOptions extends Pick<ServerSettings, 'compactEveryMs' | 'window'> {
  readonly store: StoreOptions;
  /** A command that runs the command given to it as further arguments. */
  readonly wrapper?: readonly string[];
}

/** What is not answered by then had no deadline; the server's own is shorter, storage's too. */
const patienceMs = 65_000;

export class Replica {
  readonly process: ManagedProcess;
  readonly url: string;
  readonly pool: Pool;

  static async create(credentials: Credentials, { store, wrapper = [], ...options }: ReplicaOptions): Promise<Replica> {
    const { ca, serving } = credentials;
    const [port] = await freePorts(1);
    const settings: ServerSettings = { ...options, store, port: port!, ca: ca.cert, ...serving };
    const program = fileURLToPath(new URL('server.ts', import.meta.url));
    return new Replica([...wrapper, process.execPath, program, JSON.stringify(settings)], port!, credentials);
  }

  private constructor(command: readonly string[], port: number, { ca, admin }: Credentials) {
    this.process = new ManagedProcess(command);
    this.url = `https://127.0.0.1:${port}`;
    this.pool = new Pool(this.url, {
      connect: { ca: ca.cert, cert: admin.cert, key: admin.key, timeout: 5000 },
      connections: 200,
      pipelining: 1,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      allowH2: false,
    });
  }

  async start(): Promise<void> {
    await this.process.start(/^ready$/m);
  }

  async close(): Promise<void> {
    await this.process.end();
    await this.pool.destroy();
  }
}
