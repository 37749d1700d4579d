import '../../support/loaded-rules.js';
import { expect } from 'chai';
import type { ReadonlyVector, Segment } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { dot, scale } from '../../../protocol/numerics/vector.js';
import { layerFactors } from '../../../protocol/optimizers/lanton.js';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { nuclearNorm, orthogonalizeInto } from '../../../protocol/optimizers/parts/newton-schulz.js';
import { tensorsOf } from '../../../protocol/optimizers/parts/tensors.js';
import { kernel, move, noise, normOf, trajectory } from '../../support/optimizer-run.js';

const segments: readonly Segment[] = [
  { name: 'hidden/kernel', module: 'hidden', offset: 0, shape: [5, 4] },
  { name: 'hidden/bias', module: 'hidden', offset: 20, shape: [4] },
  { name: 'output/kernel', module: 'output', offset: 24, shape: [4, 3] },
];
const length = 36;
const start = rootStream(3, 'float64').derive('start').normal(length) as Float64Array;
const load = (name: string, settings: object = {}) => loadOptimizer({ name, ...settings }, segments);

/** The gradients of `noise`, one tensor's multiplied by `factor`. */
function louder(tensor: number, factor: number): (params: ReadonlyVector, step: number) => Float64Array {
  const { start: from, end } = tensorsOf(segments, length)[tensor]!;
  const plain = noise(length);
  return (params, step) => Float64Array.from(plain(params, step), (g, i) => (i >= from && i < end ? factor * g : g));
}

function expectSame(a: ReadonlyVector, b: ReadonlyVector, tolerance: number): void {
  for (let i = 0; i < a.length; i++) expect(a[i]).to.be.closeTo(b[i]!, tolerance);
}

describe('protocol/optimizers/tensors', () => {
  it('matrices have the last axis as columns; vectors are minor beside matrices and major alone', () => {
    const [convolution, bias] = tensorsOf(
      [
        { name: 'k', module: 'c', offset: 0, shape: [3, 3, 2, 5] },
        { name: 'b', module: 'c', offset: 90, shape: [5] },
      ],
      95,
    );
    expect(convolution).to.include({ rows: 18, columns: 5, isMatrix: true, isMinor: false });
    expect(bias).to.include({ rows: 1, columns: 5, isMatrix: false, isMinor: true });
    expect(tensorsOf([{ name: 'x', module: 'x', offset: 0, shape: [7] }], 7)[0]).to.include({ isMinor: false });
    expect(() => tensorsOf(segments, 37)).to.throw(RangeError, /cover 37 numbers, cover 36/);
    expect(() => tensorsOf([segments[1]!], 4)).to.throw(RangeError, /begin at 0/);
  });
});

describe('protocol/optimizers/lars', () => {
  const settings = { learningRate: 0.3, trustCoefficient: 0.02, weightDecay: 0 };

  it('the first step of a kernel has length rate * trust * |w|, that of a bias is plain SGD', () => {
    const gradient = noise(length)(start, 0);
    const [, next] = trajectory(load('lars', settings), start, 1, () => gradient);
    for (const { start: from, end, isMinor } of tensorsOf(segments, length)) {
      const expected = isMinor ? 0.3 * normOf(gradient, from, end) : 0.3 * 0.02 * normOf(start, from, end);
      expect(normOf(move(start, next!), from, end)).to.be.closeTo(expected, 1e-14);
    }
  });

  it("without decay, a kernel's own gradient scale does not matter (1,000 on the last kernel)", () => {
    const a = trajectory(load('lars', settings), start, 15, louder(2, 1)).at(-1)!;
    expectSame(trajectory(load('lars', settings), start, 15, louder(2, 1000)).at(-1)!, a, 1e-13);
  });

  it('decay is in the step and in the denominator, by hand', () => {
    const rule = loadOptimizer(
      { name: 'lars', learningRate: 2, trustCoefficient: 0.1, weightDecay: 0.5, momentum: 0 },
      kernel(1, 2),
    );
    // |w| = 5, |g| = 10: ratio 0.1 * 5 / (10 + 2.5) = 0.04; step 2 * 0.04 * (g + 0.5 w).
    const [next] = rule.update(Float64Array.of(6, 8), rule.init(2), Float64Array.of(3, 4));
    expectSame(next, Float64Array.of(3 - 0.08 * 7.5, 4 - 0.08 * 10), 1e-15);
  });

  it('the rate stays inside the velocity: after it falls to 0 the old velocity still moves', () => {
    const learningRate = { name: 'milestones', rate: 1, divisor: 1e9, steps: [1] };
    const rule = loadOptimizer({ name: 'lars', learningRate, trustCoefficient: 0.1, momentum: 0.5 }, kernel(1, 2));
    const path = trajectory(rule, Float64Array.of(3, 4), 2, () => Float64Array.of(0, 1));
    expect(move(path[1]!, path[2]!)[1]! / move(path[0]!, path[1]!)[1]!).to.be.closeTo(0.5, 1e-8);
  });
});

