import { MemoryStore } from '../../storage/memory.ts';
import { describeKeyValueStore } from '../contract/kv.ts';

describeKeyValueStore('memory', async () => {
  const kv = new MemoryStore();
  return { kv, prefix: '/test/', dispose: () => kv.close() };
});
