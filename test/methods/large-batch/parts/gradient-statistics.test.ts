import { expect } from 'chai';
import type { Vector } from '../../../../protocol/method.js';
import { GradientStatistics } from '../../../../protocol/methods/large-batch/parts/gradient-statistics.js';
import {
  HalfMeans,
  independentGradient,
  misalignment,
} from '../../../../protocol/methods/large-batch/parts/half-means.js';
import { modulesOf } from '../../../../protocol/methods/large-batch/parts/modules.js';
import { WeightedMean } from '../../../../protocol/methods/parts/weighted-mean.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { squaredDistance, squaredNorm } from '../../../../protocol/numerics/vector.js';

const stream = rootStream(3, 'float64');
const one = modulesOf([], 5);

function folded(gradients: readonly Vector[], examples: readonly number[], entries = true): GradientStatistics {
  const statistics = new GradientStatistics(modulesOf([], gradients[0]!.length), entries);
  for (const [d, gradient] of gradients.entries()) statistics.add(examples[d]!, gradient);
  return statistics;
}

describe('protocol/numerics/modules', () => {
  it('joins neighbouring tensors of a module and keeps those apart that others lie between', () => {
    const segments = [
      { name: 'a/w', module: 'a', offset: 0, shape: [2, 3] },
      { name: 'a/b', module: 'a', offset: 6, shape: [3] },
      { name: 'b', module: 'b', offset: 9, shape: [1] },
      { name: 'a/c', module: 'a', offset: 10, shape: [2] },
    ];
    expect(modulesOf(segments, 12)).to.deep.equal([
      {
        name: 'a',
        ranges: [
          { start: 0, end: 9 },
          { start: 10, end: 12 },
        ],
      },
      { name: 'b', ranges: [{ start: 9, end: 10 }] },
    ]);
  });
});

describe('protocol/numerics/gradient-statistics', () => {
  const gradients = [0, 1, 2, 3].map((d) => stream.derive('g', d).normal(5));
  const unequal = [7, 32, 5, 20];

  for (const entries of [true, false])
    it(`the mean has the bits of WeightedMean (entries ${entries ? 'kept' : 'not kept'})`, () => {
      const plain = new WeightedMean();
      for (const [d, gradient] of gradients.entries()) plain.add(unequal[d]!, gradient);
      expect(folded(gradients, unequal, entries).value()).to.deep.equal(plain.value());
    });

  it('equal batches of 9: tr(Sigma) = 9 K/(K-1) mean |g_d - g|^2 and |G|^2 = |g|^2 - tr(Sigma)/36, as identities', () => {
    const statistics = folded(gradients, [9, 9, 9, 9]);
    const mean = statistics.value();
    const spread = gradients.reduce((sum, g) => sum + squaredDistance(g, mean), 0) / 4;
    const [{ trace, signal }] = statistics.noise() as [{ trace: number; signal: number }];
    expect(trace).to.be.closeTo((9 * 4 * spread) / 3, 1e-12 * trace);
    expect(signal).to.be.closeTo(squaredNorm(mean) - trace / 36, 1e-12);
  });

  it('unequal batches: tr(Sigma) = B/(K-1) (sum w_d |g_d|^2 - |g|^2), with and without entries', () => {
    const B = 64;
    for (const entries of [true, false]) {
      const statistics = folded(gradients, unequal, entries);
      const mean = statistics.value();
      const squares = gradients.reduce((sum, g, d) => sum + (unequal[d]! / B) * squaredNorm(g), 0);
      expect(statistics.noise()![0]!.trace).to.be.closeTo((B / 3) * (squares - squaredNorm(mean)), 1e-10);
    }
    const spread = folded(gradients, unequal).spread();
    const sum = spread.reduce((total, value) => total + value, 0);
    expect(sum / 3).to.be.closeTo(folded(gradients, unequal).noise()![0]!.trace, 1e-10);
  });

  it('equal gradients have spread 0 and |G|^2 = |g|^2 exactly, and there are no statistics of one gradient', () => {
    const g = Float64Array.from(Float32Array.of(0.1, -3, 1e-5, 7e4, 0.3));
    const statistics = folded([g, g, g], [32, 48, 16]);
    expect([...statistics.spread()]).to.deep.equal([0, 0, 0, 0, 0]);
    expect(statistics.noise()).to.deep.equal([{ trace: 0, signal: squaredNorm(g) }]);
    expect(folded([g], [32]).noise()).to.equal(null);
  });

  it('common offset 1e8 on gradients of spread 1e-3: the variance keeps 5 digits where S2 - S1^2 has none', () => {
    const small = gradients.map((g) => g.map((x) => 1e-3 * x));
    const shifted = small.map((g) => g.map((x) => 1e8 + x));
    const exact = folded(
      shifted.map((g) => g.map((x) => x - 1e8)),
      [4, 4, 4, 4],
    ).noise()![0]!.trace;
    expect(folded(shifted, [4, 4, 4, 4]).noise()![0]!.trace).to.be.closeTo(exact, 1e-5 * exact);
    const naive =
      shifted.reduce((sum, g) => sum + squaredNorm(g) / 4, 0) - squaredNorm(folded(shifted, [4, 4, 4, 4]).value());
    expect(Math.abs((naive * 16) / 3 - exact)).to.be.greaterThan(0.5 * exact);
  });

  it('scaling all gradients by 8 scales both estimates by 64 exactly', () => {
    const [a] = folded(gradients, unequal).noise()!;
    const [b] = folded(
      gradients.map((g) => g.map((x) => 8 * x)),
      unequal,
    ).noise()!;
    expect(b).to.deep.equal({ trace: 64 * a!.trace, signal: 64 * a!.signal });
  });

  it('Gaussian gradients, batches 4, 8, 20, sigma 3 in 50 dimensions, |G|^2 = 2: mean of 4000 estimates within 1 % of tr(Sigma) = 450 and 0.7 of |G|^2 (seed 3)', () => {
    const batches = [4, 8, 20];
    let [traces, signals, negative] = [0, 0, 0];
    for (let t = 0; t < 4000; t++) {
      const drawn = batches.map((b, d) =>
        stream
          .derive('gauss', t, d)
          .normal(50)
          .map((z) => 0.2 + (3 / Math.sqrt(b)) * z),
      );
      const [{ trace, signal }] = folded(drawn, batches, false).noise() as [{ trace: number; signal: number }];
      traces += trace / 4000;
      signals += signal / 4000;
      if (signal < 0) negative++;
    }
    expect(traces).to.be.within(445.5, 454.5);
    expect(signals).to.be.within(1.3, 2.7);
    expect(negative, 'estimates below 0, which only averaging may bound').to.be.greaterThan(100);
  });

  it('three clients that send mean and spread of four parts each are twelve clients', () => {
    const parts = Array.from({ length: 12 }, (_, i) => stream.derive('part', i).normal(5));
    const sizes = [3, 5, 2, 7, 4, 4, 4, 4, 1, 2, 3, 6];
    const all = folded(parts, sizes);
    const clients = new GradientStatistics(one, true);
    for (let c = 0; c < 3; c++) {
      const own = folded(parts.slice(4 * c, 4 * c + 4), sizes.slice(4 * c, 4 * c + 4));
      clients.add(own.weight, own.value());
      clients.addParts(
        own.weight,
        4,
        own.spread().map((x) => x / own.weight),
      );
    }
    expect(clients.count).to.equal(12);
    expect(clients.weight).to.equal(45);
    for (let i = 0; i < 5; i++) {
      expect(clients.value()[i]).to.be.closeTo(all.value()[i]!, 1e-14);
      expect(clients.spread()[i]).to.be.closeTo(all.spread()[i]!, 1e-12);
    }
    expect(clients.noise()![0]!.trace).to.be.closeTo(all.noise()![0]!.trace, 1e-12);
  });
});

