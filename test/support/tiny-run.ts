import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ClientIndex, PartyId, ReadonlyVector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { DeliveryEntry } from '../../protocol/party/delivery-log.js';
import type { PostOfficeOptions } from '../../protocol/party/post-office.js';
import { decodeRecord, type PartyRecord } from '../../protocol/party/record.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import { encodeState } from '../../protocol/party/state-codec.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { JsonObject, KindCodec, Scenario } from '../../protocol/scenario/scenario.js';
import { denseRows } from '../../protocol/topology/mixing-matrix.js';
import { withCoordinatorHalf } from '../../scenarios/check/parts/changed-halves.js';
import type { Placement } from '../../scenarios/check/parts/placements.js';
import { runTiny, type Snapshot } from '../../scenarios/check/parts/tiny-run.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { localFleet } from '../../scenarios/run/local-fleet.js';
import type { ProcessPrivacy } from '../../worker/privacy.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { packedFleet } from './packed-fleet.js';

const catalogue = await loadCatalogue();

/** Whole runs without a directory and without sockets, on a problem of a few numbers. */

/** A quadratic with a minimum that is not 0, no data, no links, no faults: every number of a run is its own. */
export function tinyScenario(method: string, changes: Partial<Scenario> = {}): Scenario {
  return {
    name: 'tiny',
    description: '',
    method: { name: method },
    objective: { name: 'quadratic', dimension: 6 },
    data: { name: 'none', partition: { name: 'iid' } },
    clients: 4,
    rounds: 5,
    seed: 11,
    precision: 'float32',
    participation: { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: null },
    topology: null,
    codecs: {},
    clock: 'virtual',
    devices: [],
    links: [],
    faults: [],
    evaluation: { everyRounds: 1, train: false },
    checkpoints: { everyRounds: null, share: 0.05 },
    workers: {
      count: 0,
      onLoss: 'fail',
      allowAbsent: false,
      computeMs: 1000,
      joinTimeoutMs: 1000,
      heartbeatMs: 1000,
      peerDownMs: 3000,
      stallMs: 1000,
    },
    privacy: { noise: 'seeded', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' },
    device: null,
    expect: [],
    claims: [],
    expectedSeconds: null,
    ...changes,
  };
}

/** A codec without memory for every kind named. */
export function codecsFor(kinds: readonly string[], codec: KindCodec['codec']): Scenario['codecs'] {
  return Object.fromEntries(kinds.map((kind) => [kind, { codec, memory: null, scope: 'vector' as const }]));
}

export interface TinyRunOptions {
  /** Clients of each process; left out: all in the coordinator's own. */
  readonly hosts?: readonly (readonly ClientIndex[])[];
  readonly mode?: PostOfficeOptions['mode'];
  readonly shuffle?: PostOfficeOptions['shuffle'];
  /** Instead of the method that the scenario names. */
  readonly method?: AnyMethod;
  /** Left out: as in the scenario. */
  readonly privacy?: ProcessPrivacy;
  /** Continues from a checkpoint of another run. */
  readonly from?: Snapshot;
}

export interface TinyRun {
  readonly result: RunResult;
  readonly rows: readonly MetricsRow[];
  readonly entries: readonly DeliveryEntry[];
  /** How often each fault rule acted, in all processes together. */
  readonly firings: readonly number[];
  readonly records: ReadonlyMap<PartyId, PartyRecord>;
  /** Each party's state as canonical bytes in hexadecimal, without clocks and memories. */
  readonly states: ReadonlyMap<PartyId, string>;
  /** At every interval of `scenario.checkpoints`, with the records of all parties so far. */
  readonly checkpoints: readonly Snapshot[];
  /** What was released; null: nothing. */
  readonly spent: ReturnType<Fleet['privacy']['result']>;
}

/** Runs all rounds. The method's defaults stand for whatever `scenario.method` leaves out. */
export async function tinyRun(given: Scenario, options: TinyRunOptions = {}): Promise<TinyRun> {
  const method = options.method ?? (await loadMethod(given.method.name));
  const scenario: Scenario = { ...given, method: { ...method.settings.defaults, ...given.method } };
  const { mode = 'fast', shuffle = null, privacy, hosts, from } = options;
  let fleet: Fleet | null = null;
  const placement: Placement = {
    name: 'of a test',
    inProcess: true,
    open: async (...run) => {
      fleet = await (hosts
        ? packedFleet(...run, hosts, { mode, shuffle, privacy })
        : localFleet(...run, { mode, shuffle, ...(privacy && { privacy }) }));
      return fleet;
    },
  };
  const run = await runTiny(scenario, method, { placement, ...(from && { from }) });
  const records = new Map([...run.result.records].map(([party, bytes]) => [party, decodeRecord(party, bytes)]));
  return {
    result: run.result,
    rows: run.rows,
    entries: run.entries,
    firings: run.result.faultsFired,
    checkpoints: run.snapshots,
    spent: fleet!.privacy.result(),
    records,
    states: new Map([...records].map(([party, { state }]) => [party, hex(encodeState(state, `${party}`))])),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

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

export interface SamplerRun {
  readonly run: TinyRun;
  /** draws[chain][draw]. */
  readonly draws: readonly (readonly Float64Array[])[];
}

/** A run of a sampler in this process with the draws it kept; by default on the four shards of unequal curvature. */
export async function samplerRun(
  name: string,
  hyperparameters: JsonObject,
  changes: Partial<Scenario> = {},
  options: TinyRunOptions = {},
): Promise<SamplerRun> {
  const method = await loadMethod(name);
  const draws: Float64Array[][] = [];
  let dimension = 0;
  const watched = withCoordinatorHalf(method, (half) => ({
    ...half,
    draws(state): readonly ReadonlyVector[] {
      const kept = half.draws!(state);
      dimension = half.estimates!(state)[0]!.length;
      kept.forEach((numbers, chain) => {
        draws[chain] ??= [];
        for (let i = 0; i < numbers.length; i += dimension)
          draws[chain].push(Float64Array.from({ length: dimension }, (_, j) => numbers[i + j]!));
      });
      return kept;
    },
  }));
  const scenario = tinyScenario(name, {
    objective: {
      name: 'gaussian-mean',
      priorVariance: 100,
      problem: 'unequal-curvature',
      dataPrecisions: [],
    },
    precision: 'float64',
    evaluation: { everyRounds: 100_000, train: false },
    ...changes,
    method: { name, ...hyperparameters },
  });
  return { run: await tinyRun(scenario, { ...options, method: watched }), draws };
}

/** A regression that one or more clients share, for comparisons bit by bit. */
export const SHARED_REGRESSION: Partial<Scenario> = {
  objective: { name: 'bayesian-linear-regression', priorVariance: 2, noiseVariance: 0.5 },
  data: { name: 'linear-regression', partition: { name: 'iid' } },
};
