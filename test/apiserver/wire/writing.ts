/**
 * Short ways to write objects of the small kind, as the superuser.
 */
import { expect } from 'chai';
import { fixtureObject, fixturesPath } from '../../make/fixture-kind.ts';
import type { Answer, Ask, TestServer } from '../serving.ts';

export const json = 'application/json';
export const yaml = 'application/yaml';
export const merge = 'application/merge-patch+json';
export const jsonPatch = 'application/json-patch+json';
export const apply = 'application/apply-patch+yaml';

/** Objects of all tests have names of their own. */
let count = 0;

/** @param server asked for when it is needed, since tests are declared before it is started */
export function writingTo(server: () => TestServer) {
  const ask = (path: string, options?: Ask): Promise<Answer> => server().admin.ask(path, options);
  return {
    ask,
    /** A fresh object. */
    async make(spec: object = {}, metadata: object = {}) {
      count += 1;
      const name = `w${count}`;
      const { code, body, text } = await ask(fixturesPath, { body: fixtureObject(name, spec, metadata) });
      expect(code, text).to.equal(201);
      return { path: `${fixturesPath}/${name}`, name, object: body };
    },
    patch: (path: string, body: unknown, type = merge) => ask(path, { method: 'PATCH', body, type }),
    put: (path: string, body: unknown) => ask(path, { method: 'PUT', body }),
  };
}
