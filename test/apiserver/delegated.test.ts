/** TokenReviews and SubjectAccessReviews at a host that answers from a script. */
import { expect } from 'chai';
import type { AuthorizationAttributes } from '../../apiserver/auth/authorizer.ts';
import { accessReview, accessSpec, type ReviewPort, tokenReview } from '../../apiserver/auth/reviews.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { startServer } from './serving.ts';

const { signal } = new AbortController();
const bearer = (token: string) => ({ headers: { authorization: token } }) as never;

/** A host: what it was asked, and the status with which it answers each question in turn; the last one stays. */
function aHost(...answers: (object | Error)[]) {
  const asked: { path: string; spec: unknown }[] = [];
  const port: ReviewPort = {
    post: async (path, body) => {
      asked.push({ path, spec: (body as { spec: unknown }).spec });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return { status: answer };
    },
  };
  return { asked, port };
}

const aClock = () => {
  const clock = { at: 0, now: () => clock.at };
  return clock;
};

const wish: AuthorizationAttributes = {
  user: { name: 'jane', groups: ['devs'] },
  isResource: true,
  path: '/apis/kubedirector.bluedata.io/v1beta1/namespaces/demo/kubedirectorclusters',
  verb: 'list',
  group: 'kubedirector.bluedata.io',
  version: 'v1beta1',
  resource: 'kubedirectorclusters',
  subresource: '',
  namespace: 'demo',
  name: '',
};

const overloaded = () => StatusError.tooManyRequests('wait');

describe('a bearer token', () => {
  const jane = { authenticated: true, user: { username: 'jane', uid: 'u1', groups: ['devs'], extra: { a: ['b'] } } };

  it('is whose the host says it is (K-419)', async () => {
    const { asked, port } = aHost(jane);
    const user = await tokenReview(port, aClock()).authenticate(bearer('Bearer t0ken'), signal);
    expect(user).to.deep.equal({ name: 'jane', uid: 'u1', groups: ['devs'], extra: { a: ['b'] } });
    expect(asked).to.deep.equal([{ path: '/apis/authentication.k8s.io/v1/tokenreviews', spec: { token: 't0ken' } }]);
  });

  it('is asked about once in ten seconds, good or bad (K-420)', async () => {
    for (const answer of [jane, { authenticated: false }]) {
      const { asked, port } = aHost(answer);
      const clock = aClock();
      const { authenticate } = tokenReview(port, clock);
      const ask = async () => authenticate(bearer('Bearer t0ken'), signal);
      const twice = await Promise.allSettled([ask(), ask()]);
      clock.at = 9_999;
      await Promise.allSettled([ask()]);
      expect(asked).to.have.length(1);
      expect(new Set(twice.map(({ status }) => status))).to.have.property('size', 1);
      clock.at = 10_001;
      await Promise.allSettled([ask()]);
      expect(asked).to.have.length(2);
    }
  });

  it('that is not good is an objection, so its bearer never becomes anonymous (K-408)', async () => {
    const { port } = aHost({ authenticated: false });
    const refused = await Promise.resolve(tokenReview(port, aClock()).authenticate(bearer('Bearer bad'), signal)).catch(
      (error: Error) => error.message,
    );
    expect(refused).to.equal('the token is not valid');
  });

  it('is none where there is another scheme, or nothing behind the word (K-422)', async () => {
    const { asked, port } = aHost(jane);
    for (const header of ['Basic amFuZTpzZWNyZXQ=', 'Bearer', 'Bearer ', ''])
      expect(await tokenReview(port, aClock()).authenticate(bearer(header), signal), header).to.equal(undefined);
    expect(asked).to.deep.equal([]);
  });

  it('is asked about again while the host has no time (K-421)', async () => {
    const { asked, port } = aHost(overloaded(), new Error('connection reset'), jane);
    const user = await tokenReview(port, aClock()).authenticate(bearer('Bearer t0ken'), signal);
    expect(user?.name).to.equal('jane');
    expect(asked).to.have.length(3);
  }).timeout(10_000);
});

