/**
 * Calls to members that are valid until told otherwise, and packages with a script in them.
 */
import { gzipSync } from 'node:zlib';
import type { SetupCall, UpdateCall } from '../../../../openapi/guest/calls.ts';
import { guestHelper } from '../../../../reconciler/guest/program.ts';
import { tarOf } from '../../../../reconciler/guest/tar.ts';
import type { Member } from './member.ts';

export const container = 'containerd://4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Where packages of tests are. */
export const packagePath = '/srv/package.tgz';

type Setup = NonNullable<SetupCall['setup']>;

export const aSetup = (call: Partial<SetupCall> = {}, setup: Partial<Setup> = {}): SetupCall => ({
  verb: 'setup',
  container,
  generation: 1,
  layout: 'legacy',
  tailBytes: 256,
  attempt: 1,
  systemd: false,
  injections: [],
  setup: {
    package: { url: `file://${packagePath}`, maxBytes: 1 << 20 },
    configure: true,
    configmeta: '{"version":"7"}\n',
    helper: guestHelper(),
    ...setup,
  },
  ...call,
});

/** A role without a package. */
export const onlyInjections = (injections: SetupCall['injections'], call: Partial<SetupCall> = {}): SetupCall => {
  const { setup: _, ...rest } = aSetup({ ...call, injections });
  return rest;
};

export const anUpdate = (call: Partial<UpdateCall> = {}): UpdateCall => ({
  verb: 'update',
  container,
  generation: 2,
  layout: 'legacy',
  tailBytes: 256,
  configmeta: '{"version":"8"}\n',
  notifications: [],
  deadlineSeconds: 60,
  ...call,
});

/** An archive whose start script has these lines. */
export const packageOf = (script: string): Buffer =>
  gzipSync(tarOf([{ name: 'app-1.0/startscript', content: Buffer.from(`#!/bin/sh\n${script}\n`) }]));

/** Gives the member a package. */
export const givePackage = (member: Member, script: string): Promise<void> =>
  member.write(packagePath, packageOf(script));

/** Of each run a line with all its arguments, each in brackets. */
export const writesDown = `{ printf 'ran'; for word; do printf ' [%s]' "$word"; done; echo; } >>/srv/runs`;

/** What a script with that line has written. */
export const runsOf = async (member: Member): Promise<string[]> =>
  member.exists('/srv/runs') ? (await member.read('/srv/runs')).split('\n').slice(0, -1) : [];
