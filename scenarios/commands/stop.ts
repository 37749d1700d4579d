import { Command } from 'commander';
import { wholeNumber } from './options.js';

interface Flags {
  readonly wait: number;
  readonly json?: boolean;
}

/** `gradswarm stop`. */
export function stopCommand(): Command {
  return new Command('stop')
    .description('stop a running run or sweep of this machine, so that it can be resumed')
    .argument('[directory]', 'the directory of the run or the sweep', 'runs/latest')
    .option('--wait <seconds>', 'for its end at most so long', wholeNumber(0), 60)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', '\nExamples:\n  gradswarm stop\n  gradswarm stop runs/latest --wait 300')
    .action(async (directory: string, { wait, json }: Flags) => {
      const { stopRun } = await import('../recorded-runs/stop-run.js');
      const { overviewOf } = await import('../recorded-runs/overview.js');
      const { pid } = await stopRun(directory, 1000 * wait);
      const { path, state, done, of } = overviewOf(directory);
      const text = `process ${pid} has ended; ${done} of ${of} done; 'gradswarm resume ${directory}' continues`;
      process.stdout.write(`${json ? JSON.stringify({ path, pid, state, done, of }, null, 2) : text}\n`);
    });
}
