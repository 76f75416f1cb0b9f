/**
 * Sends what requests.ts makes and judges every answer: there is one, in time, it is no fault of ours, it says what is wrong in the way
 * in which clients expect it, and nothing of the process has been touched.
 */
import { expect } from 'chai';
import { fixtureObject, fixturesPath } from '../../../make/fixture-kind.ts';
import type { Answer, TestServer } from '../../serving.ts';
import { startFixtureServer } from '../fixture-server.ts';
import type { FuzzedRequest } from './requests.ts';

/** Nothing that is asked here takes longer, on whatever machine, unless it hangs. */
const watchdogMs = 20_000;

const untouched = Object.getOwnPropertyNames(Object.prototype).sort();

export class Fuzzing {
  readonly #server: TestServer;
  /** Code → how often it was answered. */
  readonly codes = new Map<number, number>();

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async begin(): Promise<Fuzzing> {
    const fuzzing = new Fuzzing(await startFixtureServer());
    await fuzzing.#restore();
    return fuzzing;
  }

  /** @throws AssertionError when the answer is not what clients may rely on */
  async send({ method, path, headers, body }: FuzzedRequest): Promise<void> {
    const answer = await this.#inTime(
      this.#server.admin.ask(path, { method, headers, ...(body !== undefined && { body, type: '' }) }),
    );
    this.codes.set(answer.code, (this.codes.get(answer.code) ?? 0) + 1);
    judge(answer, method);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).to.deep.equal(untouched);
    if (answer.code < 300 && (method === 'DELETE' || method === 'PUT')) await this.#restore();
  }

  /** What is stored can still be read, in every form, and the cache holds what storage does. */
  async end(): Promise<void> {
    for (const accept of ['application/json', 'application/yaml', 'application/json;as=Table;g=meta.k8s.io;v=v1'])
      expect((await this.#server.admin.ask(fixturesPath, { accept })).code).to.equal(200);
    await this.#server.stop();
  }

  async #restore(): Promise<void> {
    for (const name of ['a', 'b']) await this.#server.admin.ask(fixturesPath, { body: fixtureObject(name) });
  }

  async #inTime<T>(answering: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${watchdogMs} ms`)), watchdogMs);
    });
    try {
      return await Promise.race([answering, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function judge({ code, headers, text }: Answer, method: string): void {
  expect(code, text.slice(0, 500)).to.be.within(200, 499);
  expect(headers).to.include.keys('audit-id', 'cache-control');
  if (code < 400 || method === 'HEAD' || text === '') return;
  const type = String(headers['content-type']);
  if (type.startsWith('text/plain')) expect(text).to.match(/^404 page not found\n$|^the path of the request is not/);
  if (!type.startsWith('application/json')) return;
  const status = JSON.parse(text) as Record<string, unknown>;
  expect(status).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
  expect(status.message).to.be.a('string').and.not.equal('');
  expect(status.reason).to.be.a('string').and.not.equal('');
}
