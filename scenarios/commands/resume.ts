import { Command } from 'commander';
import { listenAddress } from './options.js';
import { type Printing, report, reportSweep } from './outcome.js';

interface Flags extends Printing {
  readonly listen?: { host: string; port: number };
}

/** `gradswarm resume`. */
export function resumeCommand(): Command {
  return new Command('resume')
    .description('continue a stopped run from its last checkpoint')
    .argument('<directory>', 'the run directory')
    .option('--listen <[host]:port>', 'wait here for workers that join from elsewhere', listenAddress)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm resume runs/latest')
    .action(async (directory: string, flags: Flags) => {
      const { resumeRun, resumeSweep } = await import('../run/runtime.js');
      const { isSweepFolder, pointsOf } = await import('../run/sweep-run.js');
      if (isSweepFolder(directory))
        await reportSweep(
          (watching) => resumeSweep(directory, { ...resuming(flags), ...watching }),
          flags,
          pointsOf(directory),
        );
      else await report((watching) => resumeRun(directory, { ...resuming(flags), ...watching }), flags);
    });
}

function resuming({ listen }: Flags): { directory: null; listen: NonNullable<Flags['listen']> | null } {
  return { directory: null, listen: listen ?? null };
}
