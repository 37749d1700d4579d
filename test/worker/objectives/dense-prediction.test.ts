import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { misalignment } from '../../../protocol/methods/large-batch/parts/half-means.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { indices } from '../../../scenarios/check/parts/synthetic-dataset.js';
import { IGNORED } from '../../../worker/datasets/synthetic-scenes.js';
import { loadDataset } from '../../support/load-dataset.js';
import { type ContractCase, familyOf, itKeepsTheContract, pointOf } from './objective-contract.js';

const scenes = (given: object = {}) =>
  loadDataset({ name: 'synthetic-scenes', examples: 16, testExamples: 8, ...given }, rootStream(4, 'float64'));

const subject: ContractCase = {
  title: 'dense-prediction on wasm',
  objective: { name: 'dense-prediction', backboneChannels: 3, neckChannels: 4, kernelSize: 3, detectionWeight: 0.7 },
  dataset: scenes(),
  precision: 'float32',
  device: 'wasm',
  // The kinks of relu at 256 pixels; the reference below is the sharp test.
  gradientTolerance: 0.02,
  sumTolerance: 2e-6,
  step: 5e-3,
};

/** Loss of one scene by loops over pixels, in float64, from the definition. */
function referenceLoss(params: ArrayLike<number>, image: Float32Array, pixels: Uint8Array, cells: Uint8Array): number {
  let at = 0;
  const next = (count: number) => Array.from({ length: count }, () => params[at++]!);
  const [filter, filterBias, neckWeights, neckBias] = [next(9 * 3), next(3), next(3 * 4), next(4)] as number[][];
  const heads = [0, 1].map(() => ({ weights: next(4 * 3), bias: next(3) }));
  const neck = Array.from({ length: 256 }, (_, p) => {
    const [row, column] = [p >> 4, p & 15];
    const backbone = filterBias!.map((bias, c) => {
      let sum = bias;
      for (let r = -1; r <= 1; r++)
        for (let k = -1; k <= 1; k++) {
          const inside = row + r >= 0 && row + r < 16 && column + k >= 0 && column + k < 16;
          if (inside) sum += image[(row + r) * 16 + column + k]! * filter![((r + 1) * 3 + k + 1) * 3 + c]!;
        }
      return Math.max(0, sum);
    });
    return neckBias!.map((bias, c) =>
      Math.max(
        0,
        backbone.reduce((sum, h, j) => sum + h * neckWeights![j * 4 + c]!, bias),
      ),
    );
  });
  const crossEntropy = (input: number[], head: number, truth: number) => {
    const { weights, bias } = heads[head]!;
    const z = bias.map((b, c) => input.reduce((sum, h, j) => sum + h * weights[j * 3 + c]!, b));
    return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[truth]!;
  };
  const known = pixels.filter((kind) => kind !== IGNORED).length;
  let loss = 0;
  for (const [p, kind] of pixels.entries()) if (kind !== IGNORED) loss += crossEntropy(neck[p]!, 0, kind) / known;
  for (const [cell, kind] of cells.entries()) {
    const mean = [0, 1, 2, 3].map((c) => {
      let sum = 0;
      for (let k = 0; k < 16; k++) sum += neck[((cell >> 2) * 4 + (k >> 2)) * 16 + (cell & 3) * 4 + (k & 3)]![c]!;
      return sum / 16;
    });
    loss += (0.7 * crossEntropy(mean, 1, kind)) / 16;
  }
  return loss;
}

