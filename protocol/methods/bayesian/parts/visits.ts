import { allClients, type ClientIndex, type Rng, type Vector } from '../../../method.js';
import { integer, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { chainSettings } from './chains.js';
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
