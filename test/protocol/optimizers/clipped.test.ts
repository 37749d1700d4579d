import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { trajectory } from '../../support/optimizer-run.js';

const flat = (name: string, settings: object) => loadOptimizer({ name, ...settings }, []);
const ofOne = (gradient: (x: number) => number) => (w: ArrayLike<number>) => Float64Array.of(gradient(w[0]!));

describe('protocol/optimizers: clipped rules', () => {
  it('clipped-sgd: (3, 4) of norm 5 with threshold 2.5 is a step along (1.5, 2); a shorter one stays', () => {
    const rule = flat('clipped-sgd', { learningRate: 0.5, threshold: 2.5 });
    const path = trajectory(rule, Float64Array.of(0, 0), 1, () => Float64Array.of(3, 4));
    expect(Array.from(path[1]!)).to.deep.equal([-0.75, -1]);
    const short = trajectory(rule, Float64Array.of(0, 0), 1, () => Float64Array.of(0.5, -1));
    expect(Array.from(short[1]!)).to.deep.equal([-0.25, 0.5]);
  });

  it('clipped-sgd: without a threshold it has the bits of sgd, under a schedule too', () => {
    const gradient = (w: ArrayLike<number>) => Float64Array.from(w, (x, i) => 0.3 * x + Math.sin(7 * i + x));
    const start = Float64Array.of(1, -2, 3);
    for (const learningRate of [0.1, { name: 'step-decay', rate: 0.1, divisor: 4, stageSteps: 5 }]) {
      const plain = trajectory(flat('sgd', { learningRate }), start, 20, gradient);
      const clipped = trajectory(flat('clipped-sgd', { learningRate, threshold: null }), start, 20, gradient);
      expect(clipped).to.deep.equal(plain);
    }
  });

  it('clipped-sgd: a gradient that is not finite is no step', () => {
    const rule = flat('clipped-sgd', { learningRate: 0.5, threshold: 1 });
    expect(Array.from(trajectory(rule, Float64Array.of(7), 1, () => Float64Array.of(Number.NaN))[1]!)).to.deep.equal([
      7,
    ]);
  });

  it('clipped-sstm: two steps by hand, f = x^2 / 2 from 1, 1 / (a L) = 1', () => {
    // alpha_1 = 1: z = y = 1 - 1 = 0, x = 0. alpha_2 = 1.5: gradient 0, all stay 0.
    const path = trajectory(
      flat('clipped-sstm', { learningRate: 1 }),
      Float64Array.of(1),
      2,
      ofOne((x) => x),
    );
    expect(path.map((w) => w[0])).to.deep.equal([1, 0, 0]);
    // Clipped at 0.5 / alpha: alpha_1 = 1: z = y = 0.5, x = 0.5. alpha_2 = 1.5, clipped at 1/3: z = 0, y = (1 * 0.5 + 0) / 2.5 = 0.2.
    // alpha_3 = 2: x = (2.5 * 0.2 + 2 * 0) / 4.5 = 1 / 9.
    const clipped = flat('clipped-sstm', { learningRate: 1, threshold: 0.5 });
    const short = trajectory(
      clipped,
      Float64Array.of(1),
      2,
      ofOne((x) => x),
    );
    expect(short[1]![0]).to.be.closeTo(0.5, 1e-15);
    expect(short[2]![0]).to.be.closeTo(1 / 9, 1e-15);
  });

  it('clipped-sstm: without noise and threshold it is accelerated: 100 steps at condition 1000 beat those of sgd tenfold', () => {
    const curvature = [1, 0.001];
    const gradient = (w: ArrayLike<number>) => Float64Array.from(w, (x, i) => curvature[i]! * x);
    const loss = (w: ArrayLike<number>) => curvature.reduce((sum, a, i) => sum + 0.5 * a * w[i]! ** 2, 0);
    const start = Float64Array.of(1, 1);
    const fast = loss(trajectory(flat('clipped-sstm', { learningRate: 1 }), start, 100, gradient).at(-1)!);
    const slow = loss(trajectory(flat('sgd', { learningRate: 1 }), start, 100, gradient).at(-1)!);
    expect(fast).to.be.lessThan(slow / 10);
  });
});
