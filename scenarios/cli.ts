#!/usr/bin/env node
import { CommanderError } from 'commander';
import { GradswarmError } from '../protocol/errors.js';
import { EXIT, exitStatusOfError } from './commands/exit-status.js';
import { program } from './commands/program.js';

/** The first example in the help of a command; null: there is no such command. */
async function exampleFor(name: string | undefined): Promise<string | null> {
  const command = (await program(name)).commands.find((one) => one.name() === name);
  let help = '';
  command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return /\nExamples:\n +(gradswarm .*?)(?: {2,}.*)?\n/.exec(help)?.[1] ?? null;
}

async function complain(error: unknown): Promise<void> {
  const known = error instanceof GradswarmError;
  const wantsJson = process.argv.includes('--json');
  const helpShown = error instanceof CommanderError;
  if (wantsJson && !(helpShown && error.exitCode === 0)) {
    const code = known ? error.code : helpShown ? 'ERR_USAGE' : null;
    const message = error instanceof Error ? error.message : String(error);
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  if (helpShown) {
    const example = error.exitCode === 0 ? null : await exampleFor(process.argv[2]);
    if (example) process.stderr.write(`for example: ${example}\n`);
    return;
  }
  const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${known ? error.message : unexpected}\n`);
}

/** A reader that closes the pipe, such as `head`, ends the output, not the command. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

try {
  await (await program()).parseAsync();
} catch (error) {
  await complain(error);
  const usage = error instanceof CommanderError ? (error.exitCode === 0 ? EXIT.valid : EXIT.refused) : null;
  process.exitCode = usage ?? exitStatusOfError(error);
}
