/** Children of clusters in the sandbox. */
import { childrenContract } from '../contract/children/suite.ts';
import { openSandboxHost } from './host-under-test.ts';

describe('the children of a cluster in the sandbox', () => {
  childrenContract(openSandboxHost);
});
