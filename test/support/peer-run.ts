import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { RunLoop } from '../../coordinator/run-loop.js';
import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ReadonlyVector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario, ScenarioInput } from '../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../scenarios/catalogue.js';
import { localFleet } from '../../scenarios/fleet.js';
import { openWorkshop, type Workshop } from '../../worker/workshop.js';

const catalogue = await loadCatalogue();

/** What a test of a peer method sees after every round: all peers' states, by client. */
export interface RoundSeen<State> {
  /** Rounds done. */
  readonly round: number;
  readonly states: readonly State[];
  readonly row: MetricsRow;
}

export interface PeerRunOptions<State> {
  /** Instead of the one that the method's name loads. */
  readonly method?: AnyMethod;
  /** Instead of the scenario's own weather. */
  readonly weather?: (scenario: Scenario) => ScenarioNetwork;
  readonly watch?: (seen: RoundSeen<State>, workshop: Workshop) => void | Promise<void>;
}

export interface PeerRun<State> {
  readonly workshop: Workshop;
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
  { method: given, weather = createNetwork, watch }: PeerRunOptions<State> = {},
): Promise<PeerRun<State>> {
  const scenario = await resolveScenario({ ...RING_OF_EIGHT, ...input }, catalogue);
  const method = given ?? (await loadMethod(scenario.method.name));
  const workshop = await openWorkshop(scenario);
  const fleet = await localFleet(scenario, method, workshop, undefined, weather(scenario));
  const statesNow = () =>
    Array.from({ length: scenario.clients }, (_, client) => fleet.site.party(client).record.state as State);
  const rows: MetricsRow[] = [];
  const pending: Promise<void>[] = [];
  await new RunLoop({
    scenario,
    site: fleet.site,
    crew: fleet.crew,
    evaluator: workshop.family,
    observer: {
      round(row) {
        rows.push(row);
        const seen = watch?.({ round: row.round, states: statesNow(), row }, workshop);
        if (seen) pending.push(seen);
      },
      abandoned() {},
      checkpoint() {},
    },
    scriptedAbsences: fleet.scriptedAbsences,
    forgotten: fleet.forgotten,
    faultsFired: fleet.faultsFired,
    privacy: null,
    signal: new AbortController().signal,
    now: () => 0,
  }).run();
  await Promise.all(pending);
  return { workshop, rows, states: statesNow() };
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

/** The last value of a series; NaN where it was never measured. */
export function finalOf({ rows }: { readonly rows: readonly MetricsRow[] }, series: string): number {
  return rows.findLast((row) => row.extra[series] !== undefined)?.extra[series] ?? Number.NaN;
}
