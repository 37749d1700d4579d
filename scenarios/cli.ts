#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { packageRecord } from '../coordinator/run-directory/manifest.js';
import { GradswarmError } from '../protocol/errors.js';
import { exitStatusOfError } from './commands/exit-status.js';

/** By name, in the order of the help. A command is read when it is called: the others would cost time and memory. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  list: async () => (await import('./commands/list.js')).listCommand,
  run: async () => (await import('./commands/run.js')).runCommand,
  search: async () => (await import('./commands/search.js')).searchCommand,
  serve: async () => (await import('./commands/serve.js')).serveCommand,
  worker: async () => (await import('./commands/worker.js')).workerCommand,
  swarm: async () => (await import('./commands/swarm.js')).swarmCommand,
  fetch: async () => (await import('./commands/fetch.js')).fetchCommand,
  health: async () => (await import('./commands/health.js')).healthCommand,
  replay: async () => (await import('./commands/replay.js')).replayCommand,
  resume: async () => (await import('./commands/resume.js')).resumeCommand,
  report: async () => (await import('./commands/report.js')).reportCommand,
  runs: async () => (await import('./commands/runs.js')).runsCommand,
  show: async () => (await import('./commands/show.js')).showCommand,
  open: async () => (await import('./commands/open.js')).openCommand,
  compare: async () => (await import('./commands/compare.js')).compareCommand,
  log: async () => (await import('./commands/log.js')).logCommand,
  stop: async () => (await import('./commands/stop.js')).stopCommand,
  clean: async () => (await import('./commands/clean.js')).cleanCommand,
  new: async () => (await import('./commands/new.js')).newCommand,
  schema: async () => (await import('./commands/schema.js')).schemaCommand,
  check: async () => (await import('./commands/check.js')).checkCommand,
  conformance: async () => (await import('./commands/conformance.js')).conformanceCommand,
  bench: async () => (await import('./commands/bench.js')).benchCommand,
  account: async () => (await import('./commands/account.js')).accountCommand,
};

const EXAMPLES = `
Examples:
  gradswarm list
  gradswarm run quick-start
  gradswarm run quick-start --workers 4
  gradswarm run --help`;

/** With the command that is called; with all of them for the help, and where there is no such command. */
async function program(called = process.argv[2]): Promise<Command> {
  const root = new Command('gradswarm')
    .description('Distributed and federated training where bytes, privacy and faults are counted.')
    .version(packageRecord().version, '--version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  if (called === '--version') return root;
  if (called === 'point') {
    const { pointCommand } = await import('./commands/point.js');
    return root.addCommand(pointCommand().exitOverride(), { hidden: true });
  }
  const known = called !== undefined && Object.hasOwn(COMMANDS, called);
  for (const load of known ? [COMMANDS[called]!] : Object.values(COMMANDS))
    root.addCommand((await load())().exitOverride().showHelpAfterError('(see --help)'));
  return root;
}

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

try {
  await (await program()).parseAsync();
} catch (error) {
  await complain(error);
  process.exitCode = exitStatusOfError(error);
}
