import type { ClientRound, CoordinatorRound, LogPosterior, ReadonlyVector, Vector } from '../../../method.js';
import { copy, squaredNorm } from '../../../numerics/vector.js';
import adam from '../../../optimizers/adam.js';
import { schedules } from '../../../schedules/schedule.js';
import { count, oneOf, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { wholeShard } from './shard-drift.js';

/**
 * One point near the mode of the whole posterior, which all clients look for together before the chains set out. Shards
 * that disagree have modes far apart, and a Gaussian that is accurate at a far point does not approximate the shard's gradient
 * where the chains are. Expanded about one point, the surrogates' gradients and curvatures are the shards' own there.
 * Not in a paper that we have read; any surrogate leaves FSGLD unbiased.
 */
export const sharedModeSettings = {
  surrogatePoint: oneOf(
    ['own', 'posterior'],
    'own',
    'Each surrogate is taken at a mode of its own shard, or all at one point near the mode of the posterior, where the chains ' +
      'then start, each at `startStddev` from it',
  ),
  modeSteps: count(
    200,
    'Steps of Adam on whole shards, each a vector down and one up for every client; their size goes to 0 along a cosine',
  ),
  modeStepSize: positive(0.05, 'Size of the first of them'),
};
const settings = defineSettings(sharedModeSettings);
export type SharedModeSettings = SettingsOf<typeof settings>;

export const MODE_MESSAGES = {
  point: { from: 'coordinator', to: 'cohort', vectors: ['point'], losable: 'no' },
  slope: { from: 'clients', to: 'coordinator', vectors: ['slope'], losable: 'no' },
} as const;
export type ModeMessages = typeof MODE_MESSAGES;

/** Client: sends its slope at each of the coordinator's points; returns the last point. Null when a message is missing. */
export async function followToMode(
  at: Omit<ClientRound<SharedModeSettings, ModeMessages, LogPosterior>, 'undelivered'>,
): Promise<Vector | null> {
  for (let step = 0; ; step++) {
    const [message] = await at.take('point');
    if (!message) return null;
    if (step === at.hyperparameters.modeSteps) return copy(message.point);
    const slope = await slopeOfShard(at.objective, message.point, at.clientCount);
    at.post('slope', 'coordinator', { slope });
  }
}

/** Gradient of -ln (prior^(1/S) x likelihood of the shard). */
async function slopeOfShard(objective: LogPosterior, point: ReadonlyVector, clientCount: number): Promise<Vector> {
  const slope = copy(await objective.gradient(point, wholeShard(objective)));
  const prior = objective.priorGradient(point);
  for (let i = 0; i < slope.length; i++) slope[i] = objective.exampleCount * slope[i]! - prior[i]! / clientCount;
  return slope;
}

/** Walks from `start` to the mode along the sum of the shards' slopes, and sends it to all clients. */
export async function leadToMode(
  start: ReadonlyVector,
  at: Omit<CoordinatorRound<SharedModeSettings, ModeMessages>, 'undelivered'>,
): Promise<Vector> {
  const { modeSteps, modeStepSize } = at.hyperparameters;
  const learningRate = { name: 'cosine', rate: modeStepSize, steps: modeSteps };
  await schedules.load(learningRate.name);
  const optimizer = adam.create({ ...adam.settings.defaults, learningRate }, at.segments);
  const slope = at.zeros();
  let point = copy(start);
  let moments = optimizer.init(point.length, slope.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64');
  for (let step = 0; step < modeSteps; step++) {
    at.post('point', at.cohort, { point });
    slope.fill(0);
    for await (const { slope: part } of at.stream('slope'))
      for (let i = 0; i < slope.length; i++) slope[i] = slope[i]! + part[i]!;
    [point, moments] = optimizer.update(slope, moments, point);
  }
  at.post('point', at.cohort, { point });
  at.measure('modeSlope', Math.sqrt(squaredNorm(slope)));
  return point;
}
