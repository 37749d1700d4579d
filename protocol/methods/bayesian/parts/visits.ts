import { GradswarmError } from '../../../errors.js';
import {
  allClients,
  type ClientIndex,
  type ClientRound,
  type CoordinatorRound,
  type LogPosterior,
  type ReadonlyVector,
  type Rng,
  type Vector,
} from '../../../method.js';
import { copy, squaredDistance } from '../../../numerics/vector.js';
import { integer, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { type ChainSettings, chainSettings, isKept, keptCount } from './chains.js';
import type { Kernel } from './kernels.js';
import { isMiniBatch, type LinearDrift, ShardDrift } from './shard-drift.js';
import { drawSchedule, planConflict, planSettings, visitPlan } from './visit-plan.js';

/**
 * Chains that travel: a chain is on one client at a time, takes T steps on that shard and moves to the next. What
 * DSGLD, FSGLD and their relatives have in common; they differ in the step (kernels.ts) and in the surrogates.
 */

export const visitSettings = defineSettings({
  stepSize: positive(1e-3, 'h: drift times h / 2, noise h'),
  batchSize: integer(0, 'Examples m of a step, drawn without replacement; 0: the whole shard', { least: 0 }),
  ...planSettings,
  ...chainSettings,
}).and(planConflict);
export type VisitSettings = SettingsOf<typeof visitSettings>;

/**
 * A visit costs d numbers each way, and d more for every kept draw. `visit` and `position` may be compressed, which adds
 * the codec's error to the chain at every hand-over: it is measured as `handOverVariance`. Draws are always exact.
 */
export const VISIT_MESSAGES = {
  size: { from: 'clients', to: 'coordinator', scalars: ['examples'], losable: 'no' },
  visit: {
    from: 'coordinator',
    to: 'cohort',
    vectors: ['state'],
    otherLengths: ['state'],
    scalars: ['chain', 'step', 'steps', 'frequency'],
    lossy: 'any',
  },
  position: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['state'],
    otherLengths: ['state'],
    scalars: ['chain'],
    lossy: 'any',
  },
  draws: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['draws'],
    otherLengths: ['draws'],
    scalars: ['chain', 'visit'],
  },
} as const;
export type VisitMessages = typeof VISIT_MESSAGES;

export const VISIT_MEASURES: readonly string[] = [
  'shardsMissing',
  'frequencyError',
  'visitsLost',
  'handOverVariance',
  'handOverVariance*',
];

/** The coordinator's state. */
export interface TravellingChains {
  readonly states: readonly Vector[];
  /** Steps taken by each chain. */
  readonly steps: Float64Array;
  /**
   * N_s by client, sent in the first round; null before it. 0 for a client that was absent then: its data are not part of what
   * the chains sample.
   */
  readonly exampleCounts: Float64Array | null;
  /** Steps taken on each shard, over all chains. */
  readonly shardSteps: Float64Array;
  /** Draws that the last round kept, by chain. */
  readonly draws: readonly Vector[];
}

export function startTravelling(states: readonly Vector[], clientCount: number): TravellingChains {
  return {
    states,
    steps: new Float64Array(states.length),
    exampleCounts: null,
    shardSteps: new Float64Array(clientCount),
    draws: [],
  };
}

/** All clients in the first round, which sends the sizes of the shards; then those that the chains visit. */
export function visitCohort(
  { exampleCounts }: Readonly<TravellingChains>,
  {
    clientCount,
    hyperparameters,
    shared,
  }: { readonly clientCount: number; readonly hyperparameters: VisitSettings; readonly shared: Rng },
): readonly ClientIndex[] {
  if (!exampleCounts) return allClients(clientCount);
  return [...new Set(drawSchedule(hyperparameters, visitPlan(hyperparameters, exampleCounts), shared))];
}

/** Without `undelivered`, so that rounds of methods with further kinds fit too. */
type CoordinatorVisits = Omit<CoordinatorRound<VisitSettings, VisitMessages>, 'undelivered'>;

