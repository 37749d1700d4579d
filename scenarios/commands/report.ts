import { Command } from 'commander';
import { inThread } from './compute-thread.js';
import { type Printing, report, reportSweep } from './outcome.js';

/** `gradswarm report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('draw the report of a run or a sweep again from its folder, finished or not')
    .argument('<directory>', 'the directory of the run or the sweep')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm report runs/latest')
    .action(
      inThread(async (directory: string, flags: Printing) => {
        const { redrawReport, redrawSweep } = await import('../run/runtime.js');
        const { isSweepFolder, pointsOf } = await import('../run/sweep-run.js');
        if (isSweepFolder(directory)) await reportSweep(() => redrawSweep(directory), flags, pointsOf(directory));
        else await report(() => redrawReport(directory), flags);
      }),
    );
}
