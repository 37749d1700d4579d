import { Command } from 'commander';
import { inThread } from './compute-thread.js';
import { absolutePath, collectModules, INITIAL_AGAIN, USE_AGAIN, type Using, useModules } from './options.js';
import { type Printing, report } from './outcome.js';

interface Flags extends Printing, Using {
  readonly out?: string;
}

/** `gradswarm replay`. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('run a recorded run again, with the recorded absences, and compare the bits')
    .argument('<directory>', 'the run directory')
    .option('--out <directory>', 'write the new run here, not under runs/')
    .option('--use <module>', USE_AGAIN, collectModules)
    .option('--initial <file>', INITIAL_AGAIN, absolutePath)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm replay runs/latest')
    .action(inThread(replay));
}

async function replay(directory: string, flags: Flags): Promise<void> {
  await useModules(flags);
  const { replayRun } = await import('../run/runtime.js');
  const out = flags.out ?? null;
  await report((watching) => replayRun(directory, { directory: out, listen: null, ...watching }), flags);
}