describe('protocol/optimizers/lamb', () => {
  it('every kernel moves by rate * |w| at every step, whatever gradient and decay', () => {
    const path = trajectory(load('lamb', { learningRate: 0.03, weightDecay: 0.2 }), start, 10, noise(length));
    for (let t = 1; t <= 10; t++)
      for (const { start: from, end, isMinor } of tensorsOf(segments, length))
        if (!isMinor)
          expect(normOf(move(path[t - 1]!, path[t]!), from, end)).to.be.closeTo(
            0.03 * normOf(path[t - 1]!, from, end),
            1e-14,
          );
  });

  it('decay joins the direction before the ratio, by hand', () => {
    const rule = loadOptimizer({ name: 'lamb', learningRate: 0.1, weightDecay: 0.5, epsilon: 0 }, kernel(1, 2));
    // u = (1, -1) + 0.5 (3, 4) = (2.5, 1); |w| = 5.
    const [next] = rule.update(Float64Array.of(7, -9), rule.init(2), Float64Array.of(3, 4));
    const factor = 0.5 / Math.sqrt(7.25);
    expectSame(next, Float64Array.of(3 - 2.5 * factor, 4 - factor), 1e-15);
  });

  it('normCap bounds phi: a kernel of norm 5 moves by rate * 2', () => {
    const rule = loadOptimizer({ name: 'lamb', learningRate: 0.1, normCap: 2 }, kernel(1, 2));
    const [next] = rule.update(Float64Array.of(1, -3), rule.init(2), Float64Array.of(3, 4));
    expect(normOf(move(Float64Array.of(3, 4), next))).to.be.closeTo(0.2, 1e-15);
  });

  it('biases get plain Adam without decay; so does a kernel of zeros', () => {
    const lamb = trajectory(load('lamb', { learningRate: 0.1, weightDecay: 0.5 }), start, 5, noise(length)).at(-1)!;
    const adam = trajectory(load('adam', { learningRate: 0.1, epsilon: 1e-6 }), start, 5, noise(length)).at(-1)!;
    expectSame(lamb.subarray(20, 24), adam.subarray(20, 24), 1e-14);
    expect(Math.abs(lamb[0]! - adam[0]!)).to.be.above(1e-3);
    const origin = new Float64Array(2);
    const rule = loadOptimizer({ name: 'lamb', learningRate: 0.1 }, kernel(1, 2));
    expect(normOf(rule.update(Float64Array.of(1, -3), rule.init(2), origin)[0])).to.be.closeTo(0.1 * Math.SQRT2, 1e-6);
  });

  it("one kernel's gradient times 100 changes nothing when epsilon is 0", () => {
    const settings = { learningRate: 0.05, epsilon: 0 };
    const a = trajectory(load('lamb', settings), start, 15, louder(0, 1)).at(-1)!;
    expectSame(trajectory(load('lamb', settings), start, 15, louder(0, 100)).at(-1)!, a, 1e-13);
  });
});

