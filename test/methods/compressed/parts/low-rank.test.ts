import { expect } from 'chai';
import type { Segment, Vector } from '../../../../protocol/method.js';
import {
  lowRankLayout,
  orthonormalColumns,
  reconstruct,
  restOf,
  timesLeft,
  timesRight,
} from '../../../../protocol/methods/compressed/parts/low-rank.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { add, dot, norm, scale, squaredNorm, subtract } from '../../../../protocol/numerics/vector.js';

const SEGMENTS: readonly Segment[] = [
  { name: 'kernel', module: 'a', offset: 0, shape: [20, 15] },
  { name: 'bias', module: 'a', offset: 300, shape: [15] },
  { name: 'convolution', module: 'b', offset: 315, shape: [12, 3, 3] },
  { name: 'small', module: 'b', offset: 423, shape: [2, 3] },
];
const LENGTH = 429;
const rng = rootStream(8, 'float64').derive('low-rank');
const draw = (name: string, length = LENGTH): Vector => rng.derive(name).normal(length);
const zeros = (length: number) => new Float64Array(length);

/** One round of PowerSGD without error feedback on one model vector: its rank-r approximation, and the next Q. */
function approximate(model: Vector, basis: Vector, rank = 2) {
  const layout = lowRankLayout(SEGMENTS, rank, 1);
  const p = orthonormalColumns(layout, timesRight(layout, model, basis, zeros(layout.leftLength)));
  const q = timesLeft(layout, model, p, zeros(layout.rightLength));
  return {
    p,
    q,
    layout,
    approximation: reconstruct(layout, p, q, restOf(layout, model, zeros(layout.restLength)), model),
  };
}

describe('protocol/numerics/low-rank', () => {
  it('matrices of 20 x 15 and 12 x 9 at rank 2 take 2 (35 + 21) numbers, the 21 of bias and 2 x 3 go whole', () => {
    const layout = lowRankLayout(SEGMENTS, 2, 1);
    expect([layout.leftLength, layout.rightLength, layout.restLength]).to.deep.equal([2 * 32, 2 * 24, 21]);
    // 108 numbers are not more than 3 * 2 (12 + 9) = 126.
    expect(lowRankLayout(SEGMENTS, 2, 3).parts.length).to.equal(1);
  });

  it('what is left out is orthogonal to what is kept: <M - PQ, PQ> < 1e-12 |M|^2, and |M|^2 - |PQ|^2 is the error', () => {
    const model = draw('model');
    const { approximation } = approximate(model, draw('basis', 48));
    const rest = subtract(model, approximation);
    expect(Math.abs(dot(rest, approximation))).to.be.below(1e-12 * squaredNorm(model));
    expect(squaredNorm(rest)).to.be.closeTo(squaredNorm(model) - squaredNorm(approximation), 1e-10);
    expect(norm(rest)).to.be.above(1);
  });

  it('linear: P and Q of the mean of four workers are the means of their P and Q, to 1e-12', () => {
    const workers = [1, 2, 3, 4].map((i) => draw(`worker ${i}`));
    const mean = scale(0.25, workers.reduce(add));
    const basis = draw('basis', 48);
    const { p, q, layout } = approximate(mean, basis);
    const meanOf = (each: (model: Vector) => Vector) => scale(0.25, workers.map(each).reduce(add));
    const left = meanOf((model) => timesRight(layout, model, basis, zeros(layout.leftLength)));
    expect(norm(subtract(orthonormalColumns(layout, left), p))).to.be.below(1e-12);
    expect(
      norm(
        subtract(
          meanOf((model) => timesLeft(layout, model, p, zeros(layout.rightLength))),
          q,
        ),
      ),
    ).to.be.below(1e-12);
  });

  it('exact where the rank is at most r: |M - PQ| < 1e-12, also when r is larger', () => {
    const layout = lowRankLayout(SEGMENTS, 2, 1);
    const model = reconstruct(layout, draw('left', 64), draw('right', 48), draw('rest', 21), zeros(LENGTH));
    for (const rank of [2, 3]) {
      const { approximation } = approximate(model, draw('basis', lowRankLayout(SEGMENTS, rank, 1).rightLength), rank);
      expect(norm(subtract(model, approximation)), `rank ${rank}`).to.be.below(1e-11 * norm(model));
    }
  });

  it('with warm start the error on a fixed M falls at every step, towards that of the best rank 2', () => {
    const model = draw('fixed');
    let basis = draw('basis', 48);
    const errors: number[] = [];
    for (let step = 0; step < 200; step++) {
      const { approximation, q } = approximate(model, basis);
      errors.push(norm(subtract(model, approximation)));
      basis = q;
    }
    for (let step = 1; step < 20; step++) expect(errors[step]!).to.be.below(errors[step - 1]!);
    expect(errors.at(-1)!).to.be.closeTo(errors.at(-2)!, 1e-6);
    expect(errors[0]! / errors.at(-1)!).to.be.above(1.02);
  });

  it('columns are orthonormal to 1e-12 even when they were nearly equal', () => {
    const layout = lowRankLayout(SEGMENTS.slice(0, 1), 2, 1);
    const left = draw('nearly', 40);
    for (let i = 0; i < 20; i++) left[2 * i + 1] = left[2 * i]! + 1e-7 * left[2 * i + 1]!;
    const p = orthonormalColumns(layout, left);
    let [overlap, length] = [0, 0];
    for (let i = 0; i < 20; i++) {
      overlap += p[2 * i]! * p[2 * i + 1]!;
      length += p[2 * i + 1]! ** 2;
    }
    expect(Math.abs(overlap)).to.be.below(1e-12);
    expect(Math.sqrt(length)).to.be.closeTo(1, 1e-12);
  });
});
