import { Command } from 'commander';
import { inThread } from './compute-thread.js';
import { type Printing, report } from './outcome.js';

/** `gradswarm report`. */
export function reportCommand(): Command {
  return new Command('report')
    .description('draw the report of a run again from its folder, finished or not')
    .argument('<directory>', 'the run directory')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm report runs/latest')
    .action(
      inThread(async (directory: string, flags: Printing) => {
        const { redrawReport } = await import('../run/runtime.js');
        await report(() => redrawReport(directory), flags);
      }),
    );
}