/** Singular values, descending, by Jacobi rotations of the columns. */
function singularValues(matrix: ReadonlyVector, rows: number, columns: number): number[] {
  const a = Float64Array.from({ length: rows * columns }, (_, i) => matrix[i]!);
  const overlap = (p: number, q: number) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += a[r * columns + p]! * a[r * columns + q]!;
    return sum;
  };
  for (let sweep = 0; sweep < 40; sweep++)
    for (let p = 0; p < columns; p++)
      for (let q = p + 1; q < columns; q++) {
        const angle = 0.5 * Math.atan2(2 * overlap(p, q), overlap(p, p) - overlap(q, q));
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let r = 0; r < rows; r++) {
          const [x, y] = [a[r * columns + p]!, a[r * columns + q]!];
          a[r * columns + p] = c * x + s * y;
          a[r * columns + q] = c * y - s * x;
        }
      }
  return Array.from({ length: columns }, (_, p) => Math.sqrt(overlap(p, p))).sort((x, y) => y - x);
}

describe('protocol/optimizers/newton-schulz', () => {
  const rng = rootStream(12, 'float64');

  it('orthogonalised: min(rows, columns) singular values within [0.65, 1.25], also of tall and wide matrices (20 seeds)', () => {
    for (let seed = 0; seed < 20; seed++)
      for (const [rows, columns] of [
        [12, 6],
        [6, 12],
        [7, 4],
      ] as const) {
        const matrix = rng.derive(seed, rows).normal(rows * columns);
        const result = new Float64Array(rows * columns);
        orthogonalizeInto(result, matrix, 0, rows, columns);
        const values = singularValues(result, rows, columns).slice(0, Math.min(rows, columns));
        for (const value of values) expect(value).to.be.within(0.65, 1.25);
      }
  });

  it('it points along the matrix: the overlap with it is near the sum of its singular values', () => {
    const matrix = rng.derive('overlap').normal(48);
    const result = new Float64Array(48);
    orthogonalizeInto(result, matrix, 0, 8, 6);
    const overlap = dot(matrix, result);
    const total = singularValues(matrix, 8, 6).reduce((a, b) => a + b, 0);
    expect(overlap / total).to.be.within(0.7, 1.2);
  });

  it('commutes with transposition, ignores a scale of 2^200, keeps zero at zero', () => {
    const matrix = rng.derive('transpose').normal(15);
    const flipped = Float64Array.from({ length: 15 }, (_, i) => matrix[(i % 5) * 3 + Math.floor(i / 5)]!);
    const [a, b, c] = [new Float64Array(15), new Float64Array(15), new Float64Array(15)];
    orthogonalizeInto(a, matrix, 0, 5, 3);
    orthogonalizeInto(b, flipped, 0, 3, 5);
    expectSame(
      b,
      Float64Array.from({ length: 15 }, (_, i) => a[(i % 5) * 3 + Math.floor(i / 5)]!),
      1e-13,
    );
    orthogonalizeInto(c, scale(2 ** 200, matrix), 0, 5, 3);
    expect(c).to.deep.equal(a);
    orthogonalizeInto(c, new Float64Array(15), 0, 5, 3);
    expect(normOf(c)).to.equal(0);
  });

  it('nuclear norm: within 1e-3 of the sum of singular values (20 seeds); 3 + 4 for diag(3, -4)', () => {
    expect(nuclearNorm(Float64Array.of(3, 0, 0, -4), 0, 2, 2)).to.be.closeTo(7, 7e-3);
    expect(nuclearNorm(new Float64Array(4), 0, 2, 2)).to.equal(0);
    for (let seed = 0; seed < 20; seed++) {
      const matrix = rng.derive('nuclear', seed).normal(54);
      const total = singularValues(matrix, 9, 6).reduce((a, b) => a + b, 0);
      expect(nuclearNorm(matrix, 0, 9, 6) / total).to.be.closeTo(1, 1e-3);
    }
  });
});

