import { log } from '../numerics/elementary.js';
import { power } from '../numerics/powers.js';
import { atLeastZero, count, fraction, positive, probability } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { drawByWeight } from './parts/weighted-draw.js';
import {
  defineSelection,
  type RoundOutcome,
  type Selection,
  type SelectionRound,
  type SelectionRun,
} from './selection.js';

const settings = defineSettings({
  exploration: probability(0.9, 'epsilon of the first round: share of the cohort that has not been in a round yet'),
  explorationDecay: fraction(0.98, 'Factor of epsilon from round to round'),
  leastExploration: probability(0.2, 'Below it epsilon does not fall'),
  cutoff: fraction(
    0.95,
    'c: clients whose utility is at least c times that of the last one that would come are drawn from',
  ),
  clip: fraction(0.95, 'Utilities count as at most this quantile of all'),
  penalty: atLeastZero(2, 'alpha: a client that takes D > T counts (T / D)^alpha times'),
  pacerWindow: count(20, 'W: rounds whose utility the pacer compares with that of the W before'),
  preferredMs: positive(
    null,
    'T of the first rounds and what the pacer adds to it, simulated ms; null: the median duration in the first round with reports',
  ),
});
type Settings = SettingsOf<typeof settings>;

interface State {
  /** By client: the last utility that it reported, the round of that counted from 1 (0: never), and how long it took, ms. */
  readonly utility: Float64Array;
  readonly lastRound: Float64Array;
  readonly durationMs: Float64Array;
  readonly exploration: number;
  /** T; 0: not known yet. */
  readonly preferredMs: number;
  /** What the pacer adds to T. */
  readonly stepMs: number;
  /** Sum of the utilities of each of the last 2 W rounds. */
  readonly history: Float64Array;
}

/**
 * Oort (Lai, Zhu, Madhyastha, Chowdhury, "Oort: Efficient Federated Learning via Guided Participant Selection", OSDI 2021,
 * Algorithm 1; reconstructed, not checked against the paper). A share epsilon of the cohort is new, the rest is drawn with
 * probability proportional to utility: n (mean squared loss)^(1/2) of a client's examples, clipped, plus (0.1 log R / L)^(1/2) for
 * clients last seen in round L of R, times (T / D)^alpha for one that takes D > T. The pacer raises T when the utility of the last W
 * rounds is less than that of the W before. Losses are those at the model that was sent, not along the local steps.
 */
export default defineSelection({
  name: 'oort',
  summary: 'By utility: loss and speed, with exploration and a pacer (Lai, Zhu, Madhyastha, Chowdhury, OSDI 2021)',
  settings,
  reports: 'utility',
  create: (chosen: Settings, run: SelectionRun): Selection<State> => ({
    init: () => ({
      utility: new Float64Array(run.clientCount),
      lastRound: new Float64Array(run.clientCount),
      durationMs: new Float64Array(run.clientCount),
      exploration: chosen.exploration,
      preferredMs: chosen.preferredMs ?? 0,
      stepMs: chosen.preferredMs ?? 0,
      history: new Float64Array(0),
    }),
    invite: (state, at) => invited(state, at, chosen, run).map((client) => ({ client, factor: null })),
    learn: (state, outcome) => learned(state, outcome, chosen),
  }),
});

function invited(state: State, { index, rng }: SelectionRound, chosen: Settings, { cohort }: SelectionRun): number[] {
  const known: number[] = [];
  const fresh: number[] = [];
  for (const [client, round] of state.lastRound.entries()) (round > 0 ? known : fresh).push(client);
  const wantedFresh = Math.min(fresh.length, Math.round(state.exploration * cohort));
  const exploited = Math.min(known.length, cohort - wantedFresh);
  const explored = Math.min(fresh.length, cohort - exploited);
  const scores = scoresOf(known, index + 1, state, chosen);
  const bar = exploited === 0 ? 0 : chosen.cutoff * [...scores].sort((a, b) => b - a)[exploited - 1]!;
  const pool = known.filter((_, i) => scores[i]! >= bar);
  const weights = scores.filter((score) => score >= bar);
  return [
    ...drawByWeight(weights, exploited, rng.derive('exploit')).map((i) => pool[i]!),
    ...Array.from(rng.derive('explore').batch(fresh.length, explored), (i) => fresh[i]!),
  ].sort((a, b) => a - b);
}

function scoresOf(known: readonly number[], round: number, state: State, { clip, penalty }: Settings): number[] {
  const ascending = known.map((client) => state.utility[client]!).sort((a, b) => a - b);
  const most = ascending[Math.max(0, Math.ceil(clip * ascending.length) - 1)] ?? 0;
  return known.map((client) => {
    const uncertainty = Math.sqrt((0.1 * log(round)) / state.lastRound[client]!);
    const score = Math.min(most, state.utility[client]!) + uncertainty;
    const duration = state.durationMs[client]!;
    const isSlow = state.preferredMs > 0 && duration > state.preferredMs;
    return isSlow ? score * power(state.preferredMs / duration, penalty) : score;
  });
}

function learned(state: State, { index, reports, durationMs }: RoundOutcome, chosen: Settings): State {
  const utility = state.utility.slice();
  const lastRound = state.lastRound.slice();
  const durations = state.durationMs.slice();
  let total = 0;
  for (const { client, value } of reports) {
    utility[client] = value;
    lastRound[client] = index + 1;
    durations[client] = durationMs.get(client) ?? durations[client]!;
    total += value;
  }
  const { pacerWindow: window } = chosen;
  const history = Float64Array.from([...state.history, total].slice(-2 * window));
  const median = medianOf(reports.map(({ client }) => durations[client]!));
  const preferredMs = state.preferredMs || median;
  const stepMs = state.stepMs || median;
  const isDue = (index + 1) % window === 0 && history.length === 2 * window;
  const sumOf = (part: Float64Array) => part.reduce((sum, value) => sum + value, 0);
  const isPoorer = isDue && sumOf(history.subarray(0, window)) > sumOf(history.subarray(window));
  return {
    utility,
    lastRound,
    durationMs: durations,
    exploration: Math.max(chosen.leastExploration, state.exploration * chosen.explorationDecay),
    preferredMs: isPoorer ? preferredMs + stepMs : preferredMs,
    stepMs,
    history,
  };
}

/** The lower of the two in the middle; of none 0. */
function medianOf(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[(ascending.length - 1) >> 1] ?? 0;
}
