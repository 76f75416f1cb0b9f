/**
 * Layers, kept by what they are made from: what has been made once is not made again.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type TarOptions, writeTar } from './tar.ts';

export interface Recipe extends TarOptions {
  /** `modules`: what people see it called. */
  readonly name: string;
  /** Whatever decides the contents, and a number to raise when `make` changes. */
  readonly ingredients: readonly string[];
  /** Fills an empty folder. */
  make(folder: string): Promise<void>;
}

/** @returns the path of the layer's tar */
export async function layer({ name, ingredients, make, ...options }: Recipe, cache: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const key = createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 32);
  const file = join(cache, `${name}-${key}.tar`);
  if (existsSync(file)) {
    await utimes(file, new Date(), new Date());
    return file;
  }
  const work = await mkdtemp(join(cache, `.${name}-`));
  // Modes are part of a layer, so they may not depend on who makes it.
  const umask = process.umask(0o022);
  try {
    const root = join(work, 'root');
    await mkdir(root);
    await make(root);
    await writeTar(root, join(work, 'layer.tar'), options);
    // Under its name only when it is whole, so that whatever is found under it can be trusted.
    await rename(join(work, 'layer.tar'), file);
  } finally {
    process.umask(umask);
    await rm(work, { recursive: true, force: true });
  }
  await forgetOld(name, cache);
  return file;
}

/** A week: two branches in turn find theirs again, and the folder does not grow for ever. */
const keptForMs = 7 * 24 * 3600 * 1000;

async function forgetOld(name: string, cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(`${name}-`)) continue;
    const file = join(cache, entry);
    if ((await stat(file)).mtimeMs < Date.now() - keptForMs) await rm(file, { force: true });
  }
}
