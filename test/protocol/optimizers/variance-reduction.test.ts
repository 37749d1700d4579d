import '../../support/loaded-rules.js';
import { expect } from 'chai';
import type { ReadonlyVector, Segment } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { scale, subtract } from '../../../protocol/numerics/vector.js';
import { correctedGradient } from '../../../protocol/optimizers/discover.js';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { kernel, move, noise, normOf, trajectory } from '../../support/optimizer-run.js';

const length = 12;
const start = rootStream(3, 'float64').derive('start').normal(length);
const matrix = kernel(4, 3);
const small = (params: ReadonlyVector, step: number) => scale(0.1, noise(length)(params, step));

describe('protocol/optimizers/mars', () => {
  const mars = (settings: object, segments: readonly Segment[] = matrix) =>
    loadOptimizer({ name: 'mars', ...settings }, segments);

  it('gamma 0 and gradients of norm below 1: AdamW, bit for bit', () => {
    const settings = { learningRate: 0.02, beta1: 0.95, beta2: 0.99, weightDecay: 0.3 };
    const path = trajectory(mars({ ...settings, gamma: 0 }), start, 30, small);
    expect(path).to.deep.equal(trajectory(loadOptimizer({ name: 'adamw', ...settings }, matrix), start, 30, small));
    expect(trajectory(mars(settings), start, 30, small)).to.not.deep.equal(path);
  });

  it('approximate, first step: c = (1 + gamma beta1 / (1 - beta1)) g = 1.475 g', () => {
    const rule = mars({});
    const gradient = small(start, 0);
    const [, state] = rule.update(gradient, rule.init(length), start);
    for (let i = 0; i < length; i++) expect(state.mean[i]).to.be.closeTo(0.05 * 1.475 * gradient[i]!, 1e-16);
  });

  it('the second moment is that of the clipped c, whose norm is at most 1 in every tensor', () => {
    const segments = [...kernel(2, 3), { name: 'second', module: 'layer', offset: 6, shape: [3, 2] }];
    const rule = mars({}, segments);
    const gradient = Float64Array.from({ length }, (_, i) => (i < 6 ? 5 : 0.01));
    const [, state] = rule.update(gradient, rule.init(length), start);
    // Six equal entries of norm 1: 1 / sqrt(6) each. The second tensor is far below the bound.
    expect(state.mean[0]).to.be.closeTo(0.05 / Math.sqrt(6), 1e-15);
    expect(state.square[0]).to.be.closeTo(0.01 / 6, 1e-15);
    expect(state.mean[6]).to.be.closeTo(0.05 * 0.01475, 1e-16);
  });

  it('without clipping and gamma 1: m_t = g_t + beta1 (m_{t-1} - g_{t-1}), also in the exact variant with its gradient', () => {
    const rule = mars({ gamma: 1, maximumNorm: null });
    const g = noise(length);
    let state = rule.init(length);
    let params: ReadonlyVector = start;
    let expected: ReadonlyVector = new Float64Array(length);
    let previous: ReadonlyVector = new Float64Array(length);
    for (let step = 0; step < 10; step++) {
      const gradient = g(params, step);
      expected = Float64Array.from({ length }, (_, i) => gradient[i]! + 0.95 * (expected[i]! - previous[i]!));
      [params, state] = rule.update(gradient, state, params);
      previous = gradient;
      for (let i = 0; i < length; i++) expect(state.mean[i]).to.be.closeTo(expected[i]!, 1e-12);
    }
  });

  it('a constant gradient: c = g from the second step on', () => {
    const rule = mars({ beta1: 0.5, gamma: 3 });
    const gradient = small(start, 0);
    const [first, state] = rule.update(gradient, rule.init(length), start);
    const [, second] = rule.update(gradient, state, first);
    for (let i = 0; i < length; i++)
      expect(second.mean[i]).to.be.closeTo(0.5 * state.mean[i]! + 0.5 * gradient[i]!, 1e-16);
  });

  it('exact: compares with the gradient handed in, not with the last one; without it says what is missing', () => {
    const rule = mars({ variant: 'exact' });
    expect(rule.needs).to.deep.equal(['gradientAtPrevious']);
    const gradient = small(start, 0);
    const gradientAtPrevious = small(start, 1);
    const [, state] = rule.update(gradient, rule.init(length), start, { gradientAtPrevious });
    for (let i = 0; i < length; i++) {
      const c = gradient[i]! + 0.475 * (gradient[i]! - gradientAtPrevious[i]!);
      expect(state.mean[i]).to.be.closeTo(0.05 * c, 1e-16);
    }
    expect(() => rule.update(gradient, rule.init(length), start)).to.throw(/ERR_SCENARIO.*gradientAtPrevious/);
  });

  it('exact with gamma (1 - beta1) / beta1 = 1 on a deterministic gradient: the running mean is the gradient itself (STORM)', () => {
    const beta1 = 0.8;
    const rule = mars({ variant: 'exact', gamma: 1, beta1, maximumNorm: null, learningRate: 0.05 });
    const gradientOf = (w: ReadonlyVector) => Float64Array.from({ length }, (_, i) => (1 + i) * w[i]!);
    // m_t - g_t = beta1 (m_{t-1} - g_{t-1}): the error of the start is forgotten at rate beta1.
    let params: ReadonlyVector = start;
    let previous: ReadonlyVector = start;
    let state = rule.init(length);
    const errors: number[] = [];
    for (let step = 0; step < 20; step++) {
      const gradient = gradientOf(params);
      const [next, nextState] = rule.update(gradient, state, params, { gradientAtPrevious: gradientOf(previous) });
      errors.push(normOf(subtract(nextState.mean, gradient)));
      previous = params;
      params = next;
      state = nextState;
    }
    for (let t = 1; t < 20; t++) expect(errors[t]! / errors[t - 1]!).to.be.closeTo(beta1, 1e-9);
  });

  it('lion: every entry moves by the rate; shampoo: like Muon of the corrected mean', () => {
    const [, lion] = trajectory(mars({ form: 'lion', learningRate: 0.2 }), start, 1, small);
    for (const step of move(start, lion!)) expect(Math.abs(step)).to.be.closeTo(0.2, 1e-15);
    for (const form of ['lion', 'shampoo']) {
      const rule = mars({ form });
      const gradient = small(start, 0);
      const [params, first] = rule.update(gradient, rule.init(length), start);
      const [, second] = rule.update(gradient, first, params);
      for (let i = 0; i < length; i++) {
        expect(first.mean[i]).to.be.closeTo(0.05 * 1.475 * gradient[i]!, 1e-16);
        expect(second.mean[i]).to.be.closeTo(0.95 * first.mean[i]! + 0.05 * gradient[i]!, 1e-16);
      }
    }
    const muon = { name: 'muon', momentum: 0.95, nesterov: false, learningRate: 0.2 };
    const shampoo = trajectory(mars({ form: 'shampoo', gamma: 0, learningRate: 0.2 }), start, 8, small).at(-1)!;
    const plain = trajectory(loadOptimizer(muon, matrix), start, 8, small).at(-1)!;
    for (let i = 0; i < length; i++) expect(shampoo[i]).to.be.closeTo(plain[i]!, 1e-13);
  });

  it("a bias beside a kernel gets AdamW (0.9, 0.95) with decay 0.1 at the same rate; with vectorRule 'mars' it does not", () => {
    const segments = [...kernel(3, 3), { name: 'bias', module: 'layer', offset: 9, shape: [3] }];
    const tail = (optimizer: ReturnType<typeof mars>) => trajectory(optimizer, start, 9, small).at(-1)!.subarray(9);
    const adamw = { name: 'adamw', learningRate: 3e-3, beta2: 0.95, weightDecay: 0.1 };
    expect(tail(mars({}, segments))).to.deep.equal(tail(loadOptimizer(adamw, segments)));
    expect(tail(mars({ vectorRule: 'mars' }, segments))).to.not.deep.equal(tail(loadOptimizer(adamw, segments)));
  });
});

