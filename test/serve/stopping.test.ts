/** `serve`, told to stop: what clients see until it is gone. */
import { expect } from 'chai';
import type { TestClient } from '../apiserver/serving.ts';
import { until } from '../apiserver/serving.ts';
import { appDocument } from '../make/documents.ts';
import { Behind, systemNamespace } from './behind-host.ts';

const apps = `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${systemNamespace}/kubedirectorapps`;
const headers = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };

describe('serve, when it is told to stop', function () {
  this.timeout(60_000);
  let behind: Behind;
  let proxy: TestClient;
  before(async () => {
    behind = await Behind.start();
  });
  after(() => behind?.stop());

  it('fails readiness at once, lives, and serves everybody until the delay is over (K-566)', async () => {
    const { url, announceStop, stop } = await behind.serve();
    proxy = await behind.proxy(url);
    await until(async () => (await proxy.ask('/readyz')).code === 200, 'it is ready', 20_000);
    announceStop();
    const ready = await proxy.ask('/readyz');
    expect(ready.code).to.equal(500);
    expect(ready.text).to.contain('[-]shutdown failed');
    expect((await proxy.ask('/livez')).code).to.equal(200);
    expect((await proxy.ask(apps, { headers })).code).to.equal(200);
    const created = await proxy.ask(apps, { method: 'POST', headers, body: appDocument('late') });
    expect(created.code, 'writes are taken as ever').to.equal(201);
    await stop();
    expect(
      await proxy.ask(apps, { headers }).then(
        ({ code }) => code,
        () => 'nobody answers',
      ),
    ).not.to.equal(200);
  });

  for (const [first, second] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ] as const)
    it(`goes on for its delay after ${first}, and ends at once when ${second} comes after it (K-566, K-570)`, async () => {
      const { program, url } = await behind.program(`after-${first}`, '--shutdown-delay-duration=1h');
      try {
        await program.start(/"listening"/);
        program.signal(first);
        proxy = await behind.proxy(url);
        await until(
          async () => (await proxy.ask('/readyz')).text.includes('[-]shutdown failed'),
          'it was told',
          20_000,
        );
        expect((await proxy.ask('/livez')).code).to.equal(200);
        program.signal(second);
        expect(await program.ended(), program.said).to.equal(130);
      } finally {
        await program.end();
      }
    });
});
