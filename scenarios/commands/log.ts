import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';

interface Flags {
  readonly follow: boolean;
  readonly json?: boolean;
}

/** `gradswarm log`. */
export function logCommand(): Command {
  return new Command('log')
    .description('print what happened in a run, and while it is running what happens')
    .argument('[directory]', 'the directory of the run', 'runs/latest')
    .option('--no-follow', 'end with what there is')
    .option('--json', 'print one JSON object a line, as recorded')
    .addHelpText('after', '\nExamples:\n  gradswarm log\n  gradswarm log runs/latest --no-follow --json')
    .action(async (directory: string, { follow, json }: Flags) => {
      const { overviewOf } = await import('../recorded-runs/overview.js');
      const { logOf } = await import('../recorded-runs/run-log.js');
      const { runs } = overviewOf(directory);
      await interruptible(async (signal) => {
        for (const run of runs) {
          if (runs.length > 1 && !json) process.stdout.write(`${run}\n`);
          for await (const { text, record } of logOf(run, follow, signal))
            process.stdout.write(`${json ? JSON.stringify(record) : text}\n`);
        }
      });
    });
}
