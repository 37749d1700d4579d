import type { ReadonlyVector } from '../../../protocol/method.js';
import { atLeastZero, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import type { Dataset } from '../../datasets/dataset.js';
import { rowOf } from '../../datasets/stored-rows.js';
import { defineObjective, featureCountOf, requireDataset } from '../request.js';
import { denseFamily } from './dense-objective.js';

/** Mean of (w x + b - target)^2 / 2, plus (l2 / 2) |params|^2. */
export default defineObjective({
  name: 'linear-regression',
  measures: ['excessLoss', 'weightError*'],
  summary: 'Least squares, mean of (w x + b - target)^2 / 2',
  settings: defineSettings({
    l2: atLeastZero(0, 'Adds (l2 / 2) |params|^2'),
    bias: flag(true, 'Adds a constant to each output'),
    weightErrors: flag(
      false,
      'Also report |weight - true weight| of each feature as weightError/1, …, for data whose truth is known',
    ),
  }),
  create({ l2, bias, weightErrors }, request) {
    const dataset = requireDataset(request, 'regression', 'read');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: dataset.vocabulary ?? 0,
      hidden: [],
      outputs: 1,
      activation: 'tanh',
      output: 'squared',
      bias,
    } as const;
    const family = denseFamily('linear-regression', shape, l2, dataset, request.precision);
    const { trueWeights } = dataset;
    if (!trueWeights) return family;
    return {
      ...family,
      async evaluate(estimates) {
        const mean = meanOf(estimates);
        const errors = weightErrors ? errorColumns(mean, trueWeights) : {};
        const extra = { excessLoss: excessLoss(mean, trueWeights, bias, dataset), ...errors };
        return { ...(await family.evaluate(estimates)), extra };
      },
    };
  },
});

function meanOf(estimates: readonly ReadonlyVector[]): Float64Array {
  const mean = new Float64Array(estimates[0]!.length);
  for (const estimate of estimates)
    for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! + estimate[j]! / estimates.length;
  return mean;
}

function errorColumns(estimate: ReadonlyVector, truth: ReadonlyVector): Record<string, number> {
  return Object.fromEntries(
    Array.from({ length: truth.length }, (_, j) => [`weightError/${j + 1}`, Math.abs(estimate[j]! - truth[j]!)]),
  );
}

/** Held-out loss without the noise of the targets: mean of (prediction - true mean)^2 / 2. */
function excessLoss(estimate: ReadonlyVector, truth: ReadonlyVector, bias: boolean, { test, train }: Dataset): number {
  const examples = test.count > 0 ? test : train;
  const { count } = examples;
  const offset = bias ? estimate[truth.length]! : 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let distance = offset;
    const features = rowOf(examples, i, truth.length);
    for (let j = 0; j < truth.length; j++) distance += (estimate[j]! - truth[j]!) * features[j]!;
    sum += distance * distance;
  }
  return (0.5 * sum) / count;
}