describe('protocol/optimizers/muon', () => {
  it('a step of a 5 x 4 kernel has singular values rate * [0.65, 1.25]; the shape factor is sqrt(outputs / inputs), at least 1', () => {
    const rule = load('muon', { learningRate: 0.5 });
    const [, next] = trajectory(rule, start, 1, noise(length));
    for (const value of singularValues(move(start, next!), 5, 4)) expect(value / 0.5).to.be.within(0.65, 1.25);
    const wide = (shapeFactor: boolean) => {
      const muon = loadOptimizer({ name: 'muon', learningRate: 1, shapeFactor }, kernel(2, 8));
      return normOf(muon.update(noise(16)(start, 0), muon.init(16), new Float64Array(16))[0]);
    };
    expect(wide(true) / wide(false)).to.be.closeTo(2, 1e-12);
  });

  it('the step ignores the gradient scale of a kernel and the parameters', () => {
    const settings = { learningRate: 0.1 };
    const a = trajectory(load('muon', settings), start, 8, louder(0, 1)).at(-1)!;
    expectSame(trajectory(load('muon', settings), start, 8, louder(0, 4096)).at(-1)!, a, 1e-12);
    const origin = trajectory(load('muon', settings), new Float64Array(length), 8, louder(0, 1)).at(-1)!;
    expectSame(origin, move(start, a), 1e-12);
  });

  it('nesterov steps along (1 - momentum) g + momentum B: after g = 1 and momentum 0.5 its sign turns at g = -1/6', () => {
    const second = (nesterov: boolean, g: number) => {
      const settings = { learningRate: 1, momentum: 0.5, nesterov, vectorRule: 'sign', vectorRateFactor: 1 };
      const path = trajectory(loadOptimizer({ name: 'muon', ...settings }, []), Float64Array.of(0), 2, (_, t) =>
        Float64Array.of(t === 0 ? 1 : g),
      );
      return path[2]![0]! - path[1]![0]!;
    };
    expect([-0.16, -0.17].map((g) => second(true, g))).to.deep.equal([-1, 1]);
    expect([-0.49, -0.51].map((g) => second(false, g))).to.deep.equal([-1, 1]);
  });

  it('decay shrinks every tensor by its own rate times decay; vectors under sign move by rate * vectorRateFactor', () => {
    for (const vectorRule of ['adamw', 'sign']) {
      const still = load('muon', { learningRate: 0.1, weightDecay: 0.5, vectorRateFactor: 0.2, vectorRule });
      const [, next] = trajectory(still, start, 1, () => new Float64Array(length));
      const expected = Float64Array.from(start, (w, i) => (i >= 20 && i < 24 ? 0.99 : 0.95) * w);
      expectSame(next!, expected, 1e-15);
    }
    const signs = load('muon', { learningRate: 0.2, vectorRule: 'sign', vectorRateFactor: 0.25 });
    const [, moved] = trajectory(signs, start, 1, noise(length));
    for (const step of move(start, moved!).subarray(20, 24)) expect(Math.abs(step)).to.be.closeTo(0.05, 1e-15);
  });

  it('vectors get AdamW at rate * vectorRateFactor', () => {
    const settings = { learningRate: 0.1, vectorRateFactor: 0.5, vectorBeta2: 0.95, vectorEpsilon: 1e-8 };
    const muon = trajectory(load('muon', settings), start, 6, noise(length)).at(-1)!;
    const adam = trajectory(load('adam', { learningRate: 0.05, beta2: 0.95 }), start, 6, noise(length)).at(-1)!;
    expectSame(muon.subarray(20, 24), adam.subarray(20, 24), 1e-14);
  });
});

