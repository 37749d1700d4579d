import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { type AccountAnswer, type AccountOptions, account } from '../../protocol/privacy/accounting/account.js';
import { type LedgerEntry, parseLedgerEntries } from '../../protocol/privacy/accounting/ledger.js';
import { ORDER_GRIDS, type OrderGrid, type Orders } from '../../protocol/privacy/accounting/orders.js';

const EXAMPLES = `
Examples:
  gradswarm account --q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5
      epsilon of DP-SGD: each record in each batch with probability 1 %
  gradswarm account --q 1 --noise-multiplier 20 --steps 100 --delta 1e-5
      full batches: exact Gaussian composition
  gradswarm account --q 0.01 --steps 1000 --delta 1e-5 --target-epsilon 2
      the smallest noise multiplier for epsilon 2
  gradswarm account --ledger ledger.json --delta 1e-6 --json
      a mixture; the file holds [{"q": 0.01, "noiseMultiplier": 1.1, "steps": 1000}, ...]`;

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
  readonly method?: 'auto' | 'rdp' | 'exact-gaussian';
  readonly records?: number;
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

function readLedger(path: string): readonly LedgerEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GradswarmError('ERR_USAGE', `--ledger ${path}: cannot be read`, { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new GradswarmError('ERR_USAGE', `--ledger ${path}: expected a JSON list of entries`, { cause });
  }
  // Every array has an `entries` method: the bare list comes first.
  if (!Array.isArray(parsed) && parsed !== null && typeof parsed === 'object' && 'entries' in parsed)
    return parseLedgerEntries(parsed.entries);
  return parseLedgerEntries(parsed);
}

function question(flags: Flags): AccountOptions {
  const asked = {
    sampling: flags.q,
    noiseMultiplier: flags.noiseMultiplier,
    steps: flags.steps,
    targetEpsilon: flags.targetEpsilon,
    adjacency: flags.adjacency,
    orders: flags.orders,
    conversion: flags.conversion,
    method: flags.method,
    recordCount: flags.records,
    ledger: flags.ledger === undefined ? undefined : readLedger(flags.ledger),
  };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...given, delta: flags.delta };
}

/** JSON has no infinity: an unbounded epsilon is the text "Infinity". */
function asJson({ epsilon, order, method, noiseMultiplier }: AccountAnswer): string {
  const finite = (value: number) => (value === Number.POSITIVE_INFINITY ? 'Infinity' : value);
  const noise = noiseMultiplier === undefined ? {} : { noiseMultiplier };
  return JSON.stringify({ epsilon: finite(epsilon), order, method, ...noise });
}

function asText(answer: AccountAnswer, delta: number): string {
  const how = {
    'exact-gaussian': 'exact Gaussian composition',
    rdp: answer.order === null ? 'Renyi orders' : `Renyi order ${answer.order}`,
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
        'composition; auto (the default) is exact where nothing is sampled, else rdp',
      ).choices(['auto', 'rdp', 'exact-gaussian']),
    )
    .option('--records <count>', 'size of the data set, to judge delta by', number)
    .option('--json', 'print one JSON object; an infinite epsilon is the text "Infinity"')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags, command: Command) => {
      const answer = account(question(flags));
      const output = command.configureOutput();
      for (const warning of answer.warnings) output.writeErr?.(`warning: ${warning}\n`);
      output.writeOut?.(flags.json ? `${asJson(answer)}\n` : asText(answer, flags.delta));
    });
}
