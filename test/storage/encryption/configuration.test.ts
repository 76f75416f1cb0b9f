/** What an EncryptionConfiguration may say, and what is said about one that is wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseEncryptionConfiguration } from '../../../storage/encryption/configuration.ts';
import { configurationOf, keys, plain, secretText } from './configurations.ts';

/** As the documentation of Kubernetes has it, for kinds of ours. */
const documented = `---
# CAUTION: this is an example configuration.
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - kubedirectorclusters.kubedirector.bluedata.io
      - kubedirectorapps.kubedirector.bluedata.io
    providers:
      - identity: {} # plain text, in other words NO encryption
      - aesgcm:
          keys:
            - name: key1
              secret: c2VjcmV0IGlzIHNlY3VyZQ==
            - name: key2
              secret: dGhpcyBpcyBwYXNzd29yZA==
      - aescbc:
          keys:
            - name: key1
              secret: c2VjcmV0IGlzIHNlY3VyZQ==
      - secretbox:
          keys:
            - name: key1
              secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=
      - kms:
          apiVersion: v2
          name: vault
          endpoint: unix:///var/run/kms.sock
  - resources: ['*.apps']
    providers: [identity: {}]
  - resources: ['*.*']
    providers: [identity: {}]
`;

const faultsOf = (text: string): string[] => {
  try {
    parseEncryptionConfiguration(text);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
};

describe('an EncryptionConfiguration', () => {
  it('is understood as Kubernetes documents it (K-562)', () => {
    const [first, second, third] = parseEncryptionConfiguration(documented);
    expect(first?.resources).to.have.length(2);
    expect(first?.providers.map(({ kind }) => kind)).to.deep.equal([
      'identity',
      'aesgcm',
      'aescbc',
      'secretbox',
      'kms',
    ]);
    expect(first?.providers.at(-1)).to.deep.include({ name: 'vault', timeoutMs: 3000 });
    expect([second?.resources, third?.resources]).to.deep.equal([['*.apps'], ['*.*']]);
  });

  it('is understood as the README shows it', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    const [, shown = ''] = /```yaml\n(apiVersion: apiserver\.config\.k8s\.io[\s\S]*?)```/.exec(readme) ?? [];
    const [only] = parseEncryptionConfiguration(shown);
    expect(only?.resources).to.deep.equal(['*.kubedirector.bluedata.io']);
  });

  const within = 'resources[0].providers[0]';
  const key = (name: unknown, secret: unknown) => ({ aesgcm: { keys: [{ name, secret }] } });
  const service = (fields: object) => ({ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///s', ...fields } });
  const cases: [title: string, text: string, ...faults: string[]][] = [
    [
      'of another kind',
      'kind: Secret',
      'apiVersion: Unsupported value: "": supported values: "apiserver.config.k8s.io/v1"',
      'kind: Unsupported value: "Secret": supported values: "EncryptionConfiguration"',
      'resources: Required value: at least one resources is required',
    ],
    ['that is no document', '- a', 'it holds no EncryptionConfiguration'],
    [
      'with a field that does not exist',
      configurationOf(['*.*'], { identity: {}, aesctr: {} }),
      `${within}.aesctr: Forbidden: unknown field`,
    ],
    [
      'with two providers in one element',
      configurationOf(['*.*'], { ...plain, ...keys('aesgcm', 1) }),
      `${within}: Invalid value: ["aesgcm","identity"]: more than one provider specified in a single element, should split into different list elements`,
    ],
    [
      'without a provider',
      configurationOf(['*.*']),
      'resources[0].providers: Required value: at least one resources[0].providers is required',
    ],
    [
      'with a key without a name',
      configurationOf(['*.*'], key('', secretText(1))),
      `${within}.aesgcm.keys[0].name: Required value: name is a mandatory field for a key`,
    ],
    [
      'with a key without a secret',
      configurationOf(['*.*'], key('one', undefined)),
      `${within}.aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key`,
    ],
    [
      'with a secret that is no base64',
      configurationOf(['*.*'], key('one', 'hunter2!')),
      `${within}.aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded`,
    ],
    [
      'with a secret of a wrong length',
      configurationOf(['*.*'], key('one', secretText(1, 20))),
      `${within}.aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 20, expected one of [16 24 32]`,
    ],
    [
      'with a short key for secretbox',
      configurationOf(['*.*'], { secretbox: { keys: [{ name: 'one', secret: secretText(1, 16) }] } }),
      `${within}.secretbox.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 16, expected one of [32]`,
    ],
    [
      'with a secret that is a number',
      configurationOf(['*.*'], key('one', 12345)),
      `${within}.aesgcm.keys[0].secret: Invalid value: "integer": ${within}.aesgcm.keys[0].secret in body must be of type string: "integer"`,
      `${within}.aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key`,
    ],
    [
      'with a key service of the first version',
      configurationOf(['*.*'], { kms: { name: 'vault', endpoint: 'unix:///s' } }),
      `${within}.kms.apiVersion: Unsupported value: "v1": supported values: "v2"`,
    ],
    [
      'with a key service far away',
      configurationOf(['*.*'], service({ endpoint: 'https://vault' })),
      `${within}.kms.endpoint: Invalid value: "https://vault": only unix sockets are supported: unix:///PATH`,
    ],
    [
      'with a key service whose name has a colon',
      configurationOf(['*.*'], service({ name: 'a:b' })),
      `${within}.kms.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':'`,
    ],
    [
      'with two key services of one name',
      configurationOf(['*.*'], service({}), service({})),
      'resources[0].providers[1].kms.name: Invalid value: "vault": duplicate KMS provider name vault, names must be unique',
    ],
    [
      'with a timeout that is none',
      configurationOf(['*.*'], service({ timeout: '-1s' })),
      `${within}.kms.timeout: Invalid value: "-1s": timeout should be a positive value`,
    ],
    [
      'with a star alone',
      configurationOf(['*'], plain),
      `resources[0].resources[0]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
    ],
    [
      'with a resource of all groups',
      configurationOf(['secrets.*'], plain),
      'resources[0].resources[0]: Invalid value: "secrets.*": encrypting the same resource across groups is not supported',
    ],
    [
      'with capital letters',
      configurationOf(['Secrets'], plain),
      'resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters',
    ],
    [
      'with a resource twice',
      configurationOf(['secrets', 'secrets'], plain),
      'resources[0].resources: Invalid value: ["secrets","secrets"]: the same resource cannot be specified multiple times',
    ],
    [
      'whose wildcards hide what stands beside them',
      configurationOf(['secrets', '*.'], plain),
      `resources[0].resources: Invalid value: ["secrets","*."]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`,
    ],
  ];
  for (const [title, text, ...faults] of cases)
    it(`${title} is refused`, () => expect(faultsOf(text)).to.deep.equal(faults));

  it('whose wildcards hide what comes later is refused', () => {
    const rule = (resource: string) => `{resources: ["${resource}"], providers: [identity: {}]}`;
    const text = `{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: [${rule('*.apps')}, ${rule('deployments.apps')}]}`;
    expect(faultsOf(text)).to.deep.equal([
      'resources[1].resources[0]: Invalid value: "deployments.apps": resource "deployments.apps" is masked by earlier rule "*.apps"',
    ]);
  });

  it('that is no YAML is refused without quoting it, for it may hold secrets', () => {
    const [fault] = faultsOf(`kind: EncryptionConfiguration\nresources:\n  - secret: ${secretText(7)}: x\n`);
    expect(fault).to.equal('line 3: this is no YAML');
  });
});
