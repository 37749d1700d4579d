import '../../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { loadOptimizer } from '../../../../protocol/optimizers/load-optimizer.js';
import {
  BLOCK_LENGTH,
  dequantizeBlocks,
  nearestCode,
  quantizeBlocks,
  signedMap,
  unsignedMap,
} from '../../../../protocol/optimizers/parts/eight-bit.js';
import { kernel, normOf, trajectory } from '../../../support/optimizer-run.js';

const stream = rootStream(21, 'float64');

function roundTrip(values: Float64Array, map = signedMap): Float64Array {
  const result = new Float64Array(values.length);
  dequantizeBlocks(quantizeBlocks(values, map), map, result);
  return result;
}

describe('protocol/optimizers/eight-bit', () => {
  it('both maps have 256 ascending entries; smallest sizes 5.5e-7 and 3.25e-7; signed extremes -0.99296875 and 1', () => {
    for (const map of [signedMap, unsignedMap]) {
      expect(new Set(map).size).to.equal(256);
      expect([...map].sort((a, b) => a - b)).to.deep.equal([...map]);
      expect(map.includes(0)).to.equal(true);
    }
    const smallest = (map: Float64Array) => Math.min(...map.filter((x) => x > 0));
    expect(smallest(signedMap)).to.be.closeTo(5.5e-7, 1e-20);
    expect(smallest(unsignedMap)).to.be.closeTo(3.25e-7, 1e-20);
    expect(signedMap[0]).to.be.closeTo(-0.99296875, 1e-15);
    expect([signedMap[255], unsignedMap[255], unsignedMap[0]]).to.deep.equal([1, 1, 0]);
  });

  it('the nearest code by search is the one of smallest distance (2,000 values)', () => {
    for (const map of [signedMap, unsignedMap])
      for (let k = 0; k < 1000; k++) {
        const value = (map === signedMap ? 2 : 1) * (k / 999) ** 5 - (map === signedMap ? 1 : 0);
        const distance = Math.min(...map.map((x) => Math.abs(x - value)));
        expect(Math.abs(map[nearestCode(map, value)]! - value)).to.equal(distance);
      }
  });

  it('a Gaussian block: mean error 0.0096 sd +- 5 %, largest error at most 0.0071 of the scale (seed 21)', () => {
    let mean = 0;
    for (let block = 0; block < 10; block++) {
      const values = stream.derive('gauss', block).normal(BLOCK_LENGTH) as Float64Array;
      const back = roundTrip(values);
      const largest = Math.max(...values.map(Math.abs));
      for (const [i, value] of values.entries()) {
        const error = Math.abs(back[i]! - value);
        mean += error / (10 * BLOCK_LENGTH);
        expect(error).to.be.at.most(0.0071 * largest);
      }
    }
    expect(mean).to.be.closeTo(0.0096, 0.05 * 0.0096);
  });

  it('again is the same when the largest magnitude is positive; where it is negative the block shrinks by 0.7 % each time', () => {
    const values = stream.derive('again').normal(BLOCK_LENGTH) as Float64Array;
    values[7] = 8;
    const once = roundTrip(values);
    expect(roundTrip(once)).to.deep.equal(once);
    values[7] = -8;
    const [first, second] = [roundTrip(values), roundTrip(roundTrip(values))];
    expect(first[7]).to.be.closeTo(-8 * 0.99296875, 1e-6);
    expect(second[7]! / first[7]!).to.be.closeTo(0.99296875, 1e-6);
  });

  it('zeros stay zero; an outlier touches its own block alone; a factor of 2^10 passes through', () => {
    expect(normOf(roundTrip(new Float64Array(3000)))).to.equal(0);
    const values = stream.derive('outlier').normal(2 * BLOCK_LENGTH) as Float64Array;
    const calm = roundTrip(values);
    expect(roundTrip(values.map((x) => 1024 * x))).to.deep.equal(calm.map((x) => 1024 * x));
    values[3] = 1e9;
    const upset = roundTrip(values);
    expect(upset.subarray(BLOCK_LENGTH)).to.deep.equal(calm.subarray(BLOCK_LENGTH));
    expect(upset.subarray(0, BLOCK_LENGTH)).to.not.deep.equal(calm.subarray(0, BLOCK_LENGTH));
  });
});

describe('protocol/optimizers/adam-eight-bit', () => {
  it('tensors below minimumSize: Adam, bit for bit', () => {
    const start = stream.derive('start').normal(12);
    const g = (_: unknown, step: number) => stream.derive('small', step).normal(12);
    expect(trajectory(loadOptimizer({ name: 'adam-eight-bit' }, kernel(4, 3)), start, 20, g)).to.deep.equal(
      trajectory(loadOptimizer({ name: 'adam' }, kernel(4, 3)), start, 20, g),
    );
  });

  it('only tensors of minimumSize numbers are kept in 8 bits, wherever they stand', () => {
    const segments = [
      { name: 'bias', module: 'a', offset: 0, shape: [10] },
      { name: 'kernel', module: 'a', offset: 10, shape: [64, 64] },
      { name: 'last', module: 'a', offset: 4106, shape: [30] },
    ];
    const forms = (minimumSize: number) =>
      loadOptimizer({ name: 'adam-eight-bit', minimumSize }, segments)
        .init(4136)
        .tensors.map(({ form }: { form: string }) => form);
    expect(forms(4096)).to.deep.equal(['plain', 'blocks', 'plain']);
    expect(forms(30)).to.deep.equal(['plain', 'blocks', 'blocks']);
  });

  it('the state of 64 x 64 numbers is 2.004 bytes a number', () => {
    const state = loadOptimizer({ name: 'adam-eight-bit' }, kernel(64, 64)).init(4096);
    const [{ mean, square }] = state.tensors;
    const bytes = [mean, square].reduce((sum, { codes, scales }) => sum + codes.byteLength + scales.byteLength, 0);
    expect(bytes / 4096).to.be.closeTo(2.004, 1e-3);
  });

  it("4,096 entries of a quadratic: the distance left after 60 steps within 2 % of Adam's, after 300 below 1e-6 of the start", () => {
    const start = new Float64Array(4096).fill(1);
    const gradient = (w: ArrayLike<number>) => Float64Array.from(w, (x, i) => (0.5 + i / 4096) * x);
    const left = (name: string, steps: number) => {
      const rule = loadOptimizer({ name, learningRate: { name: 'cosine', rate: 0.05, steps } }, kernel(64, 64));
      return normOf(trajectory(rule, start, steps, gradient).at(-1)!) / normOf(start);
    };
    const ratio = left('adam-eight-bit', 60) / left('adam', 60);
    expect(ratio).to.be.closeTo(1, 0.02);
    expect(ratio).to.not.equal(1);
    expect(left('adam-eight-bit', 300)).to.be.below(1e-6);
  });
});
