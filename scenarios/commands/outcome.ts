import { resultText, verdictText, withoutUpdateText } from '../../coordinator/report/units.js';
import type { Judgement } from '../../protocol/scenario/expectation.js';
import { interruptible } from '../run/interrupt.js';
import type { RunOptions, RunOutcome, RunWatcher, SweepOutcome } from '../run/run.js';
import { exitStatusOf } from './exit-status.js';
import { ProgressDisplay } from './progress-display.js';

/** Shared by all commands that run something: progress, Ctrl-C, the printed result, the exit status. */

export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

type Task<T> = (options: Pick<RunOptions, 'signal' | 'watcher'>) => Promise<T>;

export async function report(task: Task<RunOutcome>, printing: Printing): Promise<void> {
  const outcome = await watched(task, printing, 1);
  print(printing, outcome, () => linesOf(outcome));
  process.exitCode = exitStatusOf(outcome.verdict.valid);
}

export async function reportSweep(task: Task<SweepOutcome>, printing: Printing, points: number): Promise<void> {
  const outcome = await watched(task, printing, points);
  print(printing, outcome, () => sweepLines(outcome));
  process.exitCode = exitStatusOf(outcome.valid);
}

async function watched<T>(task: Task<T>, { json, quiet }: Printing, points: number): Promise<T> {
  if (quiet) return interruptible((signal) => task({ signal }));
  // With --json standard output is the document; notes go to standard error.
  const display = json ? NOTES_ONLY : new ProgressDisplay({ points });
  try {
    return await interruptible((signal) => task({ signal, watcher: display }));
  } finally {
    display.stop();
  }
}

const NOTES_ONLY: RunWatcher & { stop(): void } = {
  start: () => {},
  round: () => {},
  note: (text) => process.stderr.write(`${text}\n`),
  stop: () => {},
};

function print({ json, quiet }: Printing, outcome: unknown, lines: () => string[]): void {
  if (json) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  else if (!quiet) process.stdout.write(`${lines().join('\n')}\n`);
}

function linesOf({ verdict, summary, reportPath, stateDigest }: RunOutcome): string[] {
  return [
    ...verdict.expectations.map(judgementLine),
    ...withoutUpdate(summary),
    `${verdictText(verdict.valid).toUpperCase()}  state ${stateDigest}`,
    `report: ${reportPath}`,
  ];
}

function sweepLines({ points, verdict, valid, reportPath }: SweepOutcome): string[] {
  return [
    ...points.flatMap(({ label, outcome }) => [
      `${verdictText(outcome.verdict.valid).toUpperCase()}  ${label}`,
      ...outcome.verdict.expectations.filter(({ holds }) => holds !== true).map((one) => `  ${judgementLine(one)}`),
      ...withoutUpdate(outcome.summary).map((line) => `  ${line}`),
    ]),
    ...verdict.expectations.map(judgementLine),
    verdictText(valid).toUpperCase(),
    `report: ${reportPath}`,
  ];
}

/** Where every round was, the verdict has it. */
function withoutUpdate({ rounds, roundsWithoutUpdate: count }: RunOutcome['summary']): string[] {
  return count === undefined || count === rounds ? [] : [withoutUpdateText(count as number, rounds as number)];
}

function judgementLine({ holds, name, detail }: Judgement): string {
  return `${resultText(holds).padEnd(12)} ${name}: ${detail}`;
}
