import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';
import type { BenchmarkAim, BenchmarkRow } from '../run/run.js';
import { wholeNumber } from './options.js';
import { table } from './table.js';

interface Flags {
  readonly repeats: number;
  readonly json?: boolean;
  readonly plots?: string | null;
}

/** `gradswarm bench`. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('time what runs are made of on this machine')
    .argument('[names...]', 'benchmarks to run; left out: all of them')
    .option('--repeats <count>', 'timings of each, of which the median is shown', wholeNumber(1), 5)
    .option('--plots <folder>', 'draw the curves of growth there')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  gradswarm bench\n  gradswarm bench simulation --repeats 11 --json\n  gradswarm bench growth --plots growth',
    )
    .action(async (names: string[], { repeats, json, plots = null }: Flags) => {
      const { runBenchmarks } = await import('../bench/benchmarks.js');
      const rows = await interruptible((signal) => runBenchmarks(names, { repeats, signal, plots, note }));
      const text = json ? JSON.stringify(rows, null, 2) : shown(rows);
      process.stdout.write(`${text}\n`);
    });
}

const note = (text: string) => process.stderr.write(`${text}\n`);

function shown(rows: readonly BenchmarkRow[]): string {
  const cells = rows.map(({ name, median, least, unit, aim, withinAim }) => [
    name,
    shortNumber(median),
    shortNumber(least),
    unit,
    aim ? aimText(aim) : '',
    withinAim === null ? '' : withinAim ? 'yes' : 'no',
  ]);
  const references = rows.flatMap(({ name, references }) =>
    references.map(({ what, value, unit, source }) => `${name}: ${what} ${value} ${unit} (${source})`),
  );
  const below = references.length > 0 ? `\n\nFor comparison:\n${references.join('\n')}` : '';
  return table(['NAME', 'MEDIAN', 'LEAST', 'UNIT', 'AIM', 'WITHIN'], cells, 160) + below;
}

function aimText(aim: BenchmarkAim): string {
  return 'atMost' in aim ? `<= ${aim.atMost}` : `>= ${aim.atLeast}`;
}

/** Three digits that mean something, without an exponent: 1360, 8.09, 0.289. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
