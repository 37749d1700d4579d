import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { chaptersOf, chosen, type Subject } from '../conformance/chapters.js';
import { countsOf, judge, type Result, type StageMaker } from '../conformance/judge.js';
import { junitOf, listOf, textOf, totalOf } from '../conformance/print.js';
import { Coordinator } from '../conformance/script/coordinator.js';
import { CoordinatorStage } from '../conformance/script/coordinator-stage.js';
import { SERVED, SERVED_WALL } from '../conformance/script/scenario.js';
import { TOKEN_VARIABLE } from '../run/token.js';
import { EXIT } from './exit-status.js';
import { coordinatorUrl, readToken, wholeNumber } from './options.js';

interface Flags {
  readonly case?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
  readonly jobs: number;
}

const WORKER_EXAMPLES = `
COMMAND starts the worker: once for each case, against a coordinator of the kit at another port. It gets the coordinator's URL and the
run's token as {url} and {token} in its words, and as GRADSWARM_URL and GRADSWARM_TOKEN in its environment.

Verdicts: pass; fail, with what was expected, what came and why; not applicable, where the worker does not offer what the case is
about; inconclusive, where the case's point was not reached because something before it went wrong.

Examples:
  gradswarm conformance worker -- python3 worker.py {url}
  gradswarm conformance worker --case 1.2 --case 'challenge' -- ./worker --join {url}
  gradswarm conformance worker --junit report.xml -- ./worker --join {url}
  gradswarm conformance worker --list

Exit status: 0 no case failed and none was inconclusive; 1 some were; 3 the command line is not understood.`;

const COORDINATOR_EXAMPLES = `
The coordinator under test serves the run that 'gradswarm conformance scenario' prints: one worker, two clients. Each case ends with a
round that is played as it should be; chapter 6 plays the run to its end. With 'serve --linger 60' it is judged after the end too.

Examples:
  gradswarm conformance scenario > conformance.json
  gradswarm serve conformance.json --workers 1 --listen 127.0.0.1:7700 --out runs/conformance &
  gradswarm conformance coordinator ws://127.0.0.1:7700 --token-file runs/conformance.token
  gradswarm conformance coordinator ws://127.0.0.1:7700 --case 1 --token-file runs/conformance.token

The cases of the wall clock (3.7, 6.1) need another run, that of 'gradswarm conformance scenario --clock wall'; the others of the
same chapters are not applicable there.

Exit status: 0 no case failed and none was inconclusive; 1 some were; 3 the command line is not understood.`;

/** `gradswarm conformance`. */
export function conformanceCommand(): Command {
  return new Command('conformance')
    .description('judge an implementation of the protocol, case by case')
    .addCommand(workerKit().exitOverride().showHelpAfterError('(see --help)'))
    .addCommand(coordinatorKit().exitOverride().showHelpAfterError('(see --help)'))
    .addCommand(servedScenario().exitOverride().showHelpAfterError('(see --help)'))
    .addHelpText(
      'after',
      '\nExamples:\n  gradswarm conformance worker -- python3 worker.py {url}\n  gradswarm conformance worker --list\n  gradswarm conformance coordinator ws://127.0.0.1:7700',
    );
}

function withCases(command: Command): Command {
  return command
    .option('--case <pattern>', "an id, its beginning, or a part of the case's sentence; repeatable", collect)
    .option('--list', 'print the cases and play none')
    .option('--json', 'print one JSON document and nothing else')
    .option('--junit <file>', 'write the results as JUnit XML');
}

function workerKit(): Command {
  return withCases(new Command('worker'))
    .description('play a coordinator for a worker that COMMAND starts')
    .argument('[command...]', 'what starts the worker, after --')
    .option('--jobs <count>', 'cases that are played at once', wholeNumber(1), 2)
    .addHelpText('after', WORKER_EXAMPLES)
    .action(async (words: string[], flags: Flags) => {
      if (words.length === 0 && !flags.list)
        throw new GradswarmError('ERR_USAGE', 'expected the command that starts the worker after --, got none');
      await play('worker', flags, {
        open: () => Coordinator.open(words),
        close: (stage) => stage.close(),
      });
    });
}

function coordinatorKit(): Command {
  return withCases(new Command('coordinator'))
    .description('play workers for a coordinator that serves the scenario of the kit')
    .argument('[url]', 'where it listens', coordinatorUrl)
    .option('--token-file <file>', `the run's token; left out: ${TOKEN_VARIABLE}`)
    .addHelpText('after', COORDINATOR_EXAMPLES)
    .action(async (url: string | undefined, flags: Omit<Flags, 'jobs'> & { readonly tokenFile?: string }) => {
      if (flags.list) return play('coordinator', { ...flags, jobs: 1 }, NO_STAGE);
      const token = readToken(flags.tokenFile);
      if (url === undefined || token === null)
        throw new GradswarmError(
          'ERR_USAGE',
          `expected a URL, and the run's token in --token-file or ${TOKEN_VARIABLE}`,
        );
      await play(
        'coordinator',
        { ...flags, jobs: 1 },
        {
          open: async () => new CoordinatorStage(url, token),
          close: (stage) => stage.close(),
        },
      );
    });
}

/** Lists need no stage. */
const NO_STAGE: StageMaker<never> = { open: () => Promise.reject(new Error('no stage')), close: async () => {} };

function servedScenario(): Command {
  return new Command('scenario')
    .description('print the scenario that a coordinator under test has to serve')
    .addOption(
      new Option('--clock <name>', "'wall': another run, for cases of real deadlines and of a run that fails")
        .choices(['virtual', 'wall'])
        .default('virtual'),
    )
    .action(({ clock }: { readonly clock: string }) => {
      process.stdout.write(`${JSON.stringify(clock === 'wall' ? SERVED_WALL : SERVED, null, 2)}\n`);
    });
}

async function play<Stage>(subject: Subject, flags: Flags, maker: StageMaker<Stage>): Promise<void> {
  const chapters = await chaptersOf<Stage>(subject);
  const cases = chosen(chapters, flags.case ?? []);
  if (cases.length === 0)
    throw new GradswarmError(
      'ERR_USAGE',
      `--case: expected a case's id or words of its sentence, got ${flags.case?.join(', ')}`,
    );
  if (flags.list) {
    const list = cases.map(({ id, title, section }) => ({ id, title, section }));
    process.stdout.write(
      `${flags.json ? JSON.stringify(list, null, 2) : listOf(chapters, new Set(cases.map(({ id }) => id)))}\n`,
    );
    return;
  }
  const results = await judge(cases, maker, flags.jobs, (result) => {
    if (!flags.json) process.stdout.write(`${textOf(result)}\n`);
  });
  const counts = countsOf(results);
  if (flags.junit !== undefined) writeFileSync(flags.junit, junitOf(subject, results));
  process.stdout.write(
    flags.json ? `${JSON.stringify(documentOf(subject, results), null, 2)}\n` : `${totalOf(results)}\n`,
  );
  process.exitCode = counts.fail + counts.inconclusive > 0 ? EXIT.invalid : EXIT.valid;
}

function documentOf(subject: Subject, results: readonly Result[]): object {
  return { subject, counts: countsOf(results), results };
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