describe('protocol/optimizers/discover', () => {
  it('one cluster: u = g, so SGD with momentum bit for bit', () => {
    const settings = { learningRate: 0.1, momentum: 0.8 };
    const g = noise(length);
    const path = trajectory(
      loadOptimizer({ name: 'discover', clusterCount: 1, ...settings }, []),
      start,
      15,
      g,
      () => ({ cluster: 0 }),
    );
    expect(path).to.deep.equal(trajectory(loadOptimizer({ name: 'momentum', ...settings }, []), start, 15, g));
  });

  const chances = [0.2, 0.5, 0.3];
  const stream = rootStream(9, 'float64');
  const gradients = chances.map((_, c) => stream.derive('g', c).normal(length));
  const mixed = Float64Array.from({ length }, (_, i) => chances.reduce((sum, p, c) => sum + p * gradients[c]![i]!, 0));

  it('sum of p_c u_c is the full gradient whatever the memories; with exact memories each u_c is', () => {
    const memories = chances.map((_, c) => stream.derive('m', c).normal(length));
    const corrected = chances.map((_, c) =>
      correctedGradient(gradients[c]!, [{ cluster: c, share: 1 }], memories, chances),
    );
    for (let i = 0; i < length; i++)
      expect(chances.reduce((sum, p, c) => sum + p * corrected[c]![i]!, 0)).to.be.closeTo(mixed[i]!, 1e-14);
    for (const [c, gradient] of gradients.entries()) {
      const exact = correctedGradient(gradient, [{ cluster: c, share: 1 }], gradients, chances);
      for (let i = 0; i < length; i++) expect(exact[i]).to.be.closeTo(mixed[i]!, 1e-14);
    }
  });

  it('memories move towards their own cluster alone, by memoryRate / (clusterCount p_c), at most 1', () => {
    const rule = loadOptimizer(
      { name: 'discover', clusterCount: 3, probabilities: [0.02, 0.5, 0.48], memoryRate: 0.3 },
      [],
    );
    const one = Float64Array.of(2, -4);
    const [, rare] = rule.update(one, rule.init(2), one, { cluster: 0 });
    expect(rare.memories[0]).to.deep.equal(one);
    expect(normOf(rare.memories[1])).to.equal(0);
    const [, common] = rule.update(one, rule.init(2), one, { cluster: 1 });
    expect(common.memories[1][0]).to.be.closeTo(2 * 0.2, 1e-15);
  });

  it('every cluster received with its due share: u = g, and SGD with momentum bit for bit', () => {
    const settings = { learningRate: 0.1, momentum: 0.8 };
    const path = (spec: { name: string; clusterCount?: number; probabilities?: readonly number[] }) =>
      trajectory(
        loadOptimizer({ ...spec, ...settings }, []),
        start,
        15,
        () => mixed,
        () => ({ clusters: chances.map((share, cluster) => ({ cluster, share, gradient: gradients[cluster]! })) }),
      );
    expect(path({ name: 'discover', clusterCount: 3, probabilities: chances })).to.deep.equal(
      path({ name: 'momentum' }),
    );
  });

  it("the between-cluster noise of its steps falls below a hundredth of SGD's within 400 steps (seed 9)", () => {
    const rule = loadOptimizer(
      { name: 'discover', learningRate: 1e-3, momentum: 0, clusterCount: 3, probabilities: chances },
      [],
    );
    const draw = stream.derive('draws');
    let params: ReadonlyVector = start;
    let state = rule.init(length);
    let spread = 0;
    for (let step = 0; step < 400; step++) {
      const coin = draw.uniform();
      const cluster = coin < 0.2 ? 0 : coin < 0.7 ? 1 : 2;
      const [next, nextState] = rule.update(gradients[cluster]!, state, params, { cluster });
      if (step >= 300) spread = Math.max(spread, normOf(subtract(scale(1000, subtract(params, next)), mixed)));
      params = next;
      state = nextState;
    }
    const plain = Math.max(...gradients.map((gradient) => normOf(subtract(gradient, mixed))));
    expect(spread).to.be.below(0.01 * plain);
  });

  it('names the clusters when none or an unknown one is given, and the probabilities that it expects', () => {
    const rule = loadOptimizer({ name: 'discover', clusterCount: 3 }, []);
    for (const evidence of [{}, { cluster: 3 }, { cluster: -1 }])
      expect(() => rule.update(start, rule.init(length), start, evidence)).to.throw(/ERR_SCENARIO.*from 0 to 2/);
    for (const probabilities of [
      [0.5, 0.5],
      [0.5, 0.6, 0.2],
    ])
      expect(() => loadOptimizer({ name: 'discover', clusterCount: 3, probabilities }, [])).to.throw(
        /ERR_SCENARIO: optimizer.probabilities: .*sum is 1/,
      );
  });
});
