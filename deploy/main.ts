#!/usr/bin/env node
import { flagsHelp, UsageError } from './commands/flags.ts';
/**
 * The program. Each command is a folder in commands/; this file only finds the one that is meant.
 */
import { sandboxCommand } from './commands/sandbox/command.ts';
import { sandboxFlags } from './commands/sandbox/options.ts';
import { userCommand } from './commands/sandbox/user.ts';

const help = `Usage: kubedirector COMMAND [FLAGS]

  sandbox   run KubeDirector on this machine, with a simulated Kubernetes around it
${flagsHelp(sandboxFlags)}

  sandbox kubeconfig USER [GROUP…]   write a kubeconfig for that user of the sandbox, and print its path
`;

async function run([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'sandbox':
      return args[0] === 'kubeconfig' ? userCommand(args.slice(1)) : sandboxCommand(args);
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
