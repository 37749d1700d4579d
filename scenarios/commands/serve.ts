import { Command } from 'commander';
import type { ListenOptions } from '../../coordinator/members/host-options.js';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Assignment } from '../../protocol/scenario/set-path.js';
import { withAssignments } from '../run/changed-settings.js';
import { interruptible } from '../run/interrupt.js';
import { folderOf, loadScenario } from '../run/load.js';
import { mainThread } from '../run/main-thread.js';
import { withNamedFiles } from '../run/named-files.js';
import { keptToken } from '../run/token.js';
import { inThread } from './compute-thread.js';
import { EXIT } from './exit-status.js';
import { type ListenFlags, listenOptions, withListening } from './listen.js';
import { collectAssignments, collectModules, USE_MEANING, wholeNumber } from './options.js';
import { type Printing, report } from './outcome.js';

interface Flags extends Printing, ListenFlags {
  readonly open?: boolean;
  readonly out: string;
  readonly set?: readonly Assignment[];
  readonly use?: readonly string[];
  readonly workers?: number;
  readonly linger: number;
}

const EXAMPLES = `
The same command begins the run, continues it after any end of the process, and reports how it ended once it is over: what a
supervisor restarts until it succeeds. SIGTERM is one Ctrl-C: a checkpoint is written and the workers wait.

With --listen and no token of your own, one is drawn and kept in DIRECTORY.token, so that workers stay admitted when it starts again.

With --linger the command stays once the run is over, until the folder has been fetched ('gradswarm fetch') or the time is over.

Examples:
  gradswarm serve quick-start --out runs/one --workers 4 --listen :7700

Exit status: 0 the run is over, whatever its verdict; 2 it is not, start the command again; 3 the scenario or the folder was not
accepted.`;

/** `gradswarm serve`. */
export function serveCommand(): Command {
  return withListening(new Command('serve'))
    .description('begin a run in a folder, or continue it: the same command until it is over')
    .argument('<scenario>', 'a name from the list, or a .ts, .js or .json file')
    .requiredOption('--out <directory>', 'the folder of the run')
    .option('--workers <count>', 'worker processes; 0: everything in this process', wholeNumber(0))
    .option('--set <path=value>', 'change one value of the scenario; repeatable', collectAssignments)
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--linger <seconds>', 'once the run is over: stay so long for its folder to be fetched', wholeNumber(0), 0)
    .option('--json', 'print one JSON document and nothing else')
    .option('--open', 'show the run as it goes in a page on this machine’s loopback')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', EXAMPLES)
    .action(inThread(serve));
}

async function serve(name: string, flags: Flags): Promise<void> {
  const { continueRun, loadCatalogue } = await import('../run/runtime.js');
  const { withPlugIns } = await import('../plug-ins/use.js');
  if (flags.open) mainThread()?.post({ type: 'open' });
  const loaded = await loadScenario(name);
  const assignments = [
    ...(flags.set ?? []),
    ...(flags.workers === undefined ? [] : [{ path: 'workers.count', value: flags.workers }]),
  ];
  const input = withAssignments(loaded, assignments);
  if (isSweep(input))
    throw new GradswarmError(
      'ERR_USAGE',
      `serve: expected a scenario, got the sweep '${name}'; 'run' and 'resume' do sweeps`,
    );
  const scenario = await resolveScenario(
    await withNamedFiles(await withPlugIns(input, folderOf(name), flags.use), folderOf(name)),
    await loadCatalogue(),
  );
  if (flags.listen && scenario.workers.count === 0)
    throw new GradswarmError('ERR_USAGE', '--listen: expected --workers with the number to wait for, got 0 workers');
  const asked = listenOptions(flags);
  const tokenFile = `${flags.out.replace(/\/+$/, '')}.token`;
  const listen = asked && { ...asked, token: asked.token ?? keptToken(tokenFile) };
  if (asked && !asked.token && !flags.quiet) process.stderr.write(`workers join with --token-file ${tokenFile}\n`);
  await report(async (watching) => (await continueRun(scenario, flags.out, { listen, ...watching })).outcome, flags);
  if (listen && flags.linger > 0) await linger(listen, flags);
  process.exitCode = EXIT.valid;
}

async function linger(listen: ListenOptions, { out, linger, quiet }: Flags): Promise<void> {
  const { archiveOf } = await import('../../coordinator/run-directory/archive.js');
  const { handOver } = await import('../../coordinator/members/hand-over.js');
  if (!quiet) process.stderr.write(`the folder can be fetched for ${linger} s\n`);
  const fetched = await interruptible((signal) =>
    handOver({ listen, archive: (checkpoints) => archiveOf(out, checkpoints), forMs: 1000 * linger, signal }),
  );
  if (!quiet) process.stderr.write(fetched ? 'the folder was fetched\n' : 'the folder was not fetched\n');
}
