/**
 * All benchmarks, one after the other: `npm run bench`. Each can also be run alone.
 */
await import('./storage.ts');
await import('./api.ts');
await import('./scale.ts');
await import('./managedfields.ts');
await import('./exec.ts');
