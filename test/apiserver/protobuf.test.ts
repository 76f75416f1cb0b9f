/**
 * Kubernetes' protobuf, as its own controllers speak it about every kind: metadata, Statuses, watch frames, options of a delete.
 *
 * What the server sends is read by another reader, which knows nothing but wire types and the numbers of fields.
 */
import { request } from 'node:https';
import { expect } from 'chai';
import { encoded } from '../../apiserver/codec/protobuf/messages.ts';
import { fieldsOf } from '../../deploy/sandbox/wire/message.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { startServer, type TestServer } from './serving.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const metadata = (kind = 'PartialObjectMetadata'): string =>
  ['protobuf', 'json']
    .map((form) => (form === 'json' ? 'application/json' : protobuf))
    .map((type) => `${type};as=${kind};g=meta.k8s.io;v=v1`)
    .concat('application/json')
    .join(',');

/** Field numbers → values, bytes where the wire has them. */
type Message = Map<number, (Buffer | bigint)[]>;

function read(bytes: Buffer): Message {
  const message: Message = new Map();
  for (const { number, value } of fieldsOf(bytes)) message.set(number, [...(message.get(number) ?? []), value]);
  return message;
}
const inner = (message: Message, number: number): Message => read(message.get(number)![0] as Buffer);
const text = (message: Message, number: number): string => String(message.get(number)?.[0] ?? '');

/** @returns apiVersion and kind, and the message */
function opened(body: Buffer): { type: string; message: Message } {
  expect(body.subarray(0, 4).toString('latin1')).to.equal('k8s\0');
  const unknown = read(body.subarray(4));
  const type = inner(unknown, 1);
  return { type: `${text(type, 1)} ${text(type, 2)}`, message: inner(unknown, 2) };
}

