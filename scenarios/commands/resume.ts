import { Command } from 'commander';
import { inThread } from './compute-thread.js';
import { type ListenFlags, listenOptions, withListening } from './listen.js';
import { collectModules, USE_AGAIN, type Using, useModules } from './options.js';
import { type Printing, report, reportSweep } from './outcome.js';

type Flags = Printing & ListenFlags & Using;

/** `gradswarm resume`. */
export function resumeCommand(): Command {
  return withListening(new Command('resume'))
    .description('continue a stopped run from its last checkpoint')
    .argument('<directory>', 'the run directory')
    .option('--use <module>', USE_AGAIN, collectModules)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm resume runs/latest')
    .action(inThread(resume));
}

async function resume(directory: string, flags: Flags): Promise<void> {
  await useModules(flags);
  const { resumeRun, resumeSweep } = await import('../run/runtime.js');
  const { isSweepFolder, pointsOf } = await import('../run/sweep-run.js');
  if (isSweepFolder(directory))
    await reportSweep(
      (watching) => resumeSweep(directory, { ...resuming(flags), ...watching }),
      flags,
      pointsOf(directory),
    );
  else await report((watching) => resumeRun(directory, { ...resuming(flags), ...watching }), flags);
}

function resuming(flags: Flags) {
  return { directory: null, listen: listenOptions(flags) };
}
