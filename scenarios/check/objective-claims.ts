import type { Objective, Precision, ReadonlyVector, Vector } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { addScaled, norm, subtract, zeros } from '../../protocol/numerics/vector.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import type { ObjectiveFamily } from '../../worker/objectives/family.js';
import { createObjectiveFamily } from '../../worker/objectives/objectives.js';
import { type Claim, claim, ensure, ensureAtMost, ensureBelow, ensureEqual, once } from './claim.js';
import { indices, withNaN } from './parts/synthetic-dataset.js';

/** One objective on one data set, and how exactly its device computes. */
export interface ObjectiveCase {
  readonly objective: { readonly name: string; readonly [setting: string]: unknown };
  readonly dataset: Dataset | null;
  readonly precision: Precision;
  readonly device?: string;
  /** Largest relative error of the gradient against central differences. */
  readonly gradientTolerance: number;
  /** The same for sums of clipped gradients against the loop over single gradients. */
  readonly sumTolerance: number;
  /** Step of the central differences, relative to 1. */
  readonly step: number;
}

const CLIENTS = 2;
const BATCH = Uint32Array.of(4, 0, 2, 7, 1);

export async function familyOf(subject: ObjectiveCase, dataset = subject.dataset): Promise<ObjectiveFamily> {
  const family = await createObjectiveFamily({
    objective: subject.objective,
    dataset,
    clientCount: CLIENTS,
    precision: subject.precision,
    rng: rootStream(3, subject.precision),
    device: subject.device,
  });
  // What does not train has its values from here on.
  family.initialParams(rootStream(1, subject.precision));
  return family;
}

/** A point away from 0, where nothing vanishes by accident. */
export function pointOf(family: ObjectiveFamily, precision: Precision, name: string): Vector {
  const point = rootStream(5, precision).derive(name).normal(family.parameterCount);
  for (let j = 0; j < point.length; j++) point[j] = 0.3 * point[j]!;
  return point;
}

