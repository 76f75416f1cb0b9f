/**
 * Probes that read, list and watch.
 */
import { expect } from 'chai';
import { fixtureKind } from '../../../make/fixture-kind.ts';
import { accepting, D, holds, json, protobuf, type Step, yaml } from './step.ts';

const notAcceptable = `only the following media types are accepted: ${json}, ${yaml}, ${protobuf}`;
const table = (type: string): string => `${type};as=Table;v=v1;g=meta.k8s.io`;

export const looking: readonly Step[] = [
  [
    'K-709',
    'an object in protobuf',
    `${D}/c1`,
    accepting(protobuf),
    406,
    '',
    ({ text }) => expect(text).to.contain(notAcceptable),
  ],
  ['K-710', 'protobuf or anything', `${D}/c1`, accepting(`${protobuf}, */*`), 200, '', holds({ kind: fixtureKind })],
  [
    'K-711',
    'metadata in protobuf',
    `${D}/c1`,
    accepting(`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`),
    200,
    '',
    ({ text, headers }) => {
      expect(headers['content-type']).to.equal(protobuf);
      expect(text).to.match(/^k8s\0[\s\S]*PartialObjectMetadata/);
    },
  ],
  ['K-712', 'a table', D, accepting(table(json)), 200, '', holds({ kind: 'Table' })],
  ['K-712', 'a table in protobuf', D, accepting(table(protobuf)), 406, 'NotAcceptable', notAcceptable],
  [
    'K-713',
    'a revision that is not there yet',
    `${D}/c1?resourceVersion=99999999`,
    {},
    504,
    'Timeout',
    ({ headers, body }) => {
      expect(headers['retry-after']).to.equal('1');
      expect(body.message).to.match(/^Timeout: Too large resource version: 99999999, current: \d+$/);
      expect(body.details.causes[0].reason).to.equal('ResourceVersionTooLarge');
    },
  ],
  [
    'K-714',
    'a page',
    `${D}?limit=1`,
    {},
    200,
    '',
    ({ body }) => expect(body.metadata).to.include({ remainingItemCount: 1 }).and.to.have.property('continue'),
  ],
  [
    'K-715',
    'a page of what is selected',
    `${D}?limit=1&fieldSelector=spec.app%3Dspark`,
    {},
    200,
    '',
    ({ body }) => expect(body.metadata).to.have.property('continue').and.not.to.have.property('remainingItemCount'),
  ],
  [
    'K-204',
    'what cannot be selected by',
    `${D}?fieldSelector=spec.nope%3Dspark`,
    {},
    400,
    'BadRequest',
    'field label not supported: spec.nope',
  ],
  [
    'K-719',
    'initial events without a match',
    `${D}?watch=1&sendInitialEvents=true`,
    {},
    422,
    'Invalid',
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  ],
  [
    'K-720',
    'a watch of nothing, with bookmarks',
    `${D}?watch=1&allowWatchBookmarks=true&labelSelector=none%3Dx&timeoutSeconds=1`,
    {},
    200,
    '',
    ({ text }) => {
      const [first] = text.split('\n');
      expect(JSON.parse(first!)).to.have.nested.include({ type: 'BOOKMARK' });
      expect(JSON.parse(first!).object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    },
  ],
  [
    'K-721',
    'a watch in YAML',
    `${D}?watch=1`,
    accepting(yaml),
    406,
    '',
    ({ text }) => expect(text).to.contain('reason: NotAcceptable'),
  ],
  [
    'K-755',
    'an answer in no time',
    `${D}/c1?resourceVersion=99999999&timeout=1ms`,
    {},
    504,
    'Timeout',
    ({ headers }) => expect(headers['content-type']).to.equal('text/plain; charset=utf-8'),
  ],
];
