import { Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { inThread } from './compute-thread.js';
import { type ListenFlags, listenOptions, withListening } from './listen.js';
import {
  absolutePath,
  collectModules,
  INITIAL_AGAIN,
  USE_AGAIN,
  type Using,
  useModules,
  wholeNumber,
} from './options.js';
import { type Printing, report, reportSweep } from './outcome.js';

type Flags = Printing & ListenFlags & Using & { readonly rounds?: number; readonly jobs?: number };

/** `gradswarm resume`. */
export function resumeCommand(): Command {
  return withListening(new Command('resume'))
    .description('continue a stopped run from its last checkpoint')
    .argument('<directory>', 'the run directory')
    .option('--rounds <rounds>', 'continue to this later last round, a finished run too', wholeNumber(1))
    .option('--jobs <count>', 'runs of a sweep at once, each in a process of its own', wholeNumber(1))
    .option('--use <module>', USE_AGAIN, collectModules)
    .option('--initial <file>', INITIAL_AGAIN, absolutePath)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm resume runs/latest\n  gradswarm resume runs/latest --rounds 200')
    .action(inThread(resume));
}

async function resume(directory: string, flags: Flags): Promise<void> {
  await useModules(flags);
  const { resumeRun, resumeSweep } = await import('../run/runtime.js');
  const { isSweepFolder, pointsOf } = await import('../run/sweep-run.js');
  if (flags.rounds !== undefined && isSweepFolder(directory))
    throw new GradswarmError('ERR_USAGE', '--rounds: expected the folder of one run, got that of a sweep');
  if (isSweepFolder(directory))
    await reportSweep(
      (watching) => resumeSweep(directory, { ...resuming(flags), ...watching }),
      flags,
      pointsOf(directory),
    );
  else await report((watching) => resumeRun(directory, { ...resuming(flags), ...watching }), flags);
}

function resuming(flags: Flags) {
  const { rounds } = flags;
  return {
    directory: null,
    listen: listenOptions(flags),
    jobs: flags.jobs ?? 1,
    ...(rounds !== undefined && { rounds }),
  };
}
