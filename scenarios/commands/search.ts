import { Command, InvalidArgumentError, Option } from 'commander';
import { bytesText, numberText, timeText } from '../../coordinator/report/units.js';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep } from '../../protocol/scenario/input.js';
import type { Assignment } from '../../protocol/scenario/set-path.js';
import { withAssignments } from '../run/changed-settings.js';
import { folderOf, loadScenario } from '../run/load.js';
import { mainThread } from '../run/main-thread.js';
import { withNamedFiles } from '../run/named-files.js';
import { type Axis, parseAxis } from '../search/axis.js';
import { STRATEGIES, type Strategy } from '../search/plan.js';
import { GOAL_FIGURES, type Goal, type SearchCost } from '../search/ranking.js';
import type { SearchOutcome } from '../search/search.js';
import { inThread } from './compute-thread.js';
import { collectAssignments, collectModules, USE_MEANING, wholeNumber } from './options.js';
import { type Printing, watched } from './outcome.js';
import { PIPED_WIDTH, table } from './table.js';

interface Flags extends Printing {
  readonly over: readonly Axis[];
  readonly goal: Goal;
  readonly strategy: Strategy;
  readonly trials?: number;
  readonly searchSeed: number;
  readonly seeds: number;
  readonly keepOneIn: number;
  readonly rounds?: number;
  readonly set?: readonly Assignment[];
  readonly use?: readonly string[];
  readonly workers?: number;
  readonly jobs?: number;
  readonly out?: string;
}

const MOST_ROWS = 20;

const EXAMPLES = `
Ranges: PATH=log:0.001:1, PATH=linear:0:1, PATH=integer:1:32; ':5' at the end gives a grid 5 values. Or values: PATH=0.1,0.3,1.
'halving' runs all trials for few rounds, the best of them again for more, and so on to the scenario's rounds for the last one.
What all runs cost together is printed: choosing the best of several private runs releases what all of them released.

Examples:
  gradswarm search quick-start --over method.clientLearningRate=0.01,0.03,0.1 --goal max:finalAccuracy
  gradswarm search ./mine.json --over method.learningRate=log:0.001:1 --strategy random --trials 16 --seeds 3 --jobs 2
  gradswarm search ./mine.json --over method.learningRate=log:0.001:1 --strategy halving --trials 27 --out runs/rate

Exit status: 0 ranked, 3 the scenario or the command was refused.`;

/** `gradswarm search`. */
export function searchCommand(): Command {
  return new Command('search')
    .description('search settings of a scenario: grid, random or successive halving; ranked by a figure, with the cost')
    .argument('<scenario>', 'a name from the list, a .ts, .js or .json file, or a run directory')
    .requiredOption('--over <path=values>', 'a setting and its values or range; repeatable', collectAxes)
    .option('--goal <best:figure>', 'max:FIGURE or min:FIGURE of the results', parseGoal, parseGoal('min:finalLoss'))
    .addOption(new Option('--strategy <name>', 'how trials are chosen').choices(STRATEGIES).default('grid'))
    .option('--trials <count>', 'so many are drawn (random, halving)', wholeNumber(1))
    .option('--search-seed <seed>', 'of the draws', wholeNumber(0), 1)
    .option('--keep-one-in <count>', 'halving: of a rung, and the factor of its rounds', wholeNumber(2), 3)
    .option(
      '--seeds <count>',
      "every trial at so many seeds from the scenario's on; ranked by the mean",
      wholeNumber(1),
      1,
    )
    .option('--rounds <rounds>', 'the same as --set rounds=…', wholeNumber(1))
    .option('--workers <count>', 'worker processes of a run; 0: everything in this process', wholeNumber(0))
    .option('--set <path=value>', 'change one value of the scenario; repeatable', collectAssignments)
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--jobs <count>', 'runs at once, each in a process of its own', wholeNumber(1))
    .option('--out <directory>', 'write the search here; that of the same search continues')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', EXAMPLES)
    .action(inThread(run));
}