describe('protocol/numerics/half-means', () => {
  it('random halves are balanced to within one batch of 16, differ between rounds, and by rank they are the two ends', () => {
    const cohort = Array.from({ length: 10 }, (_, i) => i);
    const members = (round: number | null) => {
      const halves = new HalfMeans(10, round === null ? null : stream.derive('coins', round), cohort);
      for (const c of cohort)
        halves.add(
          c,
          16,
          Float64Array.from(cohort, (i) => (i === c ? 1 : 0)),
        );
      expect(halves.examples).to.deep.equal([80, 80]);
      return cohort.filter((c) => halves.totals[0][c] === 16).join(' ');
    };
    expect(new Set([0, 1, 2, 3].map(members)).size).to.be.greaterThan(2);
    expect(members(null)).to.equal('0 1 2 3 4');
  });

  it('1 - cos of halves of 128 examples in 4000 dimensions is B_simple / (B_simple + 128): 1/11, 1/2 and 10/11 within 0.03 (seed 3)', () => {
    for (const [squareSignal, expected] of [
      [10, 1 / 11],
      [1, 0.5],
      [0.1, 10 / 11],
    ] as const) {
      // tr(Sigma) / 128 = 1 in each half's mean, so B_simple / 128 = 1 / |G|^2.
      const half = (name: string) =>
        stream
          .derive(name, squareSignal)
          .normal(4000)
          .map((z) => (z + Math.sqrt(squareSignal)) / Math.sqrt(4000));
      const found = misalignment(half('A'), half('B'), [{ start: 0, end: 4000 }]);
      expect(found).to.be.within(expected - 0.03, expected + 0.03);
    }
  });

  it('misalignment is 0 for equal vectors, 2 for opposite ones, 1 where one is 0, and blind to scale', () => {
    const [a, b] = [stream.derive('a').normal(9), stream.derive('b').normal(9)];
    const all = [{ start: 0, end: 9 }];
    expect(misalignment(a, a, all)).to.be.closeTo(0, 1e-15);
    expect(misalignment(a, a.map((x) => -x) as Float64Array, all)).to.be.closeTo(2, 1e-15);
    expect(misalignment(a, new Float64Array(9), all)).to.equal(1);
    expect(misalignment(a.map((x) => 4 * x) as Float64Array, b, all)).to.be.closeTo(misalignment(a, b, all), 1e-15);
  });

  it('the independent gradient lies off the mean by (a - b) sqrt(2 A B) / (A + B), for equal halves by |a - b| / sqrt 2', () => {
    const halves = new HalfMeans(2, null, [0, 1]);
    halves.add(0, 10, Float64Array.of(3, 0));
    halves.add(1, 10, Float64Array.of(1, 4));
    const other = independentGradient(halves, Float64Array.of(2, 2));
    expect(other[0]).to.be.closeTo(2 - 2 / Math.SQRT2, 1e-15);
    expect(other[1]).to.be.closeTo(2 + 4 / Math.SQRT2, 1e-15);
  });
});
