/**
 * The rules of apps: ids that are unique and refer to each other rightly, and values that mean something. What clusters that use an app
 * keep from it is in races.test.ts.
 */
import { expect } from 'chai';
import { appDocument, appsPath } from '../../make/documents.ts';
import { startServer, type TestServer } from '../serving.ts';
import { describeRules, faultsOf } from './judging.ts';

const head = { id: 'head', cardinality: '1' };
const app = (spec: object) => appDocument('judged', spec);
/** Its worker says more. */
const withWorker = (worker: object, spec: object = {}) =>
  app({ roles: [head, { id: 'worker', cardinality: '1+', ...worker }], ...spec });
const configured = (config: object) => app({ config: { selectedRoles: ['head'], roleServices: [], ...config } });
const service = (id: string, endpoint: object = {}) => ({
  id,
  label: { name: id },
  endpoint: { port: 80, ...endpoint },
});
const runs = (roleID: string, ...serviceIDs: string[]) => ({ roleServices: [{ roleID, serviceIDs }] });
const onlyHead = { config: { selectedRoles: ['head'], roleServices: [] } };
const both = { config: { selectedRoles: ['head'], ...runs('head', 'web', 'ssh') } };
const packed = (packageURL: string, sha256?: string) =>
  withWorker({ configPackage: { packageURL, ...(sha256 && { sha256 }) } });

