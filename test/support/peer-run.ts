import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ReadonlyVector, Setup, Vector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { denseRows } from '../../protocol/topology/mixing-matrix.js';
import { withClientHalf } from '../../scenarios/check/parts/changed-halves.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { localFleet } from '../../scenarios/run/local-fleet.js';
import { openProblem, type Problem } from '../../worker/problem.js';

const catalogue = await loadCatalogue();

/** What a test of a peer method sees after every round: all peers' states, by client. */
export interface RoundSeen<State> {
  /** Rounds done. */
  readonly round: number;
  readonly before: readonly State[];
  readonly states: readonly State[];
  /** W of the round, row by row. */
  readonly mixing: readonly Float64Array[];
  readonly row: MetricsRow;
}

export interface PeerRunOptions<State> {
  /** Instead of the one that the method's name loads. */
  readonly method?: AnyMethod;
  /** Instead of the scenario's own network model. */
  readonly networkModel?: (scenario: Scenario) => ScenarioNetwork;
  readonly watch?: (seen: RoundSeen<State>, problem: Problem) => void;
}

export interface PeerRun<State> {
  readonly problem: Problem;
  readonly rows: readonly MetricsRow[];
  readonly states: readonly State[];
}

/** Eight peers on a ring, heterogeneous quadratics of five dimensions, float64: the problem of most tests here. */
export const RING_OF_EIGHT = {
  name: 'peers',
  objective: {
    name: 'quadratic',
    dimension: 5,
    curvature: 'full',
    smallestEigenvalue: 0.5,
    largestEigenvalue: 2,
    centreSpread: 2,
  },
  data: 'none',
  clients: 8,
  seed: 3,
  precision: 'float64',
  topology: 'ring',
  checkpoints: { everyRounds: null },
} as const satisfies Omit<ScenarioInput, 'method'>;

/** Runs all rounds in this process. `input` over `RING_OF_EIGHT`. */
export async function runPeers<State = unknown>(
  input: Partial<ScenarioInput> & Pick<ScenarioInput, 'method'>,
  { method: given, networkModel = createNetwork, watch }: PeerRunOptions<State> = {},
): Promise<PeerRun<State>> {
  const scenario = await resolveScenario({ ...RING_OF_EIGHT, ...input }, catalogue);
  const method = given ?? (await loadMethod(scenario.method.name));
  const problem = await openProblem(scenario);
  let site: RunSite;
  const statesNow = () =>
    Array.from({ length: scenario.clients }, (_, client) => site.party(client).record.state as State);
  let before: readonly State[];
  const { rows } = await runTiny(scenario, method, {
    problem,
    placement: {
      name: 'peers',
      inProcess: true,
      open: (...run) => localFleet(...run, undefined, networkModel(scenario)),
    },
    tamper(fleet) {
      site = fleet.site;
      before = statesNow();
    },
    watch(row) {
      if (!watch) return;
      const states = statesNow();
      const mixing = denseRows(site.topology!.mixingAt(row.round - 1));
      watch({ round: row.round, before, states, mixing, row }, problem);
      before = states;
    },
  });
  return { problem, rows, states: statesNow() };
}

/** Entry by entry mean of vectors of equal length. */
export function meanVector(vectors: readonly ReadonlyVector[]): Float64Array {
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

/** Largest difference of two entries. */
export function largestDifference(a: ReadonlyVector, b: ReadonlyVector): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Gradients of all peers' objectives on all of their examples, each at its own point. */
export function gradientsAt(problem: Problem, points: readonly ReadonlyVector[]): readonly Vector[] {
  return points.map((point, client) => {
    const objective = problem.objectiveOf(client);
    const all = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
    return objective.gradient(point, all) as Vector;
  });
}

/** W X, where row i of X is vector i. */
export function mixed(mixing: readonly Float64Array[], vectors: readonly ReadonlyVector[]): readonly Float64Array[] {
  return mixing.map((row) => {
    const sum = new Float64Array(vectors[0]!.length);
    for (const [j, vector] of vectors.entries()) for (let i = 0; i < sum.length; i++) sum[i]! += row[j]! * vector[i]!;
    return sum;
  });
}

/** sum_k factor_k * vector_k. */
export function combination(...terms: readonly (readonly [factor: number, vector: ReadonlyVector])[]): Float64Array {
  const sum = new Float64Array(terms[0]![1].length);
  for (const [factor, vector] of terms) for (let i = 0; i < sum.length; i++) sum[i]! += factor * vector[i]!;
  return sum;
}

/** Largest difference between the entries of two lists of vectors. */
export function largestDifferenceOfAll(a: readonly ReadonlyVector[], b: readonly ReadonlyVector[]): number {
  return Math.max(...a.map((vector, i) => largestDifference(vector, b[i]!)));
}

/** The method with peer i beginning at `start(i)`; all else as it is. */
export function startingAt(method: AnyMethod, start: (client: number, initial: Vector) => Vector): AnyMethod {
  let client = 0;
  return withClientHalf(method, (half) => ({
    ...half,
    init: (setup: Setup<unknown>) => half.init({ ...setup, initialParams: start(client++, setup.initialParams) }),
  }));
}

/** The last value of a series; NaN where it was never measured. */
export function finalOf({ rows }: { readonly rows: readonly MetricsRow[] }, series: string): number {
  return rows.findLast((row) => row.extra[series] !== undefined)?.extra[series] ?? Number.NaN;
}