describe('a question whether somebody may', () => {
  it('names user, verb and object, or path (K-424)', () => {
    expect(accessSpec(wish)).to.deep.equal({
      user: 'jane',
      groups: ['devs'],
      resourceAttributes: {
        namespace: 'demo',
        verb: 'list',
        group: 'kubedirector.bluedata.io',
        version: 'v1beta1',
        resource: 'kubedirectorclusters',
      },
    });
    const scale = { ...wish, verb: 'patch', subresource: 'scale', name: 'mine' };
    expect(accessSpec(scale).resourceAttributes).to.include({ subresource: 'scale', name: 'mine' });
    const path = { ...wish, isResource: false, path: '/metrics', verb: 'get' };
    expect(accessSpec(path)).to.deep.equal({
      user: 'jane',
      groups: ['devs'],
      nonResourceAttributes: { path: '/metrics', verb: 'get' },
    });
  });

  it('tells which objects are meant, where selectors can be read (K-425)', () => {
    const selecting = { ...wish, fieldSelector: 'metadata.name=mine', labelSelector: 'a in (b,c),!d' };
    expect(accessSpec(selecting).resourceAttributes).to.deep.include({
      fieldSelector: { requirements: [{ key: 'metadata.name', operator: 'In', values: ['mine'] }] },
      labelSelector: {
        requirements: [
          { key: 'a', operator: 'In', values: ['b', 'c'] },
          { key: 'd', operator: 'DoesNotExist' },
        ],
      },
    });
    expect(accessSpec({ ...wish, labelSelector: 'a in (' }).resourceAttributes).not.to.have.property('labelSelector');
  });

  it('is answered as the host judges (K-426)', async () => {
    const cases: [answer: object, decision: object][] = [
      [{ allowed: true }, { verdict: 'allow' }],
      [
        { allowed: false, reason: 'no role' },
        { verdict: 'none', reason: 'no role' },
      ],
      [
        { allowed: false, denied: true, reason: 'never' },
        { verdict: 'deny', reason: 'never' },
      ],
    ];
    for (const [answer, decision] of cases)
      expect(await accessReview(aHost(answer).port, aClock()).authorize(wish, signal)).to.deep.equal(decision);
  });

  it('is asked once in ten seconds, for each user and wish (K-427)', async () => {
    const { asked, port } = aHost({ allowed: true });
    const clock = aClock();
    const authorizer = accessReview(port, clock);
    await authorizer.authorize(wish, signal);
    await authorizer.authorize(wish, signal);
    expect(asked).to.have.length(1);
    await authorizer.authorize({ ...wish, user: { name: 'joe', groups: [] } }, signal);
    await authorizer.authorize({ ...wish, verb: 'watch' }, signal);
    expect(asked).to.have.length(3);
    clock.at = 10_001;
    await authorizer.authorize(wish, signal);
    expect(asked).to.have.length(4);
  });

  it('that is very long is asked each time (K-427)', async () => {
    const { asked, port } = aHost({ allowed: true });
    const authorizer = accessReview(port, aClock());
    const long = { ...wish, name: 'x'.repeat(10_001) };
    await authorizer.authorize(long, signal);
    await authorizer.authorize(long, signal);
    expect(asked).to.have.length(2);
  });

  it('without an answer is neither allowed nor refused: 500, and no reason for controllers to give up (K-428)', async () => {
    const { port } = aHost(new StatusError({ ...StatusError.forbidden({ group: '', resource: '' }, '', 'no').status }));
    const server = await startServer({
      authorizer: {
        authorize: () => {
          throw new Error('the host is away');
        },
      },
    });
    try {
      const path = '/apis/kubedirector.bluedata.io/v1beta1/kubedirectorclusters';
      const { code, text } = await (await server.as('jane')).ask(path);
      expect(code).to.equal(500);
      expect(text).to.match(
        /^Internal Server Error: "\/apis\/kubedirector.bluedata.io\/v1beta1\/kubedirectorclusters"/,
      );
      // Nobody has to be asked about these.
      expect((await server.admin.ask(path)).code).to.equal(200);
      expect((await (await server.asStranger(false)).ask('/livez')).code).to.equal(200);
    } finally {
      await server.stop();
    }
    const failed = await Promise.resolve(accessReview(port, aClock()).authorize(wish, signal)).catch(() => 'failed');
    expect(failed).to.equal('failed');
  });
});