describe('an app', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  describeRules(() => server, appsPath, [
    {
      rule: 'has each role once (A2)',
      accepted: app({ roles: [head, { ...head, id: 'worker' }] }),
      refused: app({ roles: [head, { ...head, id: 'worker' }, head] }),
      fault: 'spec.roles[2]: Duplicate value: {"id":"head"}',
    },
    {
      rule: 'has each service once (A3)',
      accepted: app({ services: [service('web'), service('ssh')] }),
      refused: app({ services: [service('web'), service('web')] }),
      fault: 'spec.services[1]: Duplicate value: {"id":"web"}',
    },
    {
      rule: 'selects each role once (A4)',
      accepted: configured({ selectedRoles: ['head', 'worker'] }),
      refused: configured({ selectedRoles: ['head', 'head'] }),
      fault: 'spec.config.selectedRoles[1]: Duplicate value: "head"',
    },
    {
      rule: 'says once which services run on a role (A5)',
      accepted: configured({ roleServices: [{ roleID: 'head', serviceIDs: ['web'] }] }),
      refused: configured({ roleServices: [...runs('head').roleServices, ...runs('head').roleServices] }),
      fault: 'spec.config.roleServices[1]: Duplicate value: {"roleID":"head"}',
    },
    {
      rule: 'lets services run on roles that it has (A6)',
      accepted: configured(runs('worker', 'web')),
      refused: configured(runs('tail', 'web')),
      fault: 'spec.config.roleServices[0].roleID: Unsupported value: "tail": supported values: "head", "worker"',
    },
    {
      rule: 'lets services run that it has (A7)',
      accepted: configured(runs('head', 'web')),
      refused: configured(runs('head', 'web', 'ssh')),
      fault: 'spec.config.roleServices[0].serviceIDs[1]: Unsupported value: "ssh": supported values: "web"',
    },
    {
      rule: 'selects roles that it has (A8)',
      accepted: configured({ selectedRoles: ['worker'] }),
      refused: configured({ selectedRoles: ['worker', 'tail'] }),
      fault: 'spec.config.selectedRoles[1]: Unsupported value: "tail": supported values: "head", "worker"',
    },
    {
      rule: 'says the least storage as a quantity (A9)',
      accepted: withWorker({ minStorage: { size: '10Gi' } }),
      refused: withWorker({ minStorage: { size: 'ten' } }),
      fault: 'spec.roles[1].minStorage.size: Invalid value: "ten"',
    },
    {
      rule: 'needs no storage below zero',
      accepted: withWorker({ minStorage: { size: '0' } }),
      refused: withWorker({ minStorage: { size: '-1Gi' } }),
      fault: 'spec.roles[1].minStorage.size: Invalid value: "-1Gi": must be greater than or equal to 0',
    },
    {
      rule: 'needs no resources below zero',
      accepted: withWorker({ minResources: { cpu: '500m' } }),
      refused: withWorker({ minResources: { cpu: '-500m' } }),
      fault: 'spec.roles[1].minResources[cpu]: Invalid value: "-500m": must be greater than or equal to 0',
    },
    {
      rule: 'gives a terminal only to those who have stdin (A10)',
      accepted: withWorker({ containerSpec: { stdin: true, tty: true } }),
      refused: withWorker({ containerSpec: { tty: true } }),
      fault: 'spec.roles[1].containerSpec.tty: Invalid value: true: a terminal needs stdin',
    },
    {
      rule: 'has an image for every role (A11)',
      accepted: app({ defaultImageRepoTag: undefined, roles: [{ ...head, imageRepoTag: 'a:1' }], ...onlyHead }),
      refused: app({ defaultImageRepoTag: undefined, roles: [head], ...onlyHead }),
      fault: 'spec.roles[0].imageRepoTag: Required value: the app has no defaultImageRepoTag',
    },
    {
      rule: 'says how a dashboard is opened (A12)',
      accepted: app({ services: [service('web', { isDashboard: true, urlScheme: 'http' })] }),
      refused: app({ services: [service('web', { isDashboard: true })] }),
      fault: 'spec.services[0].endpoint.urlScheme: Required value: a dashboard is opened by its URL',
    },
    {
      rule: 'lets two services of a role listen on two ports',
      accepted: app({ services: [service('web'), service('ssh', { port: 22 })], ...both }),
      refused: app({ services: [service('web'), service('ssh')], ...both }),
      fault: 'spec.config.roleServices[0].serviceIDs[1]: Invalid value: "ssh": listens on port 80, as "web" does',
    },
    {
      rule: 'says how many members a role has as N or N+',
      accepted: withWorker({ cardinality: '3+' }),
      refused: withWorker({ cardinality: '3-5' }),
      fault: 'spec.roles[1].cardinality: Invalid value: "3-5"',
    },
    {
      rule: 'has roles that fit into a cluster',
      accepted: withWorker({ cardinality: '999' }),
      refused: withWorker({ cardinality: '1001+' }),
      fault: 'spec.roles[1].cardinality: Invalid value: "1001+": a cluster has at most 1000 members',
    },
    {
      rule: 'scales a role that it has',
      accepted: app({ scaleRole: 'worker' }),
      refused: app({ scaleRole: 'tail' }),
      fault: 'spec.scaleRole: Unsupported value: "tail": supported values: "head", "worker"',
    },
    ...['configure', 'addnodes', 'delnodes'].map((event) => ({
      rule: `may run its script at ${event}, and at no event that there is not`,
      accepted: withWorker({ eventList: [event] }),
      refused: withWorker({ eventList: [`${event}d`] }),
      fault: `spec.roles[1].eventList[0]: Unsupported value: "${event}d": supported values: "configure", "addnodes", "delnodes"`,
    })),
    {
      rule: 'keeps directories, which begin with a slash and do not end in one',
      accepted: withWorker({ persistDirs: ['/data'] }),
      refused: withWorker({ persistDirs: ['/data', '/logs/'] }),
      fault: 'spec.roles[1].persistDirs[1]: Invalid value: "/logs/"',
    },
    {
      rule: 'is set up by an archive that members can fetch',
      accepted: packed('https://example.com/setup.tgz'),
      refused: packed('ftp://example.com/setup.tgz'),
      fault: 'spec.roles[1].configPackage.packageURL: Invalid value: "ftp://example.com/setup.tgz"',
    },
    {
      rule: 'is set up by the archive that its author meant',
      accepted: packed('https://example.com/setup.tgz', 'ab'.repeat(32)),
      refused: packed('https://example.com/setup.tgz', 'AB'.repeat(32)),
      fault: `spec.roles[1].configPackage.sha256: Invalid value: "${'AB'.repeat(32)}"`,
    },
    {
      rule: 'has a picture for a logo',
      accepted: app({ logoURL: 'https://example.com/logo.png' }),
      refused: app({ logoURL: 'https://example.com/logo.exe' }),
      fault: 'spec.logoURL: Invalid value: "https://example.com/logo.exe"',
    },
    {
      rule: 'says for which contract its scripts are written',
      accepted: app({ configSchemaVersion: 7 }),
      refused: app({ configSchemaVersion: 6 }),
      fault: 'spec.configSchemaVersion: Invalid value: 6',
    },
  ]);

  it('is told all its faults at once', async () => {
    const faulty = withWorker(
      { containerSpec: { tty: true }, minResources: { cpu: -1 } },
      { defaultImageRepoTag: undefined, config: { selectedRoles: ['tail'], ...runs('tail', 'ssh') } },
    );
    const answer = await server.admin.ask(appsPath, { body: faulty });
    expect(faultsOf(answer).map((text) => text.split(': ')[0])).to.include.members([
      'spec.roles[0].imageRepoTag',
      'spec.roles[1].imageRepoTag',
      'spec.roles[1].containerSpec.tty',
      'spec.roles[1].minResources[cpu]',
      'spec.config.selectedRoles[0]',
      'spec.config.roleServices[0].roleID',
      'spec.config.roleServices[0].serviceIDs[0]',
    ]);
  });

  for (const [what, spec, warning] of [
    [
      'with a letter too few',
      { defaultImageRepTag: 'x' },
      'spec.defaultImageRepTag: it is kept, but means nothing: perhaps \\"defaultImageRepoTag\\" is meant',
    ],
    [
      'with other capitals',
      { services: [{ id: 'web', endPoint: { port: 80 } }] },
      'spec.services[0].endPoint: it is kept, but means nothing: perhaps \\"endpoint\\" is meant',
    ],
    [
      'as v1alpha1 calls it',
      { persist_dirs: ['/data'] },
      'spec.persist_dirs: it is kept, but means nothing in v1beta1: it is a word of v1alpha1',
    ],
  ] as const)
    it(`is warned of a field that is kept and known to nobody, since it is written ${what}`, async () => {
      const { code, warnings } = await server.admin.ask(`${appsPath}?dryRun=All`, { body: appDocument('w', spec) });
      expect(code).to.equal(201);
      expect(warnings).to.deep.equal([`299 - "${warning}"`]);
    });

  it('is warned of a role that can have no members', async () => {
    const { code, warnings } = await server.admin.ask(`${appsPath}?dryRun=All`, {
      body: withWorker({ cardinality: '0' }),
    });
    expect(code).to.equal(201);
    expect(warnings).to.deep.equal(['299 - "spec.roles[1].cardinality: the role can never have members"']);
  });
});
