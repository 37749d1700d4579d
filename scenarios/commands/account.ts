import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseLedgerEntries } from '../../coordinator/run-directory/ledger-entries.js';
import { GradswarmError } from '../../protocol/errors.js';
import {
  type AccountAnswer,
  type AccountMethod,
  type AccountOptions,
  account,
} from '../../protocol/privacy/accounting/account.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import { ORDER_GRIDS, type OrderGrid, type Orders } from '../../protocol/privacy/accounting/orders.js';
import type { SamplingScheme } from '../../protocol/privacy/accounting/proven-bounds.js';
import type { RunCountLaw } from '../../protocol/privacy/accounting/selection.js';
import { parseJson } from '../run/json-text.js';
import { explanation } from './account-explanation.js';

const EXAMPLES = `
Examples:
  gradswarm account --q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5
      epsilon of DP-SGD: each record in each batch with probability 1 %
  gradswarm account --q 1 --noise-multiplier 20 --steps 100 --delta 1e-5
      full batches: exact Gaussian composition
  gradswarm account --q 0.01 --steps 1000 --delta 1e-5 --target-epsilon 2
      the smallest noise multiplier for epsilon 2
  gradswarm account --ledger ledger.json --delta 1e-6 --json
      a mixture; the file holds [{"q": 0.01, "noiseMultiplier": 1.1, "steps": 1000}, ...]
  gradswarm account --q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5 --explain
      every bound that is proven, and how far below them the truth may lie
  gradswarm account --q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5 --records 50000 --cap 700
      Poisson batches that are cut to 700 records
  gradswarm account --q 0.01 --noise-multiplier 2 --steps 1000 --delta 1e-5 --runs 20 --runs-law geometric
      the best of 20 runs on average is kept`;

interface Flags {
  readonly q?: number;
  readonly noiseMultiplier?: number;
  readonly steps?: number;
  readonly delta: number;
  readonly targetEpsilon?: number;
  readonly ledger?: string;
  readonly adjacency?: 'add-remove' | 'replace-one';
  readonly orders?: Orders;
  readonly conversion?: 'tight' | 'classic';
  readonly method?: AccountMethod;
  readonly records?: number;
  readonly sampling?: SamplingScheme | 'shuffled';
  readonly cap?: number;
  readonly runs?: number;
  readonly runsLaw?: RunCountLaw;
  readonly explain?: boolean;
  readonly json?: boolean;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** A grid's name, or the orders themselves. */
function orders(text: string): Orders {
  if (Object.hasOwn(ORDER_GRIDS, text)) return text as OrderGrid;
  const list = text.split(',').map((order) => (order.trim() === '' ? Number.NaN : Number(order)));
  if (list.some(Number.isNaN))
    throw new InvalidArgumentError(
      `expected one of ${Object.keys(ORDER_GRIDS).join(', ')}, or orders above 1 in ascending order such as 1.5,2,64.`,
    );
  return list;
}

async function readLedger(path: string): Promise<readonly LedgerEntry[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GradswarmError('ERR_USAGE', `--ledger ${path}: cannot be read`, { cause });
  }
  const parsed = await parseJson(text, `--ledger ${path}`, 'ERR_USAGE');
  // Every array has an `entries` method: the bare list comes first.
  if (!Array.isArray(parsed) && parsed !== null && typeof parsed === 'object' && 'entries' in parsed)
    return parseLedgerEntries(parsed.entries);
  return parseLedgerEntries(parsed);
}

async function question(flags: Flags): Promise<AccountOptions> {
  if (flags.sampling === 'shuffled')
    throw new GradswarmError(
      'ERR_PRIVACY',
      '--sampling shuffled: shuffled batches amplify privacy by no theorem that holds for the Gaussian at every step; use ' +
        'poisson or without-replacement where batches are drawn so, else --q 1 with one step an epoch',
    );
  if (flags.runsLaw !== undefined && flags.runs === undefined)
    throw new GradswarmError('ERR_USAGE', '--runs-law: the number of runs is missing (--runs)');
  const asked = {
    scheme: flags.sampling,
    cap: flags.cap,
    selection: flags.runs === undefined ? undefined : { runs: flags.runs, law: flags.runsLaw ?? 'fixed' },
    sampling: flags.q,
    noiseMultiplier: flags.noiseMultiplier,
    steps: flags.steps,
    targetEpsilon: flags.targetEpsilon,
    adjacency: flags.adjacency,
    orders: flags.orders,
    conversion: flags.conversion,
    method: flags.method,
    recordCount: flags.records,
    ledger: flags.ledger === undefined ? undefined : await readLedger(flags.ledger),
  };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...given, delta: flags.delta };
}

