import type { AnyMethod, MessageKind } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { GradswarmError } from '../../protocol/wire/error-codes.js';
import type { Workshop } from '../../worker/workshop.js';
import { methodNames } from '../catalogue.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run.js';
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

/** Milliseconds of each counted round with the method's own defaults; peers stand in a ring. */
async function roundsOf(name: string, workshop: Workshop, options: BenchmarkOptions, budgetMs: number) {
  const rounds = UNCOUNTED_ROUNDS + options.repeats;
  const topology = hasPeers(await loadMethod(name)) ? { topology: 'ring' } : {};
  const run = await prepareRun({ ...millionParameters(name, rounds), ...topology }, workshop);
  const { roundMs } = await timedRun(run, options.signal, budgetMs);
  return roundMs.slice(Math.min(UNCOUNTED_ROUNDS, roundMs.length - 1));
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const { workshop } = await prepareRun(millionParameters(BASE, 1));
  const names = methodNames().filter((name) => name !== BASE);
  const budgetMs = BUDGET_MS / (names.length + 1);
  const base = await roundsOf(BASE, workshop, options, budgetMs);
  const baseMs = medianOf(base);
  const where = `1e6 parameters, ${MILLION_CLIENTS} clients`;
  const rows = [rowOf(`method ${BASE}, ${where}`, 'ms/round', base)];
  for (const name of names) {
    if (options.signal.aborted) break;
    try {
      const rounds = await roundsOf(name, workshop, options, budgetMs);
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
      options.note(`method ${name} is left out: ${error.message}`);
    }
  }
  return rows;
}

export const methods: Benchmark = { name: 'methods', run: measure };
