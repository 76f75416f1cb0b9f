/** Which role `kubectl scale` means, where the registry has not said so. */
import { expect } from 'chai';
import { scaleRoleOf } from '../../openapi/scale-role.ts';
import { aCluster, anApp, aRole } from '../make/kubedirector.ts';

describe('the scale role', () => {
  const roles = [aRole({ id: 'controller' }), aRole({ id: 'jupyter' })];
  for (const [name, cluster, app, role] of [
    ['is what the cluster says', { scaleRole: 'jupyter' }, { scaleRole: 'worker' }, 'jupyter'],
    ['else what the app says', {}, { scaleRole: 'jupyter' }, 'jupyter'],
    ['else the first selected role that is open', {}, {}, 'worker'],
    ['and that the cluster has', { roles }, { scaleRole: 'worker' }, 'jupyter'],
    ['else none', { roles: [aRole({ id: 'controller' })] }, {}, undefined],
  ] as const)
    it(name, () => expect(scaleRoleOf(aCluster({ ...cluster } as never).spec, anApp(app).spec)).to.equal(role));
});
