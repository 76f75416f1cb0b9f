import { EtcdStore } from '../../storage/etcd/store.ts';
import { describeKeyValueStore } from '../contract/kv.ts';
import type { RealEtcd } from './real-etcd.ts';
import { describeWithEtcd, freshKeyspace, startEtcd } from './real-etcd.ts';

describeWithEtcd('with a real etcd', () => {
  let etcd: RealEtcd;
  before(async () => {
    etcd = await startEtcd();
  });
  after(() => etcd?.remove());

  describeKeyValueStore('etcd', async () => {
    const keyspace = freshKeyspace();
    const kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace });
    return { kv, prefix: `${keyspace.prefix}t/`, dispose: () => kv.close() };
  });
});
