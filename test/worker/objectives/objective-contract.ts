import { expect } from 'chai';
import type { Objective, Precision, ReadonlyVector, Vector } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { addScaled, norm, subtract, zeros } from '../../../protocol/numerics/vector.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import type { ObjectiveFamily } from '../../../worker/objectives/family.js';
import { createObjectiveFamily } from '../../../worker/objectives/objectives.js';
import { indices, withNaN } from './synthetic-dataset.js';

export interface ContractCase {
  readonly title: string;
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

export function familyOf(subject: ContractCase, dataset = subject.dataset): Promise<ObjectiveFamily> {
  return createObjectiveFamily({
    objective: subject.objective,
    dataset,
    clientCount: CLIENTS,
    precision: subject.precision,
    rng: rootStream(3, subject.precision),
    device: subject.device,
  });
}

/** A point away from 0, where nothing vanishes by accident. */
export function pointOf(family: ObjectiveFamily, precision: Precision, name: string): Vector {
  const point = rootStream(5, precision).derive(name).normal(family.parameterCount);
  for (let j = 0; j < point.length; j++) point[j] = 0.3 * point[j]!;
  return point;
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
  expect(i).to.equal(batch.length);
  return sums;
}

function relativeDistance(a: ReadonlyVector, b: ReadonlyVector): number {
  const [x, y] = [Float64Array.from(a as Vector), Float64Array.from(b as Vector)];
  return norm(subtract(x, y)) / norm(y);
}

/** What every objective promises, whatever computes it. */
export function itKeepsTheContract(subject: ContractCase): void {
  describe(subject.title, () => {
    let family: ObjectiveFamily;
    let objective: Objective;
    let params: Vector;
    let previous: Vector;
    const batch = Uint32Array.of(4, 0, 2, 7, 1);
    before(async () => {
      family = await familyOf(subject);
      objective = objectiveOf(family, subject.dataset);
      params = pointOf(family, subject.precision, 'params');
      previous = addScaled(params, 0.05, pointOf(family, subject.precision, 'previous'));
    });

    it(`gradient is the derivative of loss along 4 random directions (relative ${subject.gradientTolerance})`, async () => {
      const gradient = await objective.gradient(params, batch);
      expect(norm(gradient)).to.be.above(1e-3);
      for (let trial = 0; trial < 4; trial++) {
        // Along the gradient plus noise: the derivative is then no difference of large terms.
        const direction = addScaled(gradient, 0.1 * norm(gradient), pointOf(family, subject.precision, `d${trial}`));
        const { step } = subject;
        const size = step / norm(direction);
        const ahead = await objective.loss(addScaled(params, size, direction), batch);
        const behind = await objective.loss(addScaled(params, -size, direction), batch);
        let expected = 0;
        for (let j = 0; j < direction.length; j++) expected += direction[j]! * gradient[j]!;
        const slope = (ahead - behind) / (2 * size);
        expect(Math.abs(slope - expected) / Math.abs(expected)).to.be.below(subject.gradientTolerance);
      }
    });

    it('gradient writes into the vector it is given, of the right precision and length', async () => {
      const into = zeros(family.parameterCount, subject.precision).fill(7);
      expect(await objective.gradient(params, batch, into)).to.equal(into);
      expect(into).to.deep.equal(await objective.gradient(params, batch));
    });

    it('the same gradient twice has equal bits, with other calls between', async () => {
      const first = await objective.gradient(params, batch);
      await objective.gradient(previous, batch.subarray(2));
      expect(await objective.gradient(params, batch)).to.deep.equal(first);
    });

    it('descend, where there is one, has the bits of the loop over gradient and leaves its input alone', async () => {
      if (!objective.descend) return;
      const batches = [batch, batch.subarray(1, 3), Uint32Array.of(5, 6)];
      const before = params.slice();
      let expected = params;
      for (const each of batches) expected = addScaled(expected, -0.3, await objective.gradient(expected, each));
      expect(await objective.descend(params, batches, 0.3)).to.deep.equal(expected);
      expect(params).to.deep.equal(before);
      const into = params.slice();
      expect(await objective.descend(into, batches, 0.3, into)).to.deep.equal(expected);
    });

    for (const share of [0.5, 0.97, 10])
      it(`clippedGradientSum is the sum over exampleGradients, radius ${share} x the median norm`, async () => {
        const norms: number[] = [];
        for await (const gradient of objective.exampleGradients(params, batch)) norms.push(norm(gradient));
        const radius = share * norms.sort((a, b) => a - b)[2]!;
        const expected = await loopOfClipped(objective, params, null, batch, radius);
        const sum = await objective.clippedGradientSum(params, batch, radius);
        expect(relativeDistance(sum, expected)).to.be.below(subject.sumTolerance);
      });

    for (const share of [0.5, 10])
      it(`clippedDifferenceSum clips each example's own difference, radius ${share} x the distance`, async () => {
        const radius = share * norm(subtract(params, previous));
        const expected = await loopOfClipped(objective, params, previous, batch, radius);
        const sum = await objective.clippedDifferenceSum(params, previous, batch, radius);
        expect(relativeDistance(sum, expected)).to.be.below(30 * subject.sumTolerance);
      });

    it('sums over an empty batch are zero', async () => {
      const none = new Uint32Array(0);
      const zero = zeros(family.parameterCount, subject.precision);
      expect(await objective.clippedGradientSum(params, none, 1)).to.deep.equal(zero);
      expect(await objective.clippedDifferenceSum(params, previous, none, 1)).to.deep.equal(zero);
    });

    it('segments cover the parameters without gap or overlap', () => {
      let offset = 0;
      for (const segment of family.segments) {
        expect(segment.offset).to.equal(offset);
        offset += segment.shape.reduce((product, size) => product * size, 1);
      }
      expect(offset).to.equal(family.parameterCount);
      expect(family.initialParams(rootStream(1, subject.precision)).length).to.equal(offset);
    });

    it('evaluate of two equal estimates is evaluate of one', async () => {
      const one = await family.evaluate([params]);
      const two = await family.evaluate([params, params]);
      expect(two.loss).to.be.closeTo(one.loss, 1e-5 * (1 + Math.abs(one.loss)));
      expect(two.accuracy).to.equal(one.accuracy);
      expect(one.loss).to.be.above(0);
    });

    const { dataset } = subject;
    if (dataset !== null && !subject.objective.name.startsWith('character'))
      it('an example of NaN features counts as zero in clipped sums', async () => {
        const half = dataset.train.count >> 1;
        const poisoned = await familyOf(subject, withNaN(dataset, half + 2));
        const other = objectiveOf(poisoned, dataset);
        const without = Uint32Array.of(4, 0, 7, 1);
        expect(await other.clippedGradientSum(params, batch, 0.7)).to.deep.equal(
          await objective.clippedGradientSum(params, without, 0.7),
        );
        expect(await other.clippedDifferenceSum(params, previous, batch, 0.02)).to.deep.equal(
          await objective.clippedDifferenceSum(params, previous, without, 0.02),
        );
        expect(norm(await objective.clippedGradientSum(params, without, 0.7))).to.be.above(0.1);
      });
  });
}
