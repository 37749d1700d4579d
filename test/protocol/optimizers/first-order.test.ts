import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { multiply } from '../../../protocol/numerics/vector.js';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { move, noise, normOf, trajectory } from '../../support/optimizer-run.js';

const flat = (name: string, settings: object = {}) => loadOptimizer({ name, ...settings }, []);
const start = Float64Array.of(1, -2, 3);
const constant =
  (...gradient: number[]) =>
  () =>
    Float64Array.from(gradient);

function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12): void {
  expect(actual.length).to.equal(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).to.be.closeTo(value, tolerance);
}

describe('protocol/optimizers: rules without layers', () => {
  it('sgd: w - rate (g + decay w), by hand', () => {
    const path = trajectory(flat('sgd', { learningRate: 0.5, weightDecay: 0.1 }), start, 1, constant(2, 0, -4));
    expectNear(path[1]!, [1 - 0.5 * 2.1, -2 + 0.5 * 0.2, 3 + 0.5 * 3.7]);
  });

  it('sgd: step n has the rate of the schedule at n', () => {
    const learningRate = { name: 'inverse-power', rate: 1, offset: 1 };
    const path = trajectory(flat('sgd', { learningRate }), start, 3, constant(1, 1, 1));
    expectNear(
      [0, 1, 2].map((step) => path[step]![0]! - path[step + 1]![0]!),
      [1, 1 / 2, 1 / 3],
    );
  });

  it('linear scaling: 4 steps with frozen gradients are one step at 4 times the rate', () => {
    const g = constant(0.3, -1, 2);
    const four = trajectory(flat('sgd', { learningRate: 0.1 }), start, 4, g).at(-1)!;
    expectNear(trajectory(flat('sgd', { learningRate: 0.4 }), start, 1, g)[1]!, [
      ...Float64Array.from(four as Float64Array),
    ]);
  });

  it('momentum: velocities 1, 1.9, 2.71 under a constant gradient of 1; nesterov looks one step ahead', () => {
    const settings = { learningRate: 0.1, momentum: 0.9 };
    const heavy = trajectory(flat('momentum', settings), Float64Array.of(0), 3, constant(1));
    expectNear(
      heavy.map((w) => w[0]!),
      [0, -0.1, -0.29, -0.561],
    );
    const ahead = trajectory(flat('momentum', { ...settings, nesterov: true }), Float64Array.of(0), 2, constant(1));
    // 1 + 0.9 * 1, then 1 + 0.9 * 1.9.
    expectNear(
      ahead.map((w) => w[0]!),
      [0, -0.19, -0.19 - 0.271],
    );
  });

  it('delayed nesterov: with N = 1 nesterov; N updates move as one of nesterov on their mean, c shares out the velocity', () => {
    const once = { learningRate: 0.1, momentum: 0.8 };
    const plain = trajectory(flat('momentum', { ...once, nesterov: true }), start, 20, noise(3)).at(-1)!;
    expectNear(trajectory(flat('delayed-nesterov', { ...once, period: 1 }), start, 20, noise(3)).at(-1)!, [
      ...Float64Array.from(plain as Float64Array),
    ]);
    // Gradients 3 and 1, twice: v = 2, then 0.5 * 2 + 2 = 3.
    const gradients = [3, 1, 3, 1];
    const settings = { learningRate: 1, momentum: 0.5, period: 2 };
    const path = (activation: number) =>
      trajectory(flat('delayed-nesterov', { ...settings, activation }), Float64Array.of(0), 4, (_, step) =>
        Float64Array.of(gradients[step]!),
      ).map((w) => w[0]!);
    expectNear(path(0), [0, -1.5, -1.5 - (1 + 0.5), -3 - 1.5, -4.5 - (1.5 + 0.5)]);
    // c = 1/4: a fourth of beta v before the change of v, three fourths of it after.
    expectNear(path(0.25), [0, -1.5, -1.5 - (0.75 + 0.5), -2.75 - (0.25 + 1.5), -4.5 - (1.125 + 0.5)]);
    expect(() => flat('delayed-nesterov', { period: 4, activation: 0.3 })).to.throw(
      /activation.*at most 1 \/ period = 0.25/,
    );
  });

  it('heavy ball: at a constant rate the path of momentum; with momentum 0 that of sgd with the same decay', () => {
    const g = noise(3);
    const heavy = trajectory(flat('heavy-ball', { learningRate: 0.1, momentum: 0.8 }), start, 30, g).at(-1)!;
    const plain = trajectory(flat('momentum', { learningRate: 0.1, momentum: 0.8 }), start, 30, g).at(-1)!;
    expectNear(heavy as Float64Array, [...(plain as Float64Array)]);
    const learningRate = { name: 'step-decay', rate: 0.1, divisor: 4, stageSteps: 5 };
    const still = trajectory(flat('heavy-ball', { learningRate, momentum: 0 }), start, 30, g).at(-1)!;
    const sgd = trajectory(flat('sgd', { learningRate }), start, 30, g).at(-1)!;
    expectNear(still as Float64Array, [...(sgd as Float64Array)]);
  });

  it('heavy ball differs from momentum at a decay step by beta (rate_old - rate_new) v, and not before', () => {
    const settings = { learningRate: { name: 'step-decay', rate: 0.4, divisor: 4, stageSteps: 2 }, momentum: 0.5 };
    const heavy = trajectory(flat('heavy-ball', settings), Float64Array.of(0), 3, constant(1));
    const plain = trajectory(flat('momentum', settings), Float64Array.of(0), 3, constant(1));
    expectNear(
      heavy.map((w) => w[0]!),
      [0, -0.4, -1, -1 - 0.1 - 0.5 * 0.6],
    );
    expectNear(
      plain.map((w) => w[0]!),
      [0, -0.4, -1, -1 - 0.1 * 1.75],
    );
    // v = 1.5 before the decay: 0.5 * (0.4 - 0.1) * 1.5.
    expect(plain[3]![0]! - heavy[3]![0]!).to.be.closeTo(0.225, 1e-12);
  });

  it('heavy ball on a quadratic of condition 1,000: 321 steps to a distance of 1e-6, gradient descent 7,085 +- 5', () => {
    // 50 eigenvalues from 1e-3 to 1, evenly in their logarithm; start (1, ..., 1).
    const eigenvalue = Float64Array.from({ length: 50 }, (_, i) => 1000 ** (i / 49 - 1));
    const stepsTo = (name: string, settings: object) => {
      const path = trajectory(flat(name, settings), new Float64Array(50).fill(1), 7200, (params) =>
        multiply(params, eigenvalue),
      );
      return path.findIndex((params) => normOf(params) < 1e-6);
    };
    const root = Math.sqrt(1000);
    const learningRate = 4 / (1 + 1 / root) ** 2;
    expect(stepsTo('heavy-ball', { learningRate, momentum: ((root - 1) / (root + 1)) ** 2 })).to.equal(321);
    // Both extreme eigenvalues shrink by 1 - 2 / 1001 a step: ln(sqrt(2) 1e6) / -ln(1 - 2 / 1001).
    expect(stepsTo('sgd', { learningRate: 2 / (1 + 1e-3) })).to.be.closeTo(7085, 5);
  });

  it('adagrad: step t under a constant gradient is rate / sqrt(t), whatever the gradient', () => {
    const path = trajectory(
      flat('adagrad', { learningRate: 0.5, epsilon: 0 }),
      Float64Array.of(0, 0),
      4,
      constant(7, -0.01),
    );
    for (let t = 1; t <= 4; t++) expectNear(move(path[t - 1]!, path[t]!), [-0.5 / Math.sqrt(t), 0.5 / Math.sqrt(t)]);
  });

  it('epsilon is added to the root: a first step of rate g / (|g| + 1) for adagrad and adam with epsilon 1', () => {
    for (const name of ['adagrad', 'adam', 'adamw']) {
      const rule = flat(name, { learningRate: 0.5, epsilon: 1, ...(name === 'adamw' ? { weightDecay: 0 } : {}) });
      expectNear(trajectory(rule, Float64Array.of(0, 0), 1, constant(3, -1))[1]!, [-0.375, 0.25]);
    }
  });

  it('adagrad-norm: steps at most rate, b never falls, sum |g|^2 / b <= 2 b; constant gradients and b_0 = 0 give rate / sqrt(t)', () => {
    const settings = { learningRate: 0.7, initialNorm: 0 };
    const optimizer = flat('adagrad-norm', settings);
    const gradientOf = noise(3, 6);
    let params: Float64Array = start;
    let state = optimizer.init(3);
    let sum = 0;
    for (let step = 0; step < 60; step++) {
      const gradient = gradientOf(params, step);
      const [next, nextState] = optimizer.update(gradient, state, params);
      expect(normOf(move(params, next))).to.be.at.most(0.7 * (1 + 1e-12));
      expect(nextState.squareSum).to.be.at.least(state.squareSum);
      sum += normOf(gradient) ** 2 / Math.sqrt(nextState.squareSum);
      params = next as Float64Array;
      state = nextState;
    }
    expect(sum).to.be.at.most(2 * Math.sqrt(state.squareSum));
    const path = trajectory(flat('adagrad-norm', settings), start, 9, constant(3, 0, 4));
    for (let t = 1; t <= 9; t++) expect(normOf(move(path[t - 1]!, path[t]!))).to.be.closeTo(0.7 / Math.sqrt(t), 1e-12);
  });

  it('adagrad-norm: scaling gradients and b_0 by 1,024 changes no bit', () => {
    const g = noise(3, 2);
    const scaled = (params: Float64Array, step: number) => g(params, step).map((x) => 1024 * x) as Float64Array;
    const path = trajectory(flat('adagrad-norm', { initialNorm: 0.5 }), start, 20, g);
    const big = trajectory(flat('adagrad-norm', { initialNorm: 512 }), start, 20, (w, t) =>
      scaled(w as Float64Array, t),
    );
    expect(big).to.deep.equal(path);
  });

  it('adagrad-norm recovers from a rate 100 times too large, where sgd diverges', () => {
    const gradient = (w: ArrayLike<number>) => Float64Array.from(w, (x, i) => [1, 4, 10][i]! * x);
    const rate = 100 / 10;
    const run = (name: string) =>
      trajectory(flat(name, { learningRate: rate }), start, 500, (w) => gradient(w)).at(-1)!;
    expect(normOf(run('sgd'))).to.satisfy((norm: number) => !(norm < 1e100));
    expect(normOf(run('adagrad-norm'))).to.be.below(1e-3);
  });

  it('adam: the first step is rate * sign(g) when epsilon is 0; the second by hand', () => {
    const settings = { learningRate: 0.1, epsilon: 0, beta1: 0.5, beta2: 0.75 };
    const path = trajectory(flat('adam', settings), Float64Array.of(0, 0), 2, (_, t) =>
      Float64Array.of(t === 0 ? 2 : 4, t === 0 ? -5 : 0),
    );
    expectNear(path[1]!, [-0.1, 0.1]);
    // m = 0.5 * 1 + 0.5 * 4 = 2.5, mhat = 2.5 / 0.75; v = 0.75 * 1 + 0.25 * 16 = 4.75, vhat = 4.75 / 0.4375.
    const first = 2.5 / 0.75 / Math.sqrt(4.75 / 0.4375);
    // m = 0.5 * -2.5, v = 0.75 * 6.25.
    const second = -1.25 / 0.75 / Math.sqrt(4.6875 / 0.4375);
    expectNear(move(path[1]!, path[2]!), [-0.1 * first, -0.1 * second]);
  });

  it('adam with epsilon 0: scaling every entry of the gradient by its own factor changes nothing', () => {
    const g = noise(3, 3);
    const factors = [1e-6, 4, 1e9];
    const scaled = (_: unknown, t: number) => Float64Array.from(g(start, t), (x, i) => factors[i]! * x);
    const path = trajectory(flat('adam', { epsilon: 0 }), start, 25, g).at(-1)!;
    expectNear(trajectory(flat('adam', { epsilon: 0 }), start, 25, scaled).at(-1)! as Float64Array, [
      ...(path as Float64Array),
    ]);
  });

  it('adamw: decay passes by the moments, so that a zero gradient shrinks by 1 - rate decay; adam instead steps by sign', () => {
    const zero = constant(0, 0, 0);
    const settings = { learningRate: 0.1, weightDecay: 0.5, epsilon: 0 };
    expectNear(trajectory(flat('adamw', settings), start, 2, zero)[2]!, [0.9025, -1.805, 2.7075]);
    expectNear(trajectory(flat('adam', settings), start, 1, zero)[1]!, [0.9, -1.9, 2.9]);
    const without = { learningRate: 0.1, weightDecay: 0 };
    expect(trajectory(flat('adamw', without), start, 20, noise(3))).to.deep.equal(
      trajectory(flat('adam', without), start, 20, noise(3)),
    );
  });

  it('yogi: the first step by hand, without and with bias correction', () => {
    const settings = { learningRate: 0.5, beta1: 0.8, beta2: 0.75, epsilon: 0.25, initialSquare: 0 };
    const step = (biasCorrection: boolean) =>
      trajectory(flat('yogi', { ...settings, biasCorrection }), Float64Array.of(0), 1, constant(3))[1]![0]!;
    // m = 0.2 * 3, v = 0.25 * 9; corrected: 3 and 9.
    expect(step(false)).to.be.closeTo((-0.5 * 0.6) / (1.5 + 0.25), 1e-15);
    expect(step(true)).to.be.closeTo((-0.5 * 3) / (3 + 0.25), 1e-15);
  });

  it('yogi: the second moment moves by exactly (1 - beta2) g^2, up or down', () => {
    const optimizer = flat('yogi', { beta2: 0.9, initialSquare: 4 });
    const [, state] = optimizer.update(Float64Array.of(1, 3, 2), optimizer.init(3), start);
    expectNear(state.square, [4 - 0.1, 4 + 0.9, 4]);
  });

  describe('server rules of FedOpt, D = minus the gradient', () => {
    const settings = { learningRate: 0.5, beta1: 0.6, beta2: 0.9, tau: 0.25 };
    // D = 2, then -1; m = 0.4 * 2 = 0.8, then 0.6 * 0.8 - 0.4 = 0.08; v_0 = tau^2 = 0.0625.
    const path = (name: string, extra: object = {}) =>
      trajectory(flat(name, { ...settings, ...extra }), Float64Array.of(0), 2, (_, t) =>
        Float64Array.of(t === 0 ? -2 : 1),
      ).map((w) => w[0]!);
    const expected = (v1: number, v2: number) => {
      const first = (0.5 * 0.8) / (Math.sqrt(v1) + 0.25);
      return [0, first, first + (0.5 * 0.08) / (Math.sqrt(v2) + 0.25)];
    };

    it('fed-adagrad: v += D^2', () => expectNear(path('fed-adagrad'), expected(4.0625, 5.0625)));
    it('fed-adam: v = beta2 v + (1 - beta2) D^2, no bias correction', () =>
      expectNear(path('fed-adam'), expected(0.45625, 0.510625)));
    it('fed-yogi: v -= (1 - beta2) D^2 sign(v - D^2)', () => expectNear(path('fed-yogi'), expected(0.4625, 0.5625)));
    it('initialSquare replaces tau^2', () => expectNear(path('fed-adagrad', { initialSquare: 0 }), expected(4, 5)));
    it('sgd at rate 1 is FedAvg: the parameters move by the mean update', () =>
      expectNear(trajectory(flat('sgd', { learningRate: 1 }), start, 1, constant(-1, 2, 0.5))[1]!, [2, -4, 2.5]));
  });
});
