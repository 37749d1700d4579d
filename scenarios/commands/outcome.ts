import { verdictText, withoutUpdateText } from '../../coordinator/report/units.js';
import type { Holds } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { interruptible } from '../run/interrupt.js';
import { type MainThread, mainThread } from '../run/main-thread.js';
import type { RunOptions, RunOutcome, RunWatcher, SweepOutcome } from '../run/run.js';
import { judgementLines, notApplicableLine } from '../run/verdict-lines.js';
import { exitStatusOf } from './exit-status.js';
import { ProgressDisplay } from './progress-display.js';
import { PIPED_WIDTH, wrapped } from './table.js';

/** Shared by all commands that run something: progress, Ctrl-C, the printed result, the exit status. */

export interface Printing {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export type Task<T> = (options: Pick<RunOptions, 'signal' | 'watcher'>) => Promise<T>;

export async function report(task: Task<RunOutcome>, printing: Printing): Promise<void> {
  printOutcome(await watched(task, printing, 1), printing);
}

/** The result of a run, and the exit status. */
export function printOutcome(outcome: RunOutcome, printing: Printing): void {
  print(printing, outcome.verdict.valid, outcome, (what) => linesOf(outcome, what));
  process.exitCode = exitStatusOf(outcome.verdict.valid);
}

export async function reportSweep(task: Task<SweepOutcome>, printing: Printing, points: number): Promise<void> {
  const outcome = await watched(task, printing, points);
  print(printing, outcome.valid, outcome, (what) => sweepLines(outcome, what));
  process.exitCode = exitStatusOf(outcome.valid);
}

/** Runs the task under a progress display, to which Ctrl-C belongs. */
export async function watched<T>(task: Task<T>, printing: Printing, points: number): Promise<T> {
  const display = displayOf(printing, points);
  try {
    return await interruptible((signal) => task({ signal, watcher: display }));
  } finally {
    await display.stop();
  }
}

type Display = RunWatcher & { stop(): void | Promise<void> };

/** With --json standard output is the document; notes go to standard error. */
function displayOf({ json, quiet }: Printing, points: number): Display {
  const main = mainThread();
  const shows = !json && !quiet;
  if (shows && !main) return new ProgressDisplay({ points });
  const shown = main ? forwarded(main) : NOTHING;
  if (shows) {
    main?.post({ type: 'display', points });
    return shown;
  }
  return { ...shown, note: quiet ? () => {} : (text) => void process.stderr.write(`${text}\n`) };
}

const NOTHING: Display = { start: () => {}, round: () => {}, note: () => {}, stop: () => {} };

/** To the main thread, which has to know of the run to end it, shown or not. */
function forwarded(main: MainThread): Display {
  return {
    start: (name, rounds, folder, part) => main.post({ type: 'start', name, rounds, folder, ...(part && { part }) }),
    round: ({ round, loss, accuracy, bytesUp, bytesDown, bytesPeer }) =>
      main.post({ type: 'round', row: { round, loss, accuracy, bytesUp, bytesDown, bytesPeer } }),
    note: (text) => main.post({ type: 'note', text }),
    seats: (table) => main.post({ type: 'seats', table }),
    writing: (begins) => main.post({ type: 'writing', begins }),
    stop: () => main.endDisplay(),
  };
}

/** Quiet is a run that did what was expected; any other says why, on standard error. */
function print({ json, quiet }: Printing, valid: Holds, outcome: unknown, lines: (what: Shown) => string[]): void {
  const width = mainThread()?.columns ?? process.stdout.columns ?? PIPED_WIDTH;
  const text = (what: Shown) => `${wrapped(lines(what), width).join('\n')}\n`;
  if (json) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  else if (!quiet) process.stdout.write(text('all'));
  if (quiet && valid !== true) process.stderr.write(text('failures'));
}

type Shown = 'all' | 'failures';

function linesOf({ verdict, summary, reportPath, stateDigest }: RunOutcome, what: Shown): string[] {
  return [
    ...judgementLines(verdict, what),
    ...withoutUpdate(summary),
    `${verdictText(verdict.valid).toUpperCase()}  state ${stateDigest}`,
    `report: ${reportPath}`,
  ];
}

function sweepLines({ points, verdict, valid, reportPath }: SweepOutcome, what: Shown): string[] {
  const shown = points.filter(({ outcome }) => what === 'all' || outcome.verdict.valid !== true);
  return [
    ...shown.flatMap(({ label, outcome }) => [
      `${verdictText(outcome.verdict.valid).toUpperCase()}  ${label}`,
      ...judgementLines(outcome.verdict, 'failures').map((line) => `  ${line}`),
      ...withoutUpdate(outcome.summary).map((line) => `  ${line}`),
    ]),
    ...sharedNotApplicable(points, verdict),
    ...judgementLines(verdict, what),
    verdictText(valid).toUpperCase(),
    `report: ${reportPath}`,
  ];
}

/** Where every round was, the verdict has it. */
function withoutUpdate({ rounds, roundsWithoutUpdate: count }: RunOutcome['summary']): string[] {
  return count === undefined || count === rounds ? [] : [withoutUpdateText(count as number, rounds as number)];
}

/** Of the points, each once. */
function sharedNotApplicable(points: SweepOutcome['points'], { notApplicable: own = [] }: Verdict): string[] {
  const lines = points.flatMap(({ outcome }) => (outcome.verdict.notApplicable ?? []).map(notApplicableLine));
  return [...new Set(lines)].filter((line) => !own.map(notApplicableLine).includes(line));
}
