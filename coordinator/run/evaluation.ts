import { GradswarmError } from '../../protocol/errors.js';
import type { PartyId, ReadonlyVector, Vector } from '../../protocol/method.js';
import { accumulate, scale, squaredDistance, zerosLike } from '../../protocol/numerics/vector.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { IterateAverage } from './iterate-average.js';

/** Held-out loss and accuracy of a model; null where accuracy has no meaning. */
export interface Evaluator {
  /** Minimiser of the mean over all clients' objectives, where it is known. */
  readonly optimum?: ReadonlyVector;
  evaluate(estimates: readonly ReadonlyVector[]): Evaluated | Promise<Evaluated>;
  /** On the training examples, where there are any. */
  evaluateTraining?(estimates: readonly ReadonlyVector[]): Evaluated | Promise<Evaluated>;
}

export interface Evaluated {
  readonly loss: number;
  readonly accuracy: number | null;
  readonly extra?: Readonly<Record<string, number>>;
}

export interface EvaluatedRound {
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly extra: Readonly<Record<string, number>>;
}

/** Everything that the scenario has evaluated: the estimates, the same on training examples, and their moving averages. */
export async function evaluateRound(
  { evaluator, scenario }: { readonly evaluator: Evaluator; readonly scenario: Pick<Scenario, 'evaluation'> },
  estimates: ReadonlyMap<PartyId, readonly ReadonlyVector[]>,
  average: IterateAverage | null,
): Promise<EvaluatedRound> {
  const heldOut = await evaluateEstimates(evaluator, estimates);
  const extra: Record<string, number> = { ...heldOut.extra };
  if (scenario.evaluation.train) Object.assign(extra, await trainingColumns(evaluator, estimates, heldOut));
  if (average) Object.assign(extra, averagedColumns(await evaluateEstimates(evaluator, average.of(estimates))));
  return { ...heldOut, extra };
}

function averagedColumns({ loss, accuracy, extra }: EvaluatedRound): Readonly<Record<string, number>> {
  const columns: Record<string, number> = {};
  if (loss !== null) columns.averagedLoss = loss;
  if (accuracy !== null) columns.averagedAccuracy = accuracy;
  if (extra.consensusError !== undefined) columns.averagedConsensusError = extra.consensusError;
  if (extra.meanSquaredError !== undefined) columns.averagedMeanSquaredError = extra.meanSquaredError;
  return columns;
}

/**
 * A server's estimates (one, or one per chain) are evaluated as they are. Peers' estimates: their mean is, together with
 * `consensusError`, the mean squared distance of the peers' estimates to it. Where the optimum is known `meanSquaredError` is the
 * mean over all estimates of |x - optimum|^2.
 */
export async function evaluateEstimates(
  evaluator: Evaluator,
  estimates: ReadonlyMap<PartyId, readonly ReadonlyVector[]>,
): Promise<EvaluatedRound> {
  const server = estimates.get('coordinator');
  if (server) {
    if (server.length === 0) return { loss: null, accuracy: null, extra: {} };
    const { extra, ...figures } = await evaluator.evaluate(server);
    return { ...figures, extra: { ...meanSquaredError(evaluator, server), ...extra } };
  }
  const peers = [...estimates.values()].flat();
  const [mean] = modelOf(estimates);
  if (!mean) return { loss: null, accuracy: null, extra: {} };
  let spread = 0;
  for (const peer of peers) spread += squaredDistance(peer, mean);
  const { loss, accuracy, extra } = await evaluator.evaluate([mean]);
  return {
    loss,
    accuracy,
    extra: { consensusError: spread / peers.length, ...meanSquaredError(evaluator, peers), ...extra },
  };
}

function meanSquaredError(
  { optimum }: Evaluator,
  estimates: readonly ReadonlyVector[],
): Readonly<Record<string, number>> {
  if (!optimum) return {};
  let sum = 0;
  for (const estimate of estimates) sum += squaredDistance(estimate, optimum);
  return { meanSquaredError: sum / estimates.length };
}

/**
 * The same estimates on the training examples: `trainLoss`, `trainAccuracy`, and the generalisation gaps `lossGap`
 * (held-out - training) and `accuracyGap` (training - held-out). Throws ERR_SCENARIO where the objective has no examples.
 */
export async function trainingColumns(
  evaluator: Evaluator,
  estimates: ReadonlyMap<PartyId, readonly ReadonlyVector[]>,
  heldOut: EvaluatedRound,
): Promise<Readonly<Record<string, number>>> {
  if (!evaluator.evaluateTraining)
    throw new GradswarmError(
      'ERR_SCENARIO',
      'evaluation.train: expected false, got true: this objective has no examples',
    );
  const chosen = modelOf(estimates);
  if (chosen.length === 0 || heldOut.loss === null) return {};
  const { loss, accuracy } = await evaluator.evaluateTraining(chosen);
  const columns = { trainLoss: loss, lossGap: heldOut.loss - loss };
  if (accuracy === null || heldOut.accuracy === null) return columns;
  return { ...columns, trainAccuracy: accuracy, accuracyGap: accuracy - heldOut.accuracy };
}

/** What is evaluated and saved: a server's estimates (one, or one a chain) as they are, or the mean of the peers' ones. */
export function modelOf(estimates: ReadonlyMap<PartyId, readonly ReadonlyVector[]>): readonly ReadonlyVector[] {
  const server = estimates.get('coordinator');
  if (server) return server;
  const peers = [...estimates.values()].flat();
  return peers.length === 0 ? [] : [meanOf(peers)];
}

function meanOf(vectors: readonly ReadonlyVector[]): Vector {
  const sum = zerosLike(vectors[0]!);
  for (const vector of vectors) accumulate(sum, 1, vector);
  return scale(1 / vectors.length, sum);
}

/** Are the estimates evaluated after so many rounds? */
export function isEvaluated(
  { evaluation, rounds, timingOnly }: Pick<Scenario, 'evaluation' | 'rounds' | 'timingOnly'>,
  done: number,
): boolean {
  return !timingOnly && (done % evaluation.everyRounds === 0 || done === rounds);
}
