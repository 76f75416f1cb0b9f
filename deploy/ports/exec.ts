/** The reconciler's way into the containers of members: the host's exec. */
import type { HostClient } from '../../apiserver/host/rest.ts';
import type { ExecPort } from '../../reconciler/guest/ports.ts';

export const execPort = (client: HostClient): ExecPort => ({
  run: (container, command, output, signal) => client.exec(container, command, output, signal),
});
