/**
 * Who is calling: certificates, the front proxy's headers and impersonation, and what is never believed.
 *
 * The authorizer of these tests refuses everybody and says in the refusal whom it was asked about.
 */
import { expect } from 'chai';
import type { Authorizer } from '../../apiserver/auth/authorizer.ts';
import { clustersPath } from '../make/documents.ts';
import { startServer, type TestClient, type TestServer } from './serving.ts';

const whoAmI: Authorizer = {
  authorize: ({ user, verb, resource, name }) => {
    if (verb === 'impersonate')
      return user.name === 'boss' ? { verdict: 'allow' } : { verdict: 'none', reason: `${resource}/${name}` };
    const { credential: _, ...extra } = { credential: 0, ...user.extra };
    return { verdict: 'none', reason: JSON.stringify({ ...user, extra }) };
  },
};

describe('authentication', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ authorizer: whoAmI });
  });
  after(() => server.stop());

  const seenAs = async (client: TestClient, headers: Record<string, string | string[]> = {}) => {
    const { code, body } = await client.ask(clustersPath, { headers });
    expect(code, JSON.stringify(body)).to.equal(403);
    const [, json] = /: (\{.*\})$/.exec(body.message) ?? [];
    return JSON.parse(json ?? 'null');
  };

  describe('by certificate', () => {
    it('takes the common name for the user and the organizations for groups (K-418)', async () => {
      const user = await seenAs(await server.as('jane', 'devs', 'team: a, b'));
      expect(user).to.include({ name: 'jane' });
      expect(user.groups).to.deep.equal(['devs', 'team: a, b', 'system:authenticated']);
      expect(user.extra['authentication.kubernetes.io/credential-id'][0]).to.match(/^X509SHA256=[0-9a-f]{64}$/);
    });

    it('makes somebody without one anonymous (K-409)', async () => {
      const user = await seenAs(await server.asStranger(false));
      expect(user).to.include({ name: 'system:anonymous' });
      expect(user.groups).to.deep.equal(['system:unauthenticated']);
    });

    it('refuses one of an unknown authority instead of making its bearer anonymous (K-408)', async () => {
      const { code, body } = await (await server.asStranger(true)).ask(clustersPath);
      expect(code).to.equal(401);
      expect(body).to.deep.equal({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      });
    });

    it('refuses a token where nobody knows any, instead of making its bearer anonymous (K-408)', async () => {
      const stranger = await server.asStranger(false);
      const asked = async (authorization: string) =>
        (await stranger.ask(clustersPath, { headers: { authorization } })).code;
      expect(await asked('Bearer wrong')).to.equal(401);
      // Other schemes, and no token at all, are no credentials.
      expect(await asked('Basic d3Jvbmc6d3Jvbmc=')).to.equal(403);
      expect(await asked('Bearer ')).to.equal(403);
    });

    it('lets the superuser group through, whatever the authorizer says (K-423)', async () => {
      expect((await server.admin.ask(clustersPath)).code).to.equal(200);
    });
  });

  for (const allowH2 of [false, true])
    describe(`by the headers of a front proxy, over HTTP/${allowH2 ? 2 : 1.1}`, () => {
      const claims = { 'X-Remote-User': 'bob', 'X-Remote-Group': ['devs', 'team: a, b'] };

      it('believes a proxy of an allowed name, and adds the group of the authenticated (K-413, K-091)', async () => {
        const user = await seenAs(await server.asProxy('front-proxy', allowH2), claims);
        expect(user.name).to.equal('bob');
        expect(user.groups).to.deep.equal(['devs', 'team: a, b', 'system:authenticated']);
      });

      it('reads uid and extra fields, whose names are percent-encoded (K-415, K-417)', async () => {
        const user = await seenAs(await server.asProxy('front-proxy', allowH2), {
          ...claims,
          'X-Remote-Uid': 'u-1',
          'X-Remote-Extra-Acme.com%2fProject': ['one', 'two'],
        });
        expect(user.uid).to.equal('u-1');
        expect(user.extra).to.deep.equal({ 'acme.com/project': ['one', 'two'] });
      });

      it('keeps names in any script as they are (K-416)', async () => {
        const name = Buffer.from('Jürgen Ñandú 名').toString('latin1');
        const user = await seenAs(await server.asProxy('front-proxy', allowH2), { 'X-Remote-User': name });
        expect(user.name).to.equal('Jürgen Ñandú 名');
      });

      it('refuses a proxy of another name (K-413)', async () => {
        const { code } = await (await server.asProxy('impostor', allowH2)).ask(clustersPath, { headers: claims });
        expect(code).to.equal(401);
      });

      it('takes a proxy that names nobody for nobody', async () => {
        const user = await seenAs(await server.asProxy('front-proxy', allowH2));
        expect(user.name).to.equal('system:anonymous');
      });
    });

  describe('never believes identity headers', () => {
    const forged = { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' };

    it('of a client with a certificate of its own (K-413, K-414)', async () => {
      const user = await seenAs(await server.as('front-proxy'), forged);
      expect(user.name).to.equal('front-proxy');
      expect(user.groups).not.to.include('system:masters');
    });

    it('of an anonymous client', async () => {
      expect((await seenAs(await server.asStranger(false), forged)).name).to.equal('system:anonymous');
    });

    it('of a client of an unknown authority', async () => {
      expect((await (await server.asStranger(true)).ask(clustersPath, { headers: forged })).code).to.equal(401);
    });
  });

  describe('by impersonation (K-443)', () => {
    it('acts as the user that was named, when the real one may', async () => {
      const user = await seenAs(await server.as('boss'), {
        'Impersonate-User': 'jane',
        'Impersonate-Group': ['devs', 'ops'],
        'Impersonate-Extra-Reason': 'debugging',
      });
      expect(user).to.deep.equal({
        name: 'jane',
        groups: ['devs', 'ops', 'system:authenticated'],
        extra: { reason: ['debugging'] },
      });
    });

    it('refuses a user who may not, naming what was lacking', async () => {
      const { code, body } = await (await server.as('jane')).ask(clustersPath, {
        headers: { 'Impersonate-User': 'boss' },
      });
      expect(code).to.equal(403);
      expect(body.message).to.equal(
        'users "boss" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope: users/boss',
      );
    });

    it('refuses groups without a user', async () => {
      const { code } = await (await server.as('boss')).ask(clustersPath, {
        headers: { 'Impersonate-Group': 'system:masters' },
      });
      expect(code).to.equal(400);
    });

    it('gives service accounts their groups', async () => {
      const user = await seenAs(await server.as('boss'), { 'Impersonate-User': 'system:serviceaccount:ns:robot' });
      expect(user.groups).to.deep.equal([
        'system:serviceaccounts',
        'system:serviceaccounts:ns',
        'system:authenticated',
      ]);
    });
  });
});

describe('authorization', () => {
  it('that cannot be had is 500, neither a yes nor a no (K-428)', async () => {
    const server = await startServer({
      authorizer: {
        authorize: () => {
          throw new Error('nobody answers');
        },
      },
    });
    const { code, text } = await (await server.as('jane')).ask(clustersPath);
    expect(code).to.equal(500);
    expect(text).to.equal(`Internal Server Error: "${clustersPath}": the authorizer failed`);
    await server.stop();
  });

  it('is asked before anything tells whether the path exists (K-035)', async () => {
    const server = await startServer();
    const jane = await server.as('jane');
    for (const path of [
      clustersPath,
      `${clustersPath}/nope/scale`,
      '/apis/kubedirector.bluedata.io/v1beta1/nope',
      '/version',
    ])
      expect((await jane.ask(path)).code, path).to.equal(403);
    expect((await jane.ask('/healthz')).code).to.equal(200);
    await server.stop();
  });
});