describe('protocol/optimizers/lanton', () => {
  const muon = () =>
    load('muon', {
      learningRate: 0.1,
      nesterov: false,
      shapeFactor: false,
      vectorRule: 'sign',
      vectorRateFactor: 1,
    });

  it('no noise (a second gradient equal to the first, or a constant one) is Muon with sign for vectors, bit for bit', () => {
    const g = noise(length);
    const independent = trajectory(
      load('lanton', { learningRate: 0.1, noise: 'independent' }),
      start,
      12,
      g,
      (params, step) => ({ independentGradient: g(params, step) }),
    );
    expect(independent).to.deep.equal(trajectory(muon(), start, 12, g));
    const constant = () => g(start, 0);
    expect(trajectory(load('lanton', { learningRate: 0.1 }), start, 5, constant)).to.deep.equal(
      trajectory(muon(), start, 5, constant),
    );
  });

  it('factors: 1 for the quietest of each group, falling with H, by hand', () => {
    const factors = layerFactors(tensorsOf(segments, length), Float64Array.of(0, 3, 15), 1);
    // a = 1 and 1/4 for the kernels, alone in its group for the bias.
    expect([...factors]).to.deep.equal([1, 1, 0.5]);
    // alpha = 4: a = 4 / sqrt(16 + 240) = 1/4 again; both kernels noisy: 4/5 and 1/4.
    const both = layerFactors(tensorsOf(segments, length), Float64Array.of(9, 3, 240), 4);
    expect(both[2]).to.be.closeTo(Math.sqrt(0.25 / 0.8), 1e-15);
    expect(both[0]).to.equal(1);
  });

  it('a noisier kernel gets a smaller rate; the others keep theirs', () => {
    const rule = load('lanton', { learningRate: 1, noise: 'independent' });
    const gradient = noise(length)(start, 0);
    const [calm] = rule.update(gradient, rule.init(length), start, { independentGradient: gradient });
    const other = Float64Array.from(gradient, (g, i) => (i >= 24 ? -g : g));
    const [next, state] = rule.update(gradient, rule.init(length), start, { independentGradient: other });
    expect(state.noise[0]).to.equal(0);
    const h =
      0.1 *
      nuclearNorm(
        Float64Array.from(gradient, (g) => 2 * g),
        24,
        4,
        3,
      ) **
        2;
    expect(state.noise[2]).to.be.closeTo(h, 1e-9 * h);
    const ratio = Math.sqrt(1 / Math.sqrt(1 + h));
    expect(next.subarray(0, 24)).to.deep.equal(calm.subarray(0, 24));
    expect(normOf(move(start, next), 24, 36) / normOf(move(start, calm), 24, 36)).to.be.closeTo(ratio, 1e-9);
  });

  it("noise of vectors is the l1 norm's square; option I starts with the second step", () => {
    const rule = loadOptimizer({ name: 'lanton', beta2: 0.75 }, []);
    const params = Float64Array.of(0, 0);
    const [, first] = rule.update(Float64Array.of(5, -5), rule.init(2), params);
    expect([...first.noise]).to.deep.equal([0]);
    const [, second] = rule.update(Float64Array.of(4, -2), first, params);
    expect([...second.noise]).to.deep.equal([0.25 * 16]);
  });

  it('option II without a second gradient says what is missing', () => {
    const rule = load('lanton', { noise: 'independent' });
    expect(rule.needs).to.deep.equal(['independentGradient']);
    expect(() => rule.update(start, rule.init(length), start, {})).to.throw(/ERR_SCENARIO.*independentGradient/);
  });
});

