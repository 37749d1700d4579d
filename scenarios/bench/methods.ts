import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod, MessageKind } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { Problem } from '../../worker/problem.js';
import { methodNames } from '../run/catalogue.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, medianOf, rowOf } from './benchmark.js';
import { MILLION_CLIENTS, millionParameters } from './million-parameters.js';
import { prepareRun, timedRun } from './timed-run.js';

const BASE = 'sgd';
const BUDGET_MS = 45_000;
/** The first round makes the states and warms the loops up; it is not counted. */
const UNCOUNTED_ROUNDS = 1;

/** Aims of those that only fold differently at the coordinator: the same messages as the base. */
const AIMS: Readonly<Record<string, number>> = { vrgd: 1.3, agvm: 1.3 };

function hasPeers(method: AnyMethod): boolean {
  return Object.values(method.messages as Readonly<Record<string, MessageKind>>).some(({ to }) => to === 'peers');
}

/** Milliseconds of each counted round with the method's defaults, but one local step; peers stand in a ring. */
async function roundsOf(name: string, problem: Problem, options: BenchmarkOptions, budgetMs: number) {
  const rounds = UNCOUNTED_ROUNDS + options.repeats;
  const method = await loadMethod(name);
  const oneStep = 'localSteps' in method.settings.defaults ? { localSteps: 1 } : {};
  const topology = hasPeers(method) ? { topology: 'ring' } : {};
  const run = await prepareRun({ ...millionParameters({ name, ...oneStep }, rounds), ...topology }, problem);
  const { roundMs } = await timedRun(run, options.signal, budgetMs);
  return roundMs.slice(Math.min(UNCOUNTED_ROUNDS, roundMs.length - 1));
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const until = performance.now() + BUDGET_MS;
  const { problem } = await prepareRun(millionParameters(BASE, 1));
  // Those with an aim first: on a slow machine the time ends before the list does.
  const names = [...new Set([...Object.keys(AIMS), ...methodNames()])].filter((name) => name !== BASE);
  const base = await roundsOf(BASE, problem, options, BUDGET_MS / 10);
  const baseMs = medianOf(base);
  const where = `1e6 parameters, ${MILLION_CLIENTS} clients`;
  const rows = [rowOf(`method ${BASE}, ${where}`, 'ms/round', base)];
  for (const [i, name] of names.entries()) {
    if (options.signal.aborted) break;
    const leftMs = until - performance.now();
    if (leftMs <= 0) {
      options.note(`no time was left for the methods ${names.slice(i).join(', ')}`);
      break;
    }
    try {
      const rounds = await roundsOf(name, problem, options, leftMs / (names.length - i));
      const aim = AIMS[name];
      rows.push(
        rowOf(
          `method ${name}, ${where}`,
          `x ${BASE}`,
          rounds.map((ms) => ms / baseMs),
          aim === undefined ? {} : { aim: { atMost: aim } },
        ),
      );
    } catch (error) {
      // A method that needs another objective, or settings that have no default, is not comparable here.
      if (!(error instanceof GradswarmError)) throw error;
      options.note(`method ${name} is left out: ${error.message.split('\n')[0]}`);
    }
  }
  return rows;
}

export const methods: Benchmark = { name: 'methods', run: measure };