/** One round of the coordinator: `visitsPerRound` hand-overs of every chain. A chain whose host is absent stays. */
export async function coordinateVisits(
  before: Readonly<TravellingChains>,
  at: CoordinatorVisits,
): Promise<TravellingChains> {
  const settings = at.hyperparameters;
  const exampleCounts = before.exampleCounts ?? (await collectSizes(at));
  const plan = visitPlan(settings, exampleCounts);
  const schedule = drawSchedule(settings, plan, at.shared);
  const { chains } = settings;
  const states: ReadonlyVector[] = [...before.states];
  const steps = before.steps.slice();
  const shardSteps = before.shardSteps.slice();
  const done = new Uint8Array(schedule.length);
  for (let visit = 0; visit < settings.visitsPerRound; visit++) {
    const first = visit * chains;
    const deliveries = states.map((state, chain) => {
      const client = schedule[first + chain]!;
      const payload = {
        state,
        chain,
        step: steps[chain]!,
        steps: plan.steps[client]!,
        frequency: plan.frequencies[client]!,
      };
      return { to: client, payload, stream: chain };
    });
    measureHandOver(at, deliveries, at.postEach('visit', deliveries));
    for (const { from, chain, state } of await at.take('position')) {
      if (schedule[first + chain] !== from || state.length !== states[chain]!.length) continue;
      states[chain] = state;
      steps[chain] = steps[chain]! + plan.steps[from]!;
      shardSteps[from] = shardSteps[from]! + plan.steps[from]!;
      done[first + chain] = 1;
    }
  }
  const draws = await collectDraws(at, schedule, done);
  report(at, plan.frequencies, shardSteps, done);
  return { states: states.map(copy), steps, exampleCounts, shardSteps, draws };
}

async function collectSizes(at: CoordinatorVisits): Promise<Float64Array> {
  const sizes = new Float64Array(at.clientCount);
  let received = 0;
  for (const { from, examples } of await at.take('size')) {
    sizes[from as ClientIndex] = examples;
    received++;
  }
  if (received < at.clientCount) at.measure('shardsMissing', at.clientCount - received);
  if (sizes.every((size) => size === 0))
    throw new GradswarmError('ERR_OBJECTIVE', 'expected a client with examples, got none; see the partition');
  return sizes;
}

/** The kept draws of each chain, visit after visit; of visits whose end did not arrive none count. */
async function collectDraws(at: CoordinatorVisits, schedule: Uint32Array, done: Uint8Array): Promise<Vector[]> {
  const { chains, visitsPerRound } = at.hyperparameters;
  const parts: (ReadonlyVector | undefined)[] = new Array(schedule.length);
  for (const { from, chain, visit, draws } of await at.take('draws')) {
    const entry = visit * chains + chain;
    if (done[entry] === 1 && schedule[entry] === from) parts[entry] = draws;
  }
  return Array.from({ length: chains }, (_, chain) => {
    let length = 0;
    for (let visit = 0; visit < visitsPerRound; visit++) length += parts[visit * chains + chain]?.length ?? 0;
    const all = at.zeros(length);
    for (let visit = 0, offset = 0; visit < visitsPerRound; visit++) {
      const part = parts[visit * chains + chain];
      if (!part) continue;
      all.set(part as Vector, offset);
      offset += part.length;
    }
    return all;
  });
}

function report(at: CoordinatorVisits, frequencies: Float64Array, shardSteps: Float64Array, done: Uint8Array): void {
  let total = 0;
  for (const steps of shardSteps) total += steps;
  let largest = 0;
  for (let s = 0; s < shardSteps.length && total > 0; s++)
    largest = Math.max(largest, Math.abs(shardSteps[s]! / total - frequencies[s]!));
  at.measure('frequencyError', largest);
  const lost = done.reduce((count, one) => count + (one === 0 ? 1 : 0), 0);
  if (lost > 0) at.measure('visitsLost', lost);
}

type Parcel = { readonly payload: { readonly state: ReadonlyVector } };

