import { Command } from 'commander';
import { packageRecord } from '../../coordinator/run-directory/manifest.js';

/** By name, in the order of the help. A command is read when it is called: the others would cost time and memory. */
const COMMANDS: Readonly<Record<string, () => Promise<() => Command>>> = {
  list: async () => (await import('./list.js')).listCommand,
  run: async () => (await import('./run.js')).runCommand,
  search: async () => (await import('./search.js')).searchCommand,
  serve: async () => (await import('./serve.js')).serveCommand,
  worker: async () => (await import('./worker.js')).workerCommand,
  swarm: async () => (await import('./swarm.js')).swarmCommand,
  fetch: async () => (await import('./fetch.js')).fetchCommand,
  health: async () => (await import('./health.js')).healthCommand,
  replay: async () => (await import('./replay.js')).replayCommand,
  resume: async () => (await import('./resume.js')).resumeCommand,
  report: async () => (await import('./report.js')).reportCommand,
  runs: async () => (await import('./runs.js')).runsCommand,
  show: async () => (await import('./show.js')).showCommand,
  open: async () => (await import('./open.js')).openCommand,
  export: async () => (await import('./export.js')).exportCommand,
  calibrate: async () => (await import('./calibrate.js')).calibrateCommand,
  compare: async () => (await import('./compare.js')).compareCommand,
  log: async () => (await import('./log.js')).logCommand,
  stop: async () => (await import('./stop.js')).stopCommand,
  clean: async () => (await import('./clean.js')).cleanCommand,
  new: async () => (await import('./new.js')).newCommand,
  schema: async () => (await import('./schema.js')).schemaCommand,
  check: async () => (await import('./check.js')).checkCommand,
  conformance: async () => (await import('./conformance.js')).conformanceCommand,
  devices: async () => (await import('./devices.js')).devicesCommand,
  bench: async () => (await import('./bench.js')).benchCommand,
  account: async () => (await import('./account.js')).accountCommand,
};

const EXAMPLES = `
Examples:
  gradswarm list
  gradswarm run quick-start
  gradswarm run quick-start --workers 4
  gradswarm run --help`;

/** With the command that is called; with all of them for the help, and where there is no such command. */
export async function program(called = process.argv[2]): Promise<Command> {
  const root = new Command('gradswarm')
    .description('Distributed and federated training where bytes, privacy and faults are counted.')
    .version(packageRecord().version, '--version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  if (called === '--version') return root;
  if (called === 'point') {
    const { pointCommand } = await import('./point.js');
    return root.addCommand(pointCommand().exitOverride(), { hidden: true });
  }
  const known = called !== undefined && Object.hasOwn(COMMANDS, called);
  for (const load of known ? [COMMANDS[called]!] : Object.values(COMMANDS))
    root.addCommand((await load())().exitOverride().showHelpAfterError('(see --help)'));
  return root;
}
