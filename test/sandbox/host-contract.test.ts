/** The sandbox keeps what KubeDirector expects of a host. */
import { hostContract } from '../contract/host/suite.ts';
import { openSandboxHost } from './host-under-test.ts';

describe('the sandbox as a host', () => {
  hostContract(openSandboxHost);
});
