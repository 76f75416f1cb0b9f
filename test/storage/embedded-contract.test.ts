import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import { describeKeyValueStore } from '../contract/kv.ts';
import { temporaryFolder } from './folder.ts';

describeKeyValueStore('embedded', async () => {
  const { path, remove } = await temporaryFolder();
  const kv = await openEmbeddedStore({ directory: path });
  return {
    kv,
    prefix: '/test/',
    dispose: async () => {
      await kv.close();
      await remove();
    },
  };
});
