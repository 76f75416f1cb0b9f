/** Certificates that we make, and those that others renew. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { HttpServer } from '../../apiserver/http/server.ts';
import { issueServerCertificate, makeAuthority } from '../../apiserver/serving/certificates.ts';
import { followTexts, readTexts } from '../../apiserver/serving/files.ts';
import { makeServing, type ServingTexts, servesWell } from '../../apiserver/serving/self-made.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { until } from './serving.ts';

const names = { dns: ['kubedirector.kd.svc', 'localhost'], ip: ['127.0.0.1'] };
const dayMs = 24 * 3600 * 1000;
const now = Date.now();

describe('a serving certificate of our own', () => {
  let first: ServingTexts;
  before(async () => {
    first = await makeServing(undefined, names, now);
  });

  it('serves its names, and is signed by the authority beside it', () => {
    expect(servesWell({ ...first }, names, now)).to.equal(true);
    expect(new X509Certificate(first['tls.crt']).verify(new X509Certificate(first['ca.crt']).publicKey)).to.equal(true);
  });

  it('is not good for another name', () => {
    expect(servesWell({ ...first }, { ...names, dns: [...names.dns, 'other.kd.svc'] }, now)).to.equal(false);
    expect(servesWell({ ...first }, { ...names, ip: ['10.0.0.1'] }, now)).to.equal(false);
  });

  it('is due for renewal with a third of its life left', () => {
    expect(servesWell({ ...first }, names, now + 59 * dayMs)).to.equal(true);
    expect(servesWell({ ...first }, names, now + 61 * dayMs)).to.equal(false);
  });

  it('is renewed by the same authority, so that nobody has to learn anything', async () => {
    const second = await makeServing({ ...first }, names, now + 61 * dayMs);
    expect(second['ca.crt']).to.equal(first['ca.crt']);
    expect(second['tls.crt']).not.to.equal(first['tls.crt']);
  });

  it('gets a new authority before the old one ends, and both are trusted meanwhile', async () => {
    const later = now + 3600 * dayMs;
    expect(servesWell({ ...first }, names, later)).to.equal(false);
    const next = await makeServing({ ...first }, names, later);
    const bundle = next['ca.crt'].match(/-----BEGIN CERTIFICATE-----/g);
    expect(bundle).to.have.length(2);
    expect(next['ca.crt']).to.contain(first['ca.crt'].trim());
    expect(servesWell({ ...next }, names, now)).to.equal(true);
  });

  it('is made anew when what was kept is damaged', async () => {
    for (const damaged of [
      {},
      { ...first, 'ca.crt': 'nonsense' },
      { ...first, 'tls.crt': '' },
      { ...first, 'ca.key': '' },
    ])
      expect(servesWell(damaged, names, now)).to.equal(false);
    const made = await makeServing({ ...first, 'ca.crt': 'nonsense' }, names, now);
    expect(servesWell({ ...made }, names, now)).to.equal(true);
  });
});

describe('files that somebody renews', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubedirector-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are used when they change, also when a link is pointed elsewhere as kubelets do (K-444)', async () => {
    const paths = { cert: join(folder, 'link') };
    for (const text of ['one', 'two']) writeFileSync(join(folder, text), text);
    symlinkSync(join(folder, 'one'), paths.cert);
    const seen: string[] = [];
    const stop = new AbortController();
    const changed = ({ cert }: { cert: string }) => void seen.push(cert);
    const following = followTexts(paths, readTexts(paths), changed, { log: silentLog, everyMs: 2 }, stop.signal);
    unlinkSync(paths.cert);
    symlinkSync(join(folder, 'two'), paths.cert);
    await until(() => seen.length, 'the change is seen');
    stop.abort();
    await following;
    expect(seen).to.deep.equal(['two']);
  });

  it('that cannot be read or used leave things as they are', async () => {
    const paths = { cert: join(folder, 'cert') };
    writeFileSync(paths.cert, 'one');
    const seen: string[] = [];
    const stop = new AbortController();
    const changed = ({ cert }: { cert: string }): void => {
      if (cert === 'bad') throw new Error('no certificate');
      seen.push(cert);
    };
    const following = followTexts(paths, readTexts(paths), changed, { log: silentLog, everyMs: 2 }, stop.signal);
    unlinkSync(paths.cert);
    writeFileSync(paths.cert, 'bad');
    writeFileSync(paths.cert, 'good');
    await until(() => seen.includes('good'), 'what is good is used');
    stop.abort();
    await following;
    expect(seen).to.deep.equal(['good']);
  });
});

describe('a server whose certificate is renewed', () => {
  const authority = makeAuthority('renewing');
  const issued = async () => issueServerCertificate(await authority, { dns: ['localhost'], ip: ['127.0.0.1'] });
  const shownAt = async (port: number): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate()!.toString();
    socket.destroy();
    return certificate.trim();
  };

  it('serves new handshakes with it, and refuses one that its key does not fit, as while files are written (K-444)', async () => {
    const [first, second] = await Promise.all([issued(), issued()]);
    const server = new HttpServer({ host: '127.0.0.1', port: 0, ...first, clientCa: [] }, (_, response) =>
      response.end(),
    );
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      expect(() => server.renew({ cert: second.cert, key: first.key, clientCa: [] })).to.throw(/key/i);
      expect(await shownAt(port)).to.equal(first.cert.trim());
      server.renew({ ...second, clientCa: [] });
      expect(await shownAt(port)).to.equal(second.cert.trim());
    } finally {
      await server.close(0);
    }
  });
});
