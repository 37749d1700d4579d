import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import type { Difference } from '../recorded-runs/differences.js';
import { shown } from '../run/shown.js';
import { PIPED_WIDTH, table, tableInBlocks } from './table.js';

interface Flags {
  readonly out: string;
  readonly json?: boolean;
}

const EXAMPLES = `
The runs are called a, b, c, … in the order given; a sweep stands for its points. Runs at several seeds
are compared by setting: mean difference, paired by seed, and whether it is one.

Examples:
  gradswarm compare runs/quick-start/*
  gradswarm compare runs/a runs/b --out a-and-b.html
  gradswarm compare runs/a runs/b --json`;

/** `gradswarm compare`. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('compare runs: the settings and results that differ, and their curves in a page')
    .argument('<directories...>', 'two runs or more, or a sweep')
    .option('--out <file>', 'where the page is written', 'comparison.html')
    .option('--json', 'print one JSON document and write no page')
    .addHelpText('after', EXAMPLES)
    .action(compare);
}

async function compare(directories: readonly string[], { out, json }: Flags): Promise<void> {
  const { comparisonOf, letterOf, settingText } = await import('../recorded-runs/comparison.js');
  const { differenceTables } = await import('../../coordinator/report/seed-comparisons.js');
  const { named, groups, ...comparison } = comparisonOf(directories);
  const { runs, settings, results, differences } = comparison;
  if (runs.length < 2)
    throw new GradswarmError('ERR_USAGE', `compare: expected two runs or more, or a sweep, got ${runs.length}`);
  if (json) {
    process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
    return;
  }
  const letters = runs.map((_, i) => letterOf(i));
  const width = process.stdout.columns ?? PIPED_WIDTH;
  const inBlocks = (heading: string, differences: readonly Difference[]) => {
    const rows = differences.map(({ name, values }) => [name, ...values.map(settingText)]);
    return tableInBlocks([heading, ...letters], rows, width).join('\n\n');
  };
  const lines = [
    ...runs.map((path, i) => `${letters[i]}  ${shown(path)}`),
    '',
    settings.length === 0 ? 'no setting differs' : inBlocks('SETTING', settings),
    '',
    inBlocks('RESULT', results),
    ...differenceTables(differences).flatMap(({ title, settings, headings, rows }) => [
      '',
      title,
      table([...settings, ...headings], rows, width),
    ]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const { comparisonPage } = await import('../recorded-runs/comparison-page.js');
  try {
    writeFileSync(out, await comparisonPage(comparison, { named, groups }));
  } catch (error) {
    throw new GradswarmError(
      'ERR_USAGE',
      `--out ${out}: expected a file that can be written: ${(error as Error).message}`,
    );
  }
  process.stdout.write(`\npage: ${out}\n`);
}
