import type { AnyMethod, ClientIndex, Objective, PartyId, ReadonlyVector, Vector } from '../../protocol/method.js';
import { decodeRecord } from '../../protocol/party/record.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { JsonObject } from '../../protocol/scenario/scenario.js';
import type { Placement } from '../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun } from '../../scenarios/check/parts/tiny-run.js';
import type { QuadraticFamily } from '../../worker/objectives/plain/quadratic.js';
import { openProblem, type Problem } from '../../worker/problem.js';

/** Diagonal quadratics a_i (x - c_i)^2 / 2 in float64, one example a client, whose optimum and fixed points have closed forms. */
export interface QuadraticRun extends TinyRun {
  readonly clients: number;
  readonly dimension: number;
  /** Curvature a_i and minimiser c_i of one client in one coordinate. */
  curvature(client: ClientIndex, coordinate: number): number;
  centre(client: ClientIndex, coordinate: number): number;
  readonly optimum: Float64Array;
  readonly initial: Vector;
  /** A party's state after this many rounds (a checkpoint is taken after each); undefined: it was never invited. */
  stateAfter<S>(round: number, party: PartyId): S | undefined;
}

export async function runQuadratic(
  method: AnyMethod,
  hyperparameters: JsonObject,
  more: Omit<Partial<ScenarioInput>, 'objective'> & { readonly objective?: JsonObject } = {},
  options: {
    readonly placement?: Placement;
    readonly objectiveOf?: (own: Objective, client: ClientIndex) => Objective;
  } = {},
): Promise<QuadraticRun> {
  const { objective, ...rest } = more;
  const scenario = await resolveTiny(method, {
    method: { name: method.name, ...hyperparameters },
    clients: 8,
    precision: 'float64',
    checkpoints: { everyRounds: null },
    ...rest,
    objective: {
      name: 'quadratic',
      dimension: 5,
      smallestEigenvalue: 0.5,
      largestEigenvalue: 2,
      centreSpread: 2,
      initialValue: 3,
      ...objective,
    } as never,
  });
  const problem = await openProblem(scenario);
  const { shards, optimum } = problem.family as QuadraticFamily;
  const { objectiveOf } = options;
  const own: Problem = objectiveOf
    ? {
        ...problem,
        objectiveOf: (client) => objectiveOf(problem.objectiveOf(client), client),
        exampleCounts: () => shards.map((_, client) => own.objectiveOf(client).exampleCount),
      }
    : problem;
  const run = await runTiny(scenario, method, {
    problem: own,
    ...(options.placement ? { placement: options.placement } : {}),
  });
  return {
    ...run,
    clients: scenario.clients,
    dimension: optimum.length,
    curvature: (client, coordinate) => shards[client]!.curvature[coordinate]!,
    centre: (client, coordinate) => shards[client]!.centres[coordinate]!,
    optimum,
    initial: problem.model.initialParams,
    stateAfter<S>(round: number, party: PartyId): S | undefined {
      const records = round === scenario.rounds ? run.result.records : run.snapshots[round - 1]!.records;
      const bytes = records.get(party);
      return bytes && (decodeRecord(party, bytes).state as S);
    },
  };
}

/** Largest distance of a coordinate. */
export function largestDistance(a: ReadonlyVector, b: ReadonlyVector): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Solves a small dense system by Gaussian elimination with pivots. */
export function solveDense(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = column + 1; i < n; i++) {
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let j = column; j <= n; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  const solution = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * solution[j]!;
    solution[i] = sum / rows[i]![i]!;
  }
  return solution;
}
