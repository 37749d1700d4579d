import { Command } from 'commander';
import { PIPED_WIDTH, wrapped } from './table.js';

/** `gradswarm show`. */
export function showCommand(): Command {
  return new Command('show')
    .description('show a run or a sweep in the terminal: what ran, its curves, its verdict')
    .argument('[directory]', 'the directory of the run or the sweep', 'runs/latest')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', '\nExamples:\n  gradswarm show\n  gradswarm show runs/latest --json')
    .action(show);
}

async function show(directory: string, { json }: { json?: boolean }): Promise<void> {
  const { overviewOf } = await import('../recorded-runs/overview.js');
  const { runText, sweepText } = await import('../recorded-runs/run-text.js');
  const { openRun } = await import('../run/open-run.js');
  const overview = overviewOf(directory);
  const opened = overview.runs.map((path) => [overviewOf(path), openRun(path)] as const);
  if (json) {
    const runs = opened.map(([{ path }, { draws: _, ...run }]) => ({ path, ...run }));
    process.stdout.write(`${JSON.stringify({ ...overview, runs }, null, 2)}\n`);
    return;
  }
  const lines = overview.kind === 'run' ? runText(overview, opened[0]![1]) : sweepText(overview, opened);
  process.stdout.write(`${wrapped(lines, process.stdout.columns ?? PIPED_WIDTH).join('\n')}\n`);
}
