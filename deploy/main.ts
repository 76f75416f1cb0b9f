#!/usr/bin/env node
/**
 * The program. Each command has a place in commands/; this file only finds the one that is meant, and loads no other.
 */
import { backupFlags } from './commands/backup.ts';
import { confirmFlags } from './commands/confirm-store.ts';
import { damagedFlags } from './commands/damaged-values.ts';
import { deployFlags } from './commands/deploy/command.ts';
import { flagsHelp, UsageError } from './commands/flags.ts';
import { migrateFlags } from './commands/migrate-storage.ts';
import { restoreFlags } from './commands/restore.ts';
import { sandboxFlags } from './commands/sandbox/options.ts';
import { serveFlags } from './commands/serve/options.ts';
import { restartSmall } from './memory.ts';

const help = `Usage: kubedirector COMMAND [FLAGS]

  sandbox   run KubeDirector on this machine, with a simulated Kubernetes around it
${flagsHelp(sandboxFlags)}

  sandbox kubeconfig USER [GROUP…]   write a kubeconfig for that user of the sandbox, and print its path

  serve     serve a Kubernetes cluster, behind its aggregator
${flagsHelp(serveFlags)}

  deploy    apply KubeDirector to the cluster that kubectl is set to
${flagsHelp(deployFlags)}

  check [FOLDER…]   judge apps and clusters in files as the server would, and print every fault; by default those of the catalog

  confirm-store   serve a store though it is not the one that was served before
${flagsHelp(confirmFlags)}

  migrate-storage   write again what is stored with an older key of encryption, or in an older form
${flagsHelp(migrateFlags)}

  damaged-values   name what is stored and cannot be read, or remove it
${flagsHelp(damagedFlags)}

  backup    write everything that is stored into a file, while servers go on
${flagsHelp(backupFlags)}

  restore   put a backup in the place of what a store holds, while no server works on it
${flagsHelp(restoreFlags)}
`;

async function run([command, ...args]: readonly string[]): Promise<void> {
  switch (args.includes('--help') ? 'help' : command) {
    case 'sandbox':
      if (args[0] === 'kubeconfig') return (await import('./commands/sandbox/user.ts')).userCommand(args.slice(1));
      restartSmall();
      return (await import('./commands/sandbox/command.ts')).sandboxCommand(args);
    case 'serve':
      restartSmall();
      return (await import('./commands/serve/command.ts')).serveCommand(args);
    case 'deploy':
      return (await import('./commands/deploy/command.ts')).deployCommand(args);
    case 'check':
      return (await import('./commands/check/command.ts')).checkCommand(args);
    case 'confirm-store':
      return (await import('./commands/confirm-store.ts')).confirmStoreCommand(args);
    case 'migrate-storage':
      return (await import('./commands/migrate-storage.ts')).migrateStorageCommand(args);
    case 'damaged-values':
      return (await import('./commands/damaged-values.ts')).damagedValuesCommand(args);
    case 'backup':
      return (await import('./commands/backup.ts')).backupCommand(args);
    case 'restore':
      return (await import('./commands/restore.ts')).restoreCommand(args);
    case undefined:
    case 'help':
    case '--help':
      process.stdout.write(help);
      return;
    default:
      throw new UsageError(`There is no command ${JSON.stringify(command)}.\n\n${help}`);
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