/** JSON has no infinity: an unbounded epsilon is the text "Infinity". */
function asJson({ epsilon, order, method, noiseMultiplier, proven }: AccountAnswer, explain: boolean): string {
  const finite = (value: number) => (value === Number.POSITIVE_INFINITY ? 'Infinity' : value);
  const noise = noiseMultiplier === undefined ? {} : { noiseMultiplier };
  const bounds = proven?.bounds.map((bound) => ({
    method: bound.method,
    epsilon: finite(bound.epsilon),
    order: bound.order,
  }));
  const explained = explain && proven ? { bounds, lowerEpsilon: proven.lowerEpsilon } : {};
  return JSON.stringify({ epsilon: finite(epsilon), order, method, ...noise, ...explained });
}

function asText(answer: AccountAnswer, delta: number): string {
  const how = {
    'exact-gaussian': 'exact Gaussian composition',
    rdp: answer.order === null ? 'Renyi orders' : `Renyi order ${answer.order}`,
    'loss-distribution': 'privacy loss distribution',
    none: 'nothing was released',
  }[answer.method];
  const noise = answer.noiseMultiplier === undefined ? '' : `noise multiplier ${answer.noiseMultiplier}\n`;
  return `${noise}epsilon ${answer.epsilon} at delta ${delta} (${how})\n`;
}

/** `gradswarm account`: the privacy accountant on its own. Writes to the command's own output, throws GradswarmError. */
export function accountCommand(): Command {
  return new Command('account')
    .description('epsilon of a differentially private run, or the noise it takes')
    .option('--q <probability>', 'Poisson sampling probability of a record at each step; 1: full batches', number)
    .option('--noise-multiplier <z>', 'noise standard deviation divided by the L2 sensitivity', number)
    .option('--steps <count>', 'number of releases', number)
    .requiredOption('--delta <probability>', 'strictly between 0 and 1; should be below 1 / records', number)
    .option('--target-epsilon <epsilon>', 'find the smallest noise multiplier for this epsilon', number)
    .option('--ledger <file>', 'JSON list of ledger entries, composed; in place of --q, --noise-multiplier and --steps')
    .addOption(
      new Option('--adjacency <relation>', 'neighbouring data sets (default: add-remove)').choices([
        'add-remove',
        'replace-one',
      ]),
    )
    .option(
      '--orders <grid>',
      `Renyi orders: ${Object.keys(ORDER_GRIDS).join(', ')}, or a list such as 1.5,2,64 (default: dp_accounting)`,
      orders,
    )
    .addOption(
      new Option('--conversion <formula>', 'from Renyi to epsilon (default: tight)').choices(['tight', 'classic']),
    )
    .addOption(
      new Option(
        '--method <method>',
        'tightest (the default): the least of all proven bounds; auto, as runs are accounted: exact where nothing is ' +
          'sampled, else rdp',
      ).choices(['tightest', 'auto', 'rdp', 'exact-gaussian', 'loss-distribution']),
    )
    .option('--explain', 'print every bound that applies, and the gap to the lower bound')
    .addOption(
      new Option('--sampling <scheme>', 'how batches are drawn (default: poisson)').choices([
        'poisson',
        'without-replacement',
        'shuffled',
      ]),
    )
    .option('--cap <count>', 'Poisson batches are cut to this many records; needs --records', number)
    .option('--runs <count>', 'the best of this many runs is kept: their number, or its mean', number)
    .addOption(
      new Option('--runs-law <law>', 'law of the number of runs (default: fixed, all of which are charged)').choices([
        'fixed',
        'geometric',
        'logarithmic',
        'poisson',
      ]),
    )
    .option('--records <count>', 'size of the data set, to judge delta by', number)
    .option('--json', 'print one JSON object; an infinite epsilon is the text "Infinity"')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags, command: Command) => {
      const answer = account(await question(flags));
      const output = command.configureOutput();
      for (const warning of answer.warnings) output.writeErr?.(`warning: ${warning}\n`);
      const explain = flags.explain === true;
      if (flags.json) output.writeOut?.(`${asJson(answer, explain)}\n`);
      else output.writeOut?.(asText(answer, flags.delta) + (explain ? explanation(answer, flags.delta) : ''));
    });
}