describe('protocol/optimizers/scale', () => {
  const columnNorms = (step: ReadonlyVector, from: number, rows: number, columns: number) =>
    Array.from({ length: columns }, (_, c) =>
      Math.sqrt(Array.from({ length: rows }, (_, r) => step[from + r * columns + c]! ** 2).reduce((a, b) => a + b, 0)),
    );

  it('every output column of every kernel moves by a root mean square of exactly the rate', () => {
    const path = trajectory(load('scale', { learningRate: 0.2 }), start, 4, noise(length));
    for (let t = 1; t <= 4; t++)
      for (const [from, rows, columns] of [
        [0, 5, 4],
        [24, 4, 3],
      ] as const)
        for (const norm of columnNorms(move(path[t - 1]!, path[t]!), from, rows, columns))
          expect(norm / Math.sqrt(rows)).to.be.closeTo(0.2, 1e-14);
  });

  it("'l2': columns of norm rate, sqrt(inputs) times smaller", () => {
    const [, next] = trajectory(load('scale', { learningRate: 0.2, normalization: 'l2' }), start, 1, noise(length));
    for (const norm of columnNorms(move(start, next!), 0, 5, 4)) expect(norm).to.be.closeTo(0.2, 1e-14);
  });

  it('columns of all but the last kernel may be scaled at will, differently in each step; a zero column does not move', () => {
    const g = noise(length);
    const scaled = (params: ReadonlyVector, step: number) =>
      Float64Array.from(g(params, step), (x, i) => (i < 20 ? x * 2 ** (5 * (i % 4) - 3 * step) : x));
    const a = trajectory(load('scale'), start, 6, g).at(-1)!;
    expectSame(trajectory(load('scale'), start, 6, scaled).at(-1)!, a, 1e-14);
    const holed = (params: ReadonlyVector, step: number) =>
      Float64Array.from(g(params, step), (x, i) => (i < 20 && i % 4 === 2 ? 0 : x));
    const [, next] = trajectory(load('scale'), start, 1, holed);
    expect(columnNorms(move(start, next!), 0, 5, 4)[2]).to.equal(0);
  });

  it('momentum belongs to the last kernel alone', () => {
    const g = noise(length);
    const turned = (params: ReadonlyVector, step: number) =>
      step === 0 ? Float64Array.from(g(params, 0), (x) => -x) : g(params, step);
    const last = (gradients: typeof g) => {
      const path = trajectory(load('scale'), start, 2, gradients);
      return move(path[1]!, path[2]!);
    };
    expectSame(last(g).subarray(0, 20), last(turned).subarray(0, 20), 1e-14);
    expect(normOf(move(last(g).subarray(24), last(turned).subarray(24)))).to.be.above(1e-4);
  });

  it('decay shrinks before the step; the second moment exists for vectors only', () => {
    const zero = () => new Float64Array(length);
    const [, next] = trajectory(load('scale', { learningRate: 0.5, weightDecay: 0.2 }), start, 1, zero);
    expectSame(
      next!,
      Float64Array.from(start, (w) => 0.9 * w),
      1e-15,
    );
    expect(load('scale').init(length).vectors.square).to.have.length(4);
  });

  it('the last kernel moves along its running mean, column by column, its first entry too', () => {
    const g = noise(length);
    const path = trajectory(load('scale', { learningRate: 0.2, momentum: 0.9 }), start, 2, g);
    const mean = new Float64Array(12);
    for (const step of [0, 1]) {
      const gradient = g(path[step]!, step);
      for (let i = 0; i < 12; i++) mean[i] = 0.9 * mean[i]! + 0.1 * gradient[24 + i]!;
      const moved = move(path[step]!, path[step + 1]!);
      for (let i = 0; i < 12; i++) {
        const column = [0, 1, 2, 3].map((row) => mean[3 * row + (i % 3)]! ** 2);
        const scale = Math.sqrt(column.reduce((a, b) => a + b, 0) / 4);
        expect(moved[24 + i]).to.be.closeTo((-0.2 * mean[i]!) / scale, 1e-14);
      }
    }
  });
});

describe('protocol/optimizers/vector-adamw', () => {
  const both: readonly Segment[] = [
    { name: 'a/kernel', module: 'a', offset: 0, shape: [3, 2] },
    { name: 'a/bias', module: 'a', offset: 6, shape: [2] },
    { name: 'b/kernel', module: 'b', offset: 8, shape: [2, 3] },
    { name: 'b/bias', module: 'b', offset: 14, shape: [3] },
  ];
  for (const name of ['scale', 'muon'])
    it(`${name}: each of two vectors has moments of its own: it moves as if the other were not there`, () => {
      const begin = Float64Array.from({ length: 17 }, (_, i) => Math.cos(i));
      const gradient = (_: ReadonlyVector, step: number) => Float64Array.from(begin, (_x, i) => Math.sin(3 * i + step));
      const whole = trajectory(loadOptimizer({ name }, both), begin, 4, gradient).at(-1)!;
      for (const bias of [both[1]!, both[3]!]) {
        const end = bias.offset + bias.shape[0]!;
        const alone = [{ ...both[0]! }, { ...bias, offset: 6 }];
        const taken = (all: ReadonlyVector) =>
          Float64Array.of(
            ...Array.from({ length: 6 }, (_, i) => all[i]!),
            ...Array.from({ length: end - bias.offset }, (_, i) => all[bias.offset + i]!),
          );
        const path = trajectory(loadOptimizer({ name }, alone), taken(begin), 4, (_, step) =>
          taken(gradient(begin, step)),
        );
        expectSame(path.at(-1)!.subarray(6), whole.subarray(bias.offset, end), 1e-15);
      }
    });
});
