import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { bytesText } from '../../coordinator/report/units.js';
import { GradswarmError } from '../../protocol/errors.js';
import { parseAge } from '../recorded-runs/age.js';
import { wholeNumber } from './options.js';

interface Flags {
  readonly olderThan?: number;
  readonly keep?: number;
  readonly failed?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Nothing is removed without --yes; a running run never is.

Examples:
  gradswarm clean --older-than 30d
  gradswarm clean --failed --yes
  gradswarm clean --keep 3 --yes     the three newest runs of each scenario stay`;

/** `gradswarm clean`. */
export function cleanCommand(): Command {
  return new Command('clean')
    .description('remove old runs')
    .argument('[folder]', 'where to look', 'runs')
    .option('--older-than <age>', 'those that began longer ago, such as 7d or 12h', age)
    .option('--keep <count>', 'all but so many of each scenario', wholeNumber(0))
    .option('--failed', 'those alone that are not valid or did not end')
    .option('--yes', 'remove them')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(clean);
}

async function clean(folder: string, { olderThan, keep, failed, yes, json }: Flags): Promise<void> {
  if (olderThan === undefined && keep === undefined && !failed)
    throw new GradswarmError('ERR_USAGE', 'clean: expected --older-than, --keep or --failed, got none of them');
  const { remove, runsToClean } = await import('../recorded-runs/clean.js');
  const root = resolve(folder);
  const conditions = {
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
    ...(keep !== undefined && { keep }),
    ...(failed && { failed }),
  };
  const runs = runsToClean(root, conditions, Date.now());
  if (yes) remove(root, runs);
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  const what = `${runs.length} ${runs.length === 1 ? 'folder' : 'folders'} with ${bytesText(bytes)}`;
  const text = [...runs.map(({ path }) => path), yes ? `removed ${what}` : `would remove ${what}; --yes removes them`];
  const document = { removed: yes === true, bytes, folders: runs.map(({ path }) => path) };
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : text.join('\n')}\n`);
}

function age(text: string): number {
  const ms = parseAge(text);
  if (ms === null) throw new InvalidArgumentError(`Expected a time such as 7d, 12h or 30min, got '${text}'.`);
  return ms;
}
