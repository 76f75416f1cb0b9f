/**
 * Setup packages: where they come from, and what is refused before any of it is run.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { aSetup, packageOf, packagePath, runsOf, writesDown } from './member/calls.ts';
import { type Entry, packed } from './member/hostile-tar.ts';
import { inMember } from './member/in-member.ts';
import type { Member } from './member/member.ts';
import { serve } from './member/servers.ts';
import { describeInMembers } from './member/systems.ts';

const script: Entry = { name: 'app/startscript', content: `#!/bin/sh\n${writesDown}\n` };
const url = `file://${packagePath}`;
const maxBytes = 1 << 20;

async function refusal(member: Member, archive: Uint8Array, source = {}): Promise<string> {
  await member.write(packagePath, archive);
  const { result } = await member.call(aSetup({}, { package: { url, maxBytes, ...source } }));
  expect(await runsOf(member)).to.deep.equal([]);
  expect(await member.sh('ls /opt/guestconfig')).to.equal('');
  return result;
}

const hostile: readonly (readonly [title: string, entries: readonly Entry[], words: RegExp])[] = [
  ['a path that climbs', [script, { name: '../../srv/pwned', content: 'x' }], /(a path|one) with \.\. in it/],
  ['a path that climbs later', [script, { name: 'app/../../pwned', content: 'x' }], /(a path|one) with \.\. in it/],
  ['an absolute path', [script, { name: '/srv/pwned', content: 'x' }], /an absolute path (in it|or)/],
  [
    'a link out of it, and a file through that',
    [script, { name: 'app/out', type: '2', target: '/srv' }, { name: 'app/out/pwned', content: 'x' }],
    /a link in it that leads out|an absolute path or/,
  ],
  [
    'a relative link out of it',
    [script, { name: 'app/out', type: '2', target: '../../srv/pwned' }],
    /a link in it that leads out|an absolute path or/,
  ],
  [
    'a link out of it by way of another',
    [script, { name: 'app/up', type: '2', target: '..' }, { name: 'app/out', type: '2', target: 'up/../../etc' }],
    /a link in it that leads out|an absolute path or/,
  ],
  [
    'a hard link out of it',
    [script, { name: 'app/out', type: '1', target: '/etc/passwd' }],
    /a link in it that leads out|an absolute path or/,
  ],
  ['a device', [script, { name: 'app/null', type: '3' }], /neither file, folder nor link/],
  ['a pipe', [script, { name: 'app/pipe', type: '6' }], /neither file, folder nor link/],
  ['no startscript', [{ name: 'app/start', content: 'x' }], /has no folder with a startscript/],
  ['a startscript in no folder', [{ name: 'startscript', content: 'x' }], /has no folder with a startscript/],
  ['a startscript that is a folder', [{ name: 'app/startscript/x', content: 'x' }], /has no folder with a startscript/],
  ['two of them', [script, { name: 'other/startscript', content: 'x' }], /more than one folder with a startscript/],
  ['nothing in it', [], /is empty|is not a tar archive/],
];

describeInMembers('a setup package', (system) => {
  for (const [title, entries, words] of hostile)
    it(
      `with ${title} is refused`,
      inMember(system, async (member) => {
        const outside = () => member.sh('ls -A /etc /srv | grep -v -e guestconfig -e package.tgz; cat /etc/passwd');
        const before = await outside();
        const result = await refusal(member, packed(entries));
        expect(result)
          .to.match(/^failed package the setup package /)
          .and.match(words);
        expect(await outside()).to.equal(before);
      }),
    );

  for (const [title, archive, words] of [
    ['that is a page about an error', Buffer.from('<!DOCTYPE html><p>Not found</p>'), /is not a whole tar\.gz archive/],
    ['that was cut off', packageOf(`#${'x'.repeat(9999)}`).subarray(0, 90), /is not a whole tar\.gz archive/],
    ['that is packed, but no archive', gzipSync('no archive'.repeat(1000)), /is not a tar archive/],
    ['of no bytes', Buffer.alloc(0), /is not a whole tar\.gz archive|is empty/],
    ['that unpacks to very much', gzipSync(Buffer.alloc(17 << 20)), /unpacks to more than 16 times/],
  ] as const)
    it(
      `${title} is refused`,
      inMember(system, async (member) => {
        expect(await refusal(member, archive))
          .to.match(/^failed package the setup package /)
          .and.match(words);
        expect(await member.sh('du -s /opt | cut -f1')).to.match(/^\d{1,3}\n/);
      }),
    );

  it(
    'may have links that stay in it, files beside its folder, and odd names',
    inMember(system, async (member) => {
      const names = ['app/-rf', 'app/it\'s "here" $(reboot)', 'app/ü', 'app/ two  blanks ', 'README'];
      const entries: readonly Entry[] = [
        ...names.map((name) => ({ name, content: name })),
        { name: 'app/sub/deep/up', type: '2', target: '../../lib' },
        { name: 'app/lib', type: '2', target: './ü' },
        { name: 'app/real', content: `#!/bin/sh\n${writesDown}; cat /opt/guestconfig/app/sub/deep/up\n` },
        { name: 'app/startscript', type: '2', target: 'real' },
      ];
      await member.write(packagePath, packed(entries));
      expect((await member.call(aSetup())).result).to.equal('ok');
      for (const name of names) expect(await member.read(`/opt/guestconfig/${name}`)).to.equal(name);
      expect(await member.read('/opt/guestconfig/configure.stdout')).to.equal('app/ü');
    }),
  );

  it(
    'comes over http, through redirections',
    inMember(system, async (member) => {
      const server = await serve((request, response) => {
        if (request.url === '/v1.tgz?key=a%20b&c=$(d)') response.end(packageOf(writesDown));
        else response.writeHead(302, { location: '/v1.tgz?key=a%20b&c=$(d)' }).end();
      });
      const { result } = await member.call(aSetup({}, { package: { url: `${server.url}/app.tgz`, maxBytes } }));
      server.close();
      expect(result).to.equal('ok');
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  for (const [title, answer, words] of [
    [404, 404, /could not be fetched: .*404/],
    [503, 503, /could not be fetched: .*503/],
    ['endless redirections', 302, /could not be fetched: /],
  ] as const)
    it(
      `cannot be fetched from a server that answers with ${title}`,
      inMember(system, async (member) => {
        const server = await serve((_, response) =>
          response.writeHead(answer, { location: '/again' }).end(packageOf('')),
        );
        const { result } = await member.call(aSetup({}, { package: { url: `${server.url}/a.tgz`, maxBytes } }));
        server.close();
        expect(result)
          .to.match(/^failed package /)
          .and.match(words);
      }),
    );

  it(
    'is not fetched any further than it may be large',
    inMember(system, async (member) => {
      let sent = 0;
      const server = await serve((_, response) => {
        const more = () => {
          do sent += 65536;
          while (response.write(Buffer.alloc(65536)));
        };
        response.on('drain', more).on('error', () => {});
        more();
      });
      const { result } = await member.call(aSetup({}, { package: { url: `${server.url}/a.tgz`, maxBytes } }));
      server.close();
      expect(result).to.equal('failed package the setup package could not be fetched: it is larger than 1048576 bytes');
      expect(sent).to.be.below(64 << 20);
    }),
  );

  for (const [title, source, words] of [
    ['of a scheme that we do not know', 'ftp://127.0.0.1/a.tgz', /its URL is neither https nor http nor file/],
    ['in a file that is not there', 'file:///srv/none.tgz', /the image has no such file/],
    ['in a file of another machine', 'file://other.example/srv/a.tgz', /its file URL names another machine/],
    ['in a folder', 'file:///etc', /the image has no such file/],
    ['of a server that is not there', 'http://127.0.0.1:1/a.tgz', /[Cc]onnect/],
    ['whose URL is an option of a tool', '--output=/srv/pwned', /its URL is neither https nor http nor file/],
  ] as const)
    it(
      `${title} cannot be fetched`,
      inMember(system, async (member) => {
        const { result } = await member.call(aSetup({}, { package: { url: source, maxBytes } }));
        expect(result)
          .to.match(/^failed package the setup package could not be fetched: /)
          .and.match(words);
      }),
    );

  it(
    'is found in a file whose URL is escaped',
    inMember(system, async (member) => {
      await member.write("/srv/ü %41's.tgz", packageOf(writesDown));
      const source = { url: "file://localhost/srv/%C3%BC%20%2541's.tgz", maxBytes };
      expect((await member.call(aSetup({}, { package: source }))).result).to.equal('ok');
    }),
  );

  it(
    'has the checksum that the app says, or is refused',
    inMember(system, async (member) => {
      const archive = packageOf(writesDown);
      const sha256 = createHash('sha256').update(archive).digest('hex');
      const other = `0${sha256.slice(1, -1)}0`;
      expect(await refusal(member, archive, { sha256: other })).to.equal(
        `failed package the setup package has another SHA-256 checksum than the app says: ${sha256}`,
      );
      const right = { url, maxBytes, sha256: sha256.toUpperCase() };
      expect((await member.call(aSetup({ attempt: 2 }, { package: right }))).result).to.equal('ok');
    }),
  );

  it(
    'as large as it may be is taken, and one byte more is not',
    inMember(system, async (member) => {
      const archive = packageOf(writesDown);
      expect(await refusal(member, archive, { maxBytes: archive.length - 1 })).to.match(/it is larger than \d+ bytes/);
      const source = { url, maxBytes: archive.length };
      // So small a limit allows no more than a few blocks of tar.
      const { result } = await member.call(aSetup({ attempt: 2 }, { package: source }));
      expect(result).to.equal('ok');
    }),
  );
});