/** The contract of an objective, whatever computes it: gradients are derivatives, sums are clipped by example, and bits repeat. */
export function objectiveClaims(subject: ObjectiveCase): readonly Claim[] {
  const { precision, dataset, sumTolerance, gradientTolerance } = subject;
  const opened = once(async () => {
    const family = await familyOf(subject);
    const params = pointOf(family, precision, 'params');
    const previous = addScaled(params, 0.05, pointOf(family, precision, 'previous'));
    return { family, objective: objectiveOf(family, dataset), params, previous };
  });
  const before = dataset && copyOf(dataset);
  const claims = [
    claim(`gradient is the derivative of loss along 4 random directions (relative ${gradientTolerance})`, async () => {
      const { family, objective, params } = await opened();
      const gradient = await objective.gradient(params, BATCH);
      ensure(norm(gradient) > 1e-3, `expected a gradient that is not 0, got norm ${norm(gradient)}`);
      for (let trial = 0; trial < 4; trial++) {
        // Along the gradient plus noise: the derivative is then no difference of large terms.
        const direction = addScaled(gradient, 0.1 * norm(gradient), pointOf(family, precision, `d${trial}`));
        const size = subject.step / norm(direction);
        const ahead = await objective.loss(addScaled(params, size, direction), BATCH);
        const behind = await objective.loss(addScaled(params, -size, direction), BATCH);
        let expected = 0;
        for (let j = 0; j < direction.length; j++) expected += direction[j]! * gradient[j]!;
        const slope = (ahead - behind) / (2 * size);
        const what = `relative distance of the slope of loss, ${slope}, from that of gradient, ${expected}`;
        ensureBelow(Math.abs(slope - expected) / Math.abs(expected), gradientTolerance, what);
      }
    }),
    claim('gradient writes into the vector it is given, of the right precision and length', async () => {
      const { family, objective, params } = await opened();
      const into = zeros(family.parameterCount, precision).fill(7);
      ensure((await objective.gradient(params, BATCH, into)) === into, 'expected the given vector as the result');
      ensureEqual(into, await objective.gradient(params, BATCH), 'gradient in the given vector');
    }),
    claim('the same gradient twice has equal bits, with other calls between', async () => {
      const { objective, params, previous } = await opened();
      const first = await objective.gradient(params, BATCH);
      await objective.gradient(previous, BATCH.subarray(2));
      ensureEqual(await objective.gradient(params, BATCH), first, 'the second gradient');
    }),
    claim(
      'descend, where there is one, has the bits of the loop over gradient and leaves its input alone',
      async () => {
        const { objective, params } = await opened();
        if (!objective.descend) return;
        const batches = [BATCH, BATCH.subarray(1, 3), Uint32Array.of(5, 6)];
        const before = params.slice();
        let expected = params;
        for (const each of batches) expected = addScaled(expected, -0.3, await objective.gradient(expected, each));
        ensureEqual(await objective.descend(params, batches, 0.3), expected, 'descend');
        ensureEqual(params, before, 'the parameters afterwards');
        const into = params.slice();
        ensureEqual(await objective.descend(into, batches, 0.3, into), expected, 'descend in place');
      },
    ),
    ...[0.5, 0.97, 10].map((share) =>
      claim(`clippedGradientSum is the sum over exampleGradients, radius ${share} x the median norm`, async () => {
        const { objective, params } = await opened();
        const norms: number[] = [];
        for await (const gradient of objective.exampleGradients(params, BATCH)) norms.push(norm(gradient));
        const radius = share * norms.sort((a, b) => a - b)[2]!;
        const expected = await loopOfClipped(objective, params, null, BATCH, radius);
        const sum = await objective.clippedGradientSum(params, BATCH, radius);
        ensureBelow(relativeDistance(sum, expected), sumTolerance, 'relative distance');
      }),
    ),
    ...[0.5, 10].map((share) =>
      claim(`clippedDifferenceSum clips each example's own difference, radius ${share} x the distance`, async () => {
        const { objective, params, previous } = await opened();
        const radius = share * norm(subtract(params, previous));
        const expected = await loopOfClipped(objective, params, previous, BATCH, radius);
        const sum = await objective.clippedDifferenceSum(params, previous, BATCH, radius);
        ensureBelow(relativeDistance(sum, expected), 30 * sumTolerance, 'relative distance');
      }),
    ),
    claim('sums over an empty batch are zero', async () => {
      const { family, objective, params, previous } = await opened();
      const none = new Uint32Array(0);
      const zero = zeros(family.parameterCount, precision);
      ensureEqual(await objective.clippedGradientSum(params, none, 1), zero, 'clippedGradientSum');
      ensureEqual(await objective.clippedDifferenceSum(params, previous, none, 1), zero, 'clippedDifferenceSum');
    }),
    claim('changes neither the parameters nor the data that it is given', async () => {
      const { family, objective, params, previous } = await opened();
      const [own, earlier, batch] = [params.slice(), previous.slice(), BATCH.slice()];
      await objective.loss(own, batch);
      await objective.gradient(own, batch);
      await objective.clippedGradientSum(own, batch, 1);
      await objective.clippedDifferenceSum(own, earlier, batch, 1);
      await family.evaluate([own]);
      ensureEqual([own, earlier, batch], [params, previous, BATCH], 'the parameters and the batch afterwards');
      if (!dataset || !before) return;
      const after = copyOf(dataset);
      for (const part of ['train', 'test'] as const)
        for (const array of ['features', 'labels', 'targets'] as const)
          ensureEqual(after[part][array], before[part][array], `${part}.${array} afterwards`);
    }),
    claim('segments cover the parameters without gap or overlap', async () => {
      const { family } = await opened();
      let offset = 0;
      for (const segment of family.segments) {
        ensureEqual(segment.offset, offset, `offset of '${segment.name}'`);
        offset += segment.shape.reduce((product, size) => product * size, 1);
      }
      ensureEqual(offset, family.parameterCount, 'numbers in all segments');
      ensureEqual(family.initialParams(rootStream(1, precision)).length, offset, 'numbers of the initial parameters');
    }),
    claim('evaluate of two equal estimates is evaluate of one', async () => {
      const { family, params } = await opened();
      const one = await family.evaluate([params]);
      const two = await family.evaluate([params, params]);
      ensureAtMost(Math.abs(two.loss - one.loss), 1e-5 * (1 + Math.abs(one.loss)), 'distance of the two losses');
      ensureEqual(two.accuracy, one.accuracy, 'accuracy');
      ensure(one.loss > 0, `expected a loss above 0 away from the minimum, got ${one.loss}`);
    }),
  ];
  // Where features are codes, none of them is NaN.
  if (dataset === null || dataset.vocabulary !== undefined || subject.objective.name.startsWith('character'))
    return claims;
  return [
    ...claims,
    claim('an example of NaN features counts as zero in clipped sums', async () => {
      const { objective, params, previous } = await opened();
      const half = dataset.train.count >> 1;
      const poisoned = await familyOf(subject, withNaN(dataset, half + 2));
      const other = objectiveOf(poisoned, dataset);
      const without = Uint32Array.of(4, 0, 7, 1);
      const sum = await objective.clippedGradientSum(params, without, 0.7);
      ensureEqual(await other.clippedGradientSum(params, BATCH, 0.7), sum, 'clippedGradientSum');
      ensureEqual(
        await other.clippedDifferenceSum(params, previous, BATCH, 0.02),
        await objective.clippedDifferenceSum(params, previous, without, 0.02),
        'clippedDifferenceSum',
      );
      ensure(norm(sum) > 0.1, `expected a sum that is not 0, got norm ${norm(sum)}`);
    }),
  ];
}

/** Numbers of the data as they are now. */
function copyOf({ train, test }: Dataset) {
  const numbers = ({ features, labels, targets }: Dataset['train']) => ({
    features: features.slice(),
    labels: labels.slice(),
    targets: targets.slice(),
  });
  return { train: numbers(train), test: numbers(test) };
}

/** The client's objective over the second half of the training examples, so that rows and batch indices differ. */
function objectiveOf(family: ObjectiveFamily, dataset: Dataset | null): Objective {
  const count = dataset?.train.count ?? 0;
  return family.shard(indices(count).subarray(count >> 1), 1);
}

async function loopOfClipped(
  objective: Objective,
  params: ReadonlyVector,
  previous: ReadonlyVector | null,
  batch: Uint32Array,
  radius: number,
): Promise<Float64Array> {
  const sums = new Float64Array(params.length);
  const earlier: ReadonlyVector[] = [];
  if (previous) for await (const gradient of objective.exampleGradients(previous, batch)) earlier.push(gradient);
  let i = 0;
  for await (const gradient of objective.exampleGradients(params, batch)) {
    const value = previous ? subtract(gradient, earlier[i]!) : gradient;
    i++;
    const length = norm(value);
    if (!Number.isFinite(length)) continue;
    for (let j = 0; j < sums.length; j++) sums[j]! += value[j]! * (length > radius ? radius / length : 1);
  }
  ensureEqual(i, batch.length, 'gradients that exampleGradients gives');
  return sums;
}

function relativeDistance(a: ReadonlyVector, b: ReadonlyVector): number {
  const [x, y] = [Float64Array.from(a as Vector), Float64Array.from(b as Vector)];
  return norm(subtract(x, y)) / norm(y);
}