async function run(name: string, flags: Flags): Promise<void> {
  const { search } = await import('../search/search.js');
  const { withPlugIns } = await import('../plug-ins/use.js');
  const loaded = await loadScenario(name);
  if (isSweep(loaded))
    throw new GradswarmError('ERR_USAGE', `search: expected a scenario, got the sweep '${loaded.sweep}'`);
  const { set = [], workers, rounds } = flags;
  const named = Object.entries({ 'workers.count': workers, rounds }).flatMap(([path, value]) =>
    value === undefined ? [] : [{ path, value }],
  );
  const folder = folderOf(name);
  const input = await withNamedFiles(
    await withPlugIns(withAssignments(loaded, [...set, ...named]), folder, flags.use),
    folder,
  );
  if (isSweep(input)) throw new TypeError('unreachable: changes make no sweep');
  const { over: axes, goal, strategy, trials = null, searchSeed: seed, keepOneIn, seeds } = flags;
  const request = { axes, goal, strategy, trials, seed, keepOneIn, seeds };
  const outcome = await watched(
    (watching) =>
      search(input, request, { directory: flags.out ?? null, listen: null, jobs: flags.jobs ?? 1, ...watching }),
    flags,
    1,
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  else if (!flags.quiet) process.stdout.write(`${lines(outcome, goal).join('\n')}\n`);
}

function lines({ best, rungs, cost, directory }: SearchOutcome, { figure, best: sense }: Goal): string[] {
  const width = mainThread()?.columns ?? process.stdout.columns ?? PIPED_WIDTH;
  const blocks = rungs.flatMap(({ rounds, trials }) => {
    const paths = Object.keys(trials[0]!.values);
    const rows = trials
      .slice(0, MOST_ROWS)
      .map(({ values, score }, i) => [
        String(i + 1),
        scoreText(score),
        ...paths.map((path) => plainText(values[path])),
      ]);
    const more = trials.length > MOST_ROWS ? [`… and ${trials.length - MOST_ROWS} more in search.json`] : [];
    return [
      `${rounds} rounds, ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}`,
      table(['', figure, ...paths], rows, width),
      ...more,
      '',
    ];
  });
  const choice = Object.entries(best.values).map(([path, value]) => `--set ${path}=${plainText(value)}`);
  return [
    ...blocks,
    `best by ${sense}:${figure}: ${choice.join(' ')}  (${scoreText(best.score)})`,
    ...costLines(cost),
    `search: ${directory}`,
  ];
}

function costLines({ runs, rounds, bytes, simulatedMs, privacy }: SearchCost): string[] {
  const all = `cost of the search: ${runs} runs, ${numberText(rounds)} rounds, ${bytesText(bytes)}, ${timeText(simulatedMs)} simulated`;
  if (!privacy) return [all];
  const { epsilon, delta } = privacy;
  const doubt = privacy.private ? '' : 'NOT PRIVATE, as the runs say: ';
  return [
    all,
    `privacy of the search: ${doubt}epsilon ${numberText(Number(epsilon))} at delta ${numberText(delta)} for all runs together (basic composition); 'gradswarm account --runs' has tighter laws`,
  ];
}

function scoreText(score: number | null): string {
  return score === null ? 'not finite' : numberText(score);
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function collectAxes(text: string, before: readonly Axis[] = []): readonly Axis[] {
  return [...before, parseAxis(text)];
}

function parseGoal(text: string): Goal {
  const [best, figure] = text.split(':');
  if ((best === 'max' || best === 'min') && GOAL_FIGURES.some((known) => known === figure))
    return { best, figure: figure as Goal['figure'] };
  throw new InvalidArgumentError(`Expected max:FIGURE or min:FIGURE with ${GOAL_FIGURES.join(', ')}, got '${text}'.`);
}
