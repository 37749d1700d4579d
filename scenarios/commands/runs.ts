import { Command } from 'commander';
import { bytesText } from '../../coordinator/report/units.js';
import { shown } from '../run/shown.js';
import { PIPED_WIDTH, table } from './table.js';

/** `gradswarm runs`. */
export function runsCommand(): Command {
  return new Command('runs')
    .description('list what ran here, newest first: verdict, age, size')
    .argument('[folder]', 'where to look', 'runs')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', '\nExamples:\n  gradswarm runs\n  gradswarm runs ../experiments --json')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const { findRuns } = await import('../recorded-runs/find-runs.js');
      const { ageText } = await import('../recorded-runs/age.js');
      const { stateText } = await import('../recorded-runs/run-text.js');
      const runs = findRuns(folder);
      if (json) {
        process.stdout.write(`${JSON.stringify(runs, null, 2)}\n`);
        return;
      }
      const rows = runs.map((run) => [
        stateText(run),
        `${run.done}/${run.of}${run.kind === 'sweep' ? ' points' : ''}`,
        ageText(Date.now() - Date.parse(run.startedAt)),
        bytesText(run.bytes),
        shown(run.path),
      ]);
      const width = process.stdout.columns ?? PIPED_WIDTH;
      const text = table(['VERDICT', 'DONE', 'AGE', 'SIZE', 'FOLDER'], rows, Math.max(width, 80));
      process.stdout.write(rows.length === 0 ? `nothing ran in ${folder}\n` : `${text}\n`);
    });
}