/** Mean squared error per coordinate of the states that a lossy codec handed over; nothing where they arrived as they were. */
function measureHandOver(
  at: { measure(name: string, value: number): void; readonly cohort: readonly ClientIndex[] },
  sent: readonly Parcel[],
  arrived: readonly { readonly state: ReadonlyVector }[],
  name = 'handOverVariance',
): void {
  let sum = 0;
  let lossy = false;
  for (const [i, { payload }] of sent.entries()) {
    const { state } = arrived[i]!;
    if (state === payload.state) continue;
    lossy = true;
    sum += squaredDistance(state, payload.state) / state.length;
  }
  if (lossy) at.measure(name, sum / sent.length);
}

type ClientVisits = Omit<ClientRound<VisitSettings, VisitMessages, LogPosterior>, 'undelivered'>;

/** What a client sends before the first visits. */
export function sendSize(at: ClientVisits): void {
  at.post('size', 'coordinator', { examples: at.objective.exampleCount });
}

/** One round of a client: hosts whatever chains come. `conducive`: the surrogates' drift for a step frequency. */
export async function hostVisits(
  at: ClientVisits,
  kernel: Kernel,
  conducive: ((frequency: number) => LinearDrift | null) | null,
): Promise<void> {
  const settings = at.hyperparameters;
  const d = at.zeros().length;
  const shard = new ShardDrift(at.objective, at.zeros(0), d, settings.batchSize);
  const sampling = isMiniBatch(at.objective, settings.batchSize);
  const nothing = at.zeros(0);
  let noise = nothing;
  const kept: { to: 'coordinator'; payload: { draws: Vector; chain: number; visit: number } }[] = [];
  for (let number = 0; number < settings.visitsPerRound; number++) {
    const positions: { to: 'coordinator'; payload: { state: Vector; chain: number }; stream: number }[] = [];
    for (const { state, chain, step, steps, frequency } of await at.take('visit')) {
      const own = copy(state);
      if (noise.length < steps * d) noise = at.zeros(steps * d);
      const keptSteps = keptCount(step, steps, settings);
      const draws = keptSteps > 0 ? at.zeros(d * keptSteps) : nothing;
      const visit: Visit = {
        steps,
        firstStep: step,
        frequency,
        conducive: conducive?.(frequency) ?? null,
        noise: at.shared.derive('chain', chain, number).normal(steps * d, noise),
        // Whole shards need no coins, and at a delay of 1 deriving a stream costs as much as the step.
        batches: sampling ? at.rng.derive('chain', chain, number) : at.rng,
      };
      const waiting = runVisit(own, shard, kernel, visit, settings, draws);
      if (waiting) await waiting;
      positions.push({ to: 'coordinator', payload: { state: own, chain }, stream: chain });
      if (keptSteps > 0) kept.push({ to: 'coordinator', payload: { draws, chain, visit: number } });
    }
    measureHandOver(at, positions, at.postEach('position', positions), 'handOverVarianceUp');
  }
  at.postEach('draws', kept);
}

export interface Visit {
  readonly steps: number;
  /** Steps that the chain had taken before. */
  readonly firstStep: number;
  readonly frequency: number;
  readonly conducive: LinearDrift | null;
  /** Standard normals, d a step. */
  readonly noise: ReadonlyVector;
  readonly batches: Rng;
}

/**
 * The steps of a visit from its `k`-th on, in place on `state`; kept draws fill `draws`. A promise only where the objective
 * answers with one.
 */
function runVisit(
  state: Vector,
  shard: ShardDrift,
  kernel: Kernel,
  visit: Visit,
  chain: ChainSettings,
  draws: Vector,
  k = 0,
): Promise<void> | undefined {
  const { steps, firstStep, frequency, conducive, noise, batches } = visit;
  const d = shard.drift.length;
  const position = state.length === d ? state : state.subarray(0, d);
  let filled = d * keptCount(firstStep, k, chain);
  for (let next = k; next < steps; next++) {
    const waiting = shard.evaluate(position, frequency, conducive, batches);
    if (waiting)
      return waiting.then(() => {
        finishStep(next);
        return runVisit(state, shard, kernel, visit, chain, draws, next + 1);
      });
    finishStep(next);
  }
  return undefined;

  function finishStep(step: number): void {
    kernel.step(state, shard.drift, shard.meanGradient, noise, step * d);
    if (!isKept(firstStep + step + 1, chain)) return;
    draws.set(position, filled);
    filled += d;
  }
}
