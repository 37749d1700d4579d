#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { packageRecord } from '../coordinator/run-directory/manifest.js';
import { GradswarmError } from '../protocol/errors.js';
import { accountCommand } from './commands/account.js';
import { benchCommand } from './commands/bench.js';
import { checkCommand } from './commands/check.js';
import { cleanCommand } from './commands/clean.js';
import { compareCommand } from './commands/compare.js';
import { conformanceCommand } from './commands/conformance.js';
import { exitStatusOfError } from './commands/exit-status.js';
import { fetchCommand } from './commands/fetch.js';
import { healthCommand } from './commands/health.js';
import { listCommand } from './commands/list.js';
import { logCommand } from './commands/log.js';
import { newCommand } from './commands/new.js';
import { pointCommand } from './commands/point.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { resumeCommand } from './commands/resume.js';
import { runCommand } from './commands/run.js';
import { runsCommand } from './commands/runs.js';
import { schemaCommand } from './commands/schema.js';
import { serveCommand } from './commands/serve.js';
import { showCommand } from './commands/show.js';
import { stopCommand } from './commands/stop.js';
import { swarmCommand } from './commands/swarm.js';
import { workerCommand } from './commands/worker.js';

const COMMANDS = [
  listCommand,
  runCommand,
  serveCommand,
  workerCommand,
  swarmCommand,
  fetchCommand,
  healthCommand,
  replayCommand,
  resumeCommand,
  reportCommand,
  runsCommand,
  showCommand,
  compareCommand,
  logCommand,
  stopCommand,
  cleanCommand,
  newCommand,
  schemaCommand,
  checkCommand,
  conformanceCommand,
  benchCommand,
  accountCommand,
];

const EXAMPLES = `
Examples:
  gradswarm list
  gradswarm run quick-start
  gradswarm run quick-start --workers 4
  gradswarm run --help`;

function program(): Command {
  const root = new Command('gradswarm')
    .description('Distributed and federated training where bytes, privacy and faults are counted.')
    .version(packageRecord().version, '--version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  root.addCommand(pointCommand().exitOverride(), { hidden: true });
  for (const command of COMMANDS) root.addCommand(command().exitOverride().showHelpAfterError('(see --help)'));
  return root;
}

/** The first example in the help of a command; null: there is no such command. */
function exampleFor(name: string | undefined): string | null {
  const command = program().commands.find((one) => one.name() === name);
  let help = '';
  command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return /\nExamples:\n +(gradswarm .*?)(?: {2,}.*)?\n/.exec(help)?.[1] ?? null;
}

function complain(error: unknown): void {
  const known = error instanceof GradswarmError;
  const wantsJson = process.argv.includes('--json');
  const helpShown = error instanceof CommanderError;
  if (wantsJson && !(helpShown && error.exitCode === 0)) {
    const code = known ? error.code : helpShown ? 'ERR_USAGE' : null;
    const message = error instanceof Error ? error.message : String(error);
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  if (helpShown) {
    const example = error.exitCode === 0 ? null : exampleFor(process.argv[2]);
    if (example) process.stderr.write(`for example: ${example}\n`);
    return;
  }
  const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${known ? error.message : unexpected}\n`);
}

try {
  await program().parseAsync();
} catch (error) {
  complain(error);
  process.exitCode = exitStatusOfError(error);
}
