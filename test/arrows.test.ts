/**
 * Who may import whom. The table is the architecture: a folder that begins to know more than it says here has lost its shape.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..');

/** Folder → folders of ours that it may import. The longest matching folder counts. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'openapi/': ['openapi/'],
  'storage/': ['openapi/machinery/', 'storage/'],
  'apiserver/': ['openapi/', 'storage/', 'apiserver/'],
  'reconciler/': ['openapi/', 'reconciler/'],
  'deploy/sandbox/': ['openapi/', 'storage/', 'apiserver/', 'deploy/sandbox/'],
  'deploy/': ['openapi/', 'storage/', 'apiserver/', 'reconciler/', 'deploy/'],
};

/** A package → where its door is. Elsewhere only its types pass. */
const doors: Readonly<Record<string, readonly string[]>> = {
  etcd3: ['storage/etcd/'],
  lmdb: ['storage/embedded/'],
  express: ['apiserver/http/', 'apiserver/api-server.ts'],
  protobufjs: ['storage/etcd/', 'storage/encryption/kms/', 'apiserver/codec/', 'openapi/document/protobuf/'],
  '@kubernetes/client-node': ['apiserver/host/'],
  undici: ['apiserver/host/'],
  ws: ['apiserver/host/', 'apiserver/http/'],
  'prom-client': ['openapi/machinery/'],
  'js-yaml': ['apiserver/codec/', 'storage/encryption/'],
  '@noble/ciphers': ['storage/encryption/'],
  'sorted-btree': ['apiserver/cache/'],
  '@peculiar/x509': ['apiserver/serving/'],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typesOnly: boolean;
}

const statement = /^(?:import|export)\s+(type\s+)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(statement)].map(([, types, named, bare, lazy]) => ({
    from: file,
    specifier: named ?? bare ?? lazy ?? '',
    typesOnly: types !== undefined,
  }));
}

const files = globSync(
  ['openapi', 'storage', 'apiserver', 'reconciler', 'deploy'].map((folder) => `${folder}/**/*.ts`),
  {
    cwd: root,
  },
);
const imports = files.flatMap(importsOf);

describe('imports', () => {
  it('are found at all', () => expect(imports.length).to.be.above(100));

  it('follow the arrows between folders', () => {
    const strays = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ from, specifier }) => ({ from, to: relative(root, join(root, dirname(from), specifier)) }))
      .filter(({ from, to }) => {
        const folder = Object.keys(arrows)
          .filter((candidate) => from.startsWith(candidate))
          .sort((a, b) => b.length - a.length)[0]!;
        return !arrows[folder]!.some((allowed) => to.startsWith(allowed));
      });
    expect(strays.map(({ from, to }) => `${from} imports ${to}`)).to.deep.equal([]);
  });

  it('of packages come through their doors', () => {
    const strays = imports
      .filter(({ specifier, typesOnly }) => !typesOnly && !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .filter(({ from, specifier }) => {
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        return doors[name] && !doors[name].some((door) => from.startsWith(door));
      });
    expect(strays.map(({ from, specifier }) => `${from} imports ${specifier}`)).to.deep.equal([]);
  });
});
