import { Command } from 'commander';
import { interruptible } from '../interrupt.js';
import { runBenchmarks } from '../runtime.js';
import { wholeNumber } from './options.js';
import { table } from './table.js';

interface Flags {
  readonly repeats: number;
  readonly json?: boolean;
}

/** `gradswarm bench`. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('time what runs are made of on this machine')
    .argument('[names...]', 'benchmarks to run; left out: all of them')
    .option('--repeats <count>', 'timings of each, of which the median is shown', wholeNumber(1), 5)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', '\nExamples:\n  gradswarm bench\n  gradswarm bench --repeats 11 --json')
    .action(async (names: string[], { repeats, json }: Flags) => {
      const rows = await interruptible((signal) => runBenchmarks(names, { repeats, signal }));
      const cells = rows.map(({ name, median, least, unit }) => [
        name,
        median.toPrecision(4),
        least.toPrecision(4),
        unit,
      ]);
      const text = json ? JSON.stringify(rows, null, 2) : table(['NAME', 'MEDIAN', 'LEAST', 'UNIT'], cells, 120);
      process.stdout.write(`${text}\n`);
    });
}