describe('protobuf', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
    await server.admin.ask(appsPath, { body: appDocument() });
    for (const name of ['a', 'b'])
      await server.admin.ask(clustersPath, {
        body: clusterDocument(name, {}, { labels: { tier: name }, finalizers: ['example.com/x'] }),
      });
  });
  after(() => server.stop());

  /** The body as bytes, which the usual client of tests does not give. */
  const bytesOf = async (
    path: string,
    accept: string,
    options: { method?: string; type?: string; body?: Buffer } = {},
  ) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number; type: string; body: Buffer }>();
    const { method = 'GET', type, body } = options;
    const { agent } = await server.rawClient();
    const headers = { accept, ...(body && { 'content-type': type, 'content-length': body.length }) };
    const sent = request(`${server.url}${path}`, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      const { statusCode: code = 0, headers: answered } = response;
      response.on('end', () => resolve({ code, type: String(answered['content-type']), body: Buffer.concat(chunks) }));
    });
    sent.on('error', reject);
    sent.end(body);
    return promise;
  };

  it('carries the metadata of one object (K-117, K-124)', async () => {
    const { code, type, body } = await bytesOf(`${clustersPath}/a`, metadata());
    expect([code, type]).to.deep.equal([200, protobuf]);
    const { type: kind, message } = opened(body);
    expect(kind).to.equal('meta.k8s.io/v1 PartialObjectMetadata');
    const meta = inner(message, 1);
    const json = (await server.admin.ask(`${clustersPath}/a`)).body.metadata;
    expect([text(meta, 1), text(meta, 3), text(meta, 5), text(meta, 6)]).to.deep.equal([
      'a',
      'default',
      json.uid,
      json.resourceVersion,
    ]);
    expect(meta.get(7)).to.deep.equal([1n]);
    expect(inner(meta, 8).get(1)).to.deep.equal([BigInt(Date.parse(json.creationTimestamp) / 1000)]);
    const label = inner(meta, 11);
    expect([text(label, 1), text(label, 2)]).to.deep.equal(['tier', 'a']);
    expect(text(meta, 14)).to.equal('example.com/x');
  });

  it('carries the metadata of a list (K-118)', async () => {
    const { type, body } = await bytesOf(`${clustersPath}?limit=1`, metadata('PartialObjectMetadataList'));
    expect(type).to.equal(protobuf);
    const { type: kind, message } = opened(body);
    expect(kind).to.equal('meta.k8s.io/v1 PartialObjectMetadataList');
    const list = inner(message, 1);
    expect(text(list, 2)).to.match(/^\d+$/);
    expect(text(list, 3)).not.to.equal('');
    expect(list.get(4)).to.deep.equal([1n]);
    expect(message.get(2)!.map((item) => text(inner(read(item as Buffer), 1), 1))).to.deep.equal(['a']);
  });

  it('carries the metadata of watch events, each in a frame that says its length (K-120, K-128)', async () => {
    const accept = metadata();
    const { type, body } = await bytesOf(
      `${clustersPath}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
      accept,
    );
    expect(type).to.equal(`${protobuf};stream=watch`);
    const seen: string[] = [];
    for (let at = 0; at < body.length; ) {
      const length = body.readUInt32BE(at);
      const event = read(body.subarray(at + 4, at + 4 + length));
      const { type: kind, message } = opened(inner(event, 2).get(1)![0] as Buffer);
      expect(kind).to.equal('meta.k8s.io/v1 PartialObjectMetadata');
      seen.push(`${text(event, 1)} ${text(inner(message, 1), 1)}`);
      at += 4 + length;
    }
    expect(seen).to.deep.equal(['ADDED a', 'ADDED b', 'BOOKMARK ']);
  });

  it('carries Statuses, which are never transformed (K-121)', async () => {
    // Clauses that ask for metadata mean nothing to a Status, so the first without counts.
    expect((await bytesOf(`${clustersPath}/none`, metadata())).type).to.equal('application/json');
    const { code, type, body } = await bytesOf(`${clustersPath}/none`, `${protobuf},${metadata()}`);
    expect([code, type]).to.deep.equal([404, protobuf]);
    const { type: kind, message } = opened(body);
    expect(kind).to.equal('v1 Status');
    expect(text(message, 3)).to.equal('kubedirectorclusters.kubedirector.bluedata.io "none" not found');
    expect([text(message, 4), text(inner(message, 5), 1)]).to.deep.equal(['NotFound', 'none']);
    expect(message.get(6)).to.deep.equal([404n]);
  });

  it('has no form for our kinds: JSON where that is wanted too, else 406 (K-104)', async () => {
    expect((await bytesOf(`${clustersPath}/a`, `${protobuf}, */*`)).type).to.equal('application/json');
    expect((await bytesOf(`${clustersPath}/a`, `${protobuf},application/json`)).type).to.equal('application/json');
    expect((await bytesOf(`${clustersPath}/a`, protobuf)).code).to.equal(406);
  });

  it('makes no tables (K-116)', async () => {
    const table = `${protobuf};as=Table;g=meta.k8s.io;v=v1`;
    expect((await bytesOf(clustersPath, table)).code).to.equal(406);
    expect((await bytesOf(clustersPath, `${table},application/json`)).type).to.equal('application/json');
  });

  it('shows a scale by its metadata when that is asked for (K-117)', async () => {
    const { type, body } = await bytesOf(`${clustersPath}/a/scale`, metadata());
    expect(type).to.equal(protobuf);
    expect(text(inner(opened(body).message, 1), 1)).to.equal('a');
  });

  describe('of a body', () => {
    const envelope = (kind: string, raw: Uint8Array): Buffer =>
      Buffer.concat([
        Buffer.from('k8s\0', 'latin1'),
        encoded('Unknown', { typeMeta: { apiVersion: 'v1', kind }, raw }),
      ]);
    const remove = (body: Buffer) =>
      bytesOf(`${clustersPath}/b`, 'application/json', { method: 'DELETE', type: protobuf, body });

    it('is understood in options of a delete (K-111)', async () => {
      const preconditions = { uid: 'another' };
      const { code, body } = await remove(envelope('DeleteOptions', encoded('DeleteOptions', { preconditions })));
      expect(code, body.toString()).to.equal(409);
      const dryRun = await remove(envelope('DeleteOptions', encoded('DeleteOptions', { dryRun: ['All'] })));
      expect(dryRun.code).to.equal(200);
      expect((await server.admin.ask(`${clustersPath}/b`)).body.metadata).not.to.have.property('deletionTimestamp');
    });

    it('may say false and zero, which is something else than to say nothing (K-111, K-297)', async () => {
      const path = `${clustersPath}/doomed`;
      const ask = (accept: string, options = {}) => bytesOf(path, accept, options);
      const metadata = { finalizers: ['foregroundDeletion', 'example.com/x'] };
      await server.admin.ask(clustersPath, { body: clusterDocument('doomed', {}, metadata) });
      const options = envelope('DeleteOptions', encoded('DeleteOptions', { orphanDependents: false }));
      await ask('application/json', { method: 'DELETE', type: protobuf, body: options });
      const { finalizers, deletionGracePeriodSeconds } = (await server.admin.ask(path)).body.metadata;
      expect(finalizers).to.deep.equal(['example.com/x']);
      expect(deletionGracePeriodSeconds).to.equal(0);
      // The garbage collector reads it as the pointer to a zero that it is.
      const { body } = await ask(`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`);
      expect(inner(opened(body).message, 1).get(10)).to.deep.equal([0n]);
    });

    it('is refused where it is none, and for our kinds (K-111)', async () => {
      expect((await remove(Buffer.from('nonsense'))).code).to.equal(400);
      expect((await remove(envelope('DeleteOptions', Buffer.from([0xff])))).code).to.equal(400);
      const created = await bytesOf(clustersPath, 'application/json', {
        method: 'POST',
        type: protobuf,
        body: envelope('KubeDirectorCluster', new Uint8Array()),
      });
      expect(created.code).to.equal(415);
    });
  });
});