describe('worker/objectives/dense-prediction', () => {
  itKeepsTheContract(subject);

  for (const ignoredPixelShare of [0, 0.75])
    it(`the loss is that of loops over pixels and cells from the definition, ${ignoredPixelShare} of the pixels ignored (1e-5)`, async () => {
      const dataset = scenes({ ignoredPixelShare });
      const family = await familyOf({ ...subject, dataset });
      const params = pointOf(family, 'float32', 'a');
      const { features, maps } = dataset.train;
      let expected = 0;
      for (const i of [3, 9])
        expected +=
          referenceLoss(
            params as Float32Array,
            features.subarray(i * 256, (i + 1) * 256),
            maps!.segmentation!.subarray(i * 256, (i + 1) * 256),
            maps!.detection!.subarray(i * 16, (i + 1) * 16),
          ) / 2;
      const found = await family.shard(indices(16), 0).loss(params, Uint32Array.of(3, 9));
      expect(found).to.be.closeTo(expected, 1e-5 * expected);
    });

  it('ignoring 94 % of the pixels makes the segmentation head noisier: 1 - cos of two halves of 64 scenes more than doubles (seed 4)', async () => {
    const misaligned = async (ignoredPixelShare: number) => {
      const dataset = scenes({ examples: 128, noiseStddev: 2.5, ignoredPixelShare });
      const family = await familyOf({ ...subject, dataset });
      const params = pointOf(family, 'float32', 'a');
      const objective = family.shard(indices(128), 0);
      const [a, b] = [indices(64), indices(128).subarray(64)];
      const { offset } = family.segments.find(({ name }) => name === 'segmentation/weights')!;
      const range = [{ start: offset, end: offset + 12 }];
      return misalignment(await objective.gradient(params, a), await objective.gradient(params, b), range);
    };
    expect((await misaligned(0.9375)) / (await misaligned(0))).to.be.above(2);
  });

  it('has the modules backbone, neck, segmentation and detection', async () => {
    const { segments } = await familyOf(subject);
    expect([...new Set(segments.map(({ module }) => module))]).to.deep.equal([
      'backbone',
      'neck',
      'segmentation',
      'detection',
    ]);
  });

  it('evaluation is the mean of the losses, with the figures of both heads beside', async () => {
    const family = await familyOf(subject);
    const params = pointOf(family, 'float32', 'a');
    const { loss, accuracy, extra } = await family.evaluateTraining!([params]);
    const all = await family.shard(indices(16), 0).loss(params, indices(16));
    expect(loss).to.be.closeTo(all, 1e-4 * all);
    expect(accuracy).to.be.within(0, 1);
    expect(extra!.segmentationLoss! + 0.7 * extra!.detectionLoss!).to.be.closeTo(loss, 1e-12);
    expect(Object.keys(extra!)).to.include.members(['intersectionOverUnion', 'detectionAccuracy']);
  });

  it('asks for a data set with truth by place', async () => {
    const dataset = loadDataset({ name: 'gaussian-clusters', examples: 20, testExamples: 5 }, rootStream(1, 'float64'));
    const failure = await familyOf({ ...subject, dataset }).catch((error: Error) => error.message);
    expect(failure).to.match(/ERR_OBJECTIVE.*'gaussian-clusters' has none; use 'synthetic-scenes'/);
  });
});

describe('worker/datasets/synthetic-scenes', () => {
  it('every scene has its label plus one cells with an object, and pixels of each object', () => {
    const { train } = scenes({ examples: 400 });
    for (let i = 0; i < 400; i++) {
      const cells = train.maps!.detection!.subarray(16 * i, 16 * (i + 1));
      const pixels = train.maps!.segmentation!.subarray(256 * i, 256 * (i + 1));
      expect(cells.filter((kind) => kind > 0).length).to.equal(train.labels[i]! + 1);
      const painted = pixels.filter((kind) => kind > 0).length;
      expect(painted).to.be.within(9, 9 * (train.labels[i]! + 1));
    }
  });

  it('object pixels average +2 and -2, the others 0, all within 0.05; noise has standard deviation 0.8 within 0.02 (400 scenes, seed 4)', () => {
    const { train } = scenes({ examples: 400 });
    const sums = [0, 1, 2].map(() => ({ count: 0, sum: 0, square: 0 }));
    for (const [p, kind] of train.maps!.segmentation!.entries()) {
      const entry = sums[kind]!;
      entry.count++;
      entry.sum += train.features[p]!;
      entry.square += train.features[p]! ** 2;
    }
    for (const [kind, expected] of [0, 2, -2].entries()) {
      const { count, sum, square } = sums[kind]!;
      expect(sum / count).to.be.within(expected - 0.05, expected + 0.05);
      expect(Math.sqrt(square / count - (sum / count) ** 2)).to.be.within(0.78, 0.82);
    }
  });

  it('withholds the truth of 192 of 256 training pixels in each scene at a share of 0.75, and of no test pixel', () => {
    const { train, test } = scenes({ ignoredPixelShare: 0.75 });
    for (let i = 0; i < 16; i++) {
      const pixels = train.maps!.segmentation!.subarray(256 * i, 256 * (i + 1));
      expect(pixels.filter((kind) => kind === IGNORED).length).to.equal(192);
    }
    expect(test.maps!.segmentation!.includes(IGNORED)).to.equal(false);
    expect(train.features).to.deep.equal(scenes().train.features);
  });

  it('the same seed draws the same scenes, another one others', () => {
    expect(scenes()).to.deep.equal(scenes());
    const other = loadDataset({ name: 'synthetic-scenes', examples: 16, testExamples: 8 }, rootStream(5, 'float64'));
    expect(other.train.features).to.not.deep.equal(scenes().train.features);
  });
});
