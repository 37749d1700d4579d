import type { ReadonlyVector } from '../../../protocol/method.js';
import { exp, log } from '../../../protocol/numerics/elementary.js';
import type { Evaluation } from '../family.js';

/** The posterior predictive of several estimates: probabilities are averaged over draws or chains, never parameters. */

/** ln of the mean of e^value, without overflow. */
export function logMeanExp(values: ReadonlyVector): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += exp(values[i]! - largest);
  return largest + log(sum / values.length);
}

/** Mean over examples of -ln(mean over estimates of e^logLikelihood): the negative log predictive density. */
export function negativeLogPredictive(
  estimates: readonly ReadonlyVector[],
  exampleCount: number,
  logLikelihood: (params: ReadonlyVector, example: number) => number,
): number {
  const values = new Float64Array(estimates.length);
  let sum = 0;
  for (let example = 0; example < exampleCount; example++) {
    for (let c = 0; c < estimates.length; c++) values[c] = logLikelihood(estimates[c]!, example);
    sum -= logMeanExp(values);
  }
  return exampleCount === 0 ? 0 : sum / exampleCount;
}

/**
 * count x classCount probabilities, averaged over the estimates. `predict` writes one example's classCount
 * probabilities.
 */
export function averagedProbabilities(
  estimates: readonly ReadonlyVector[],
  count: number,
  classCount: number,
  predict: (params: ReadonlyVector, example: number, into: Float64Array) => void,
): Float64Array {
  const result = new Float64Array(count * classCount);
  const one = new Float64Array(classCount);
  for (const params of estimates)
    for (let example = 0; example < count; example++) {
      predict(params, example, one);
      for (let k = 0; k < classCount; k++) {
        const at = example * classCount + k;
        result[at] = result[at]! + one[k]! / estimates.length;
      }
    }
  return result;
}

/** First class of the largest probability. */
function likeliestClass(probabilities: Float64Array, example: number, classCount: number): number {
  let best = 0;
  for (let k = 1; k < classCount; k++)
    if (probabilities[example * classCount + k]! > probabilities[example * classCount + best]!) best = k;
  return best;
}

/** Negative log predictive density per example, share of right answers and calibration error. A probability of 0 counts as 2^-1022. */
export function classificationEvaluation(
  probabilities: Float64Array,
  labels: Int32Array,
  classCount: number,
): Evaluation {
  let loss = 0;
  let right = 0;
  const predicted = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    loss -= log(Math.max(probabilities[i * classCount + labels[i]!]!, 2.2250738585072014e-308));
    predicted[i] = likeliestClass(probabilities, i, classCount);
    if (predicted[i] === labels[i]) right++;
  }
  return labels.length === 0
    ? { loss: 0, accuracy: null }
    : {
        loss: loss / labels.length,
        accuracy: right / labels.length,
        classes: { labels, predicted },
        extra: { calibrationError: expectedCalibrationError(probabilities, labels, classCount) },
      };
}

/**
 * Expected calibration error in [0, 1]: over bins of equal width (k/bins, (k+1)/bins] of the largest probability, the
 * share of examples in the bin times |accuracy - mean confidence| (Guo et al., "On calibration of modern neural
 * networks", 2017, eq. 3).
 */
export function expectedCalibrationError(
  probabilities: Float64Array,
  labels: Int32Array,
  classCount: number,
  binCount = 15,
): number {
  const gap = new Float64Array(binCount);
  for (let i = 0; i < labels.length; i++) {
    const best = likeliestClass(probabilities, i, classCount);
    const confidence = probabilities[i * classCount + best]!;
    const bin = Math.min(Math.max(Math.ceil(confidence * binCount) - 1, 0), binCount - 1);
    gap[bin] = gap[bin]! + (best === labels[i] ? 1 : 0) - confidence;
  }
  let sum = 0;
  for (let bin = 0; bin < binCount; bin++) sum += Math.abs(gap[bin]!);
  return labels.length === 0 ? 0 : sum / labels.length;
}
