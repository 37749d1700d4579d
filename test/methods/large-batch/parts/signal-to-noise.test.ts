import { expect } from 'chai';
import { GradientStatistics } from '../../../../protocol/methods/large-batch/parts/gradient-statistics.js';
import { modulesOf } from '../../../../protocol/methods/large-batch/parts/modules.js';
import {
  type SignalToNoiseBounds,
  signalToNoiseInto,
} from '../../../../protocol/methods/large-batch/parts/signal-to-noise.js';
import { rootStream } from '../../../../protocol/numerics/random.js';

const stream = rootStream(11, 'float64');
const WIDE = { gamma: 1e-12, cap: 1e12 };

function fold(gradients: readonly Float64Array[], examples = gradients.map(() => 8)): GradientStatistics {
  const statistics = new GradientStatistics(modulesOf([], gradients[0]!.length), true);
  for (const [d, gradient] of gradients.entries()) statistics.add(examples[d]!, gradient);
  return statistics;
}

function ratiosOf(
  gradients: readonly Float64Array[],
  bounds: SignalToNoiseBounds = WIDE,
  tensors = [{ start: 0, end: gradients[0]!.length }],
): Float64Array {
  const statistics = fold(gradients);
  const into = new Float64Array(gradients[0]!.length);
  signalToNoiseInto(into, statistics.value(), statistics.spread(), tensors, bounds);
  return into;
}

/** The paper's r = mean^2 / variance (divisor k), before normalising. */
function rawRatios(gradients: readonly Float64Array[]): Float64Array {
  const statistics = fold(gradients);
  const mean = statistics.value();
  return statistics.spread().map((m2, j) => mean[j]! ** 2 / (m2 / statistics.weight));
}

function drawn(count: number, length: number, shift = 0): Float64Array[] {
  return Array.from(
    { length: count },
    (_, d) =>
      stream
        .derive('g', count, d)
        .normal(length)
        .map((z) => shift + 3 * z) as Float64Array,
  );
}

describe('protocol/numerics/signal-to-noise', () => {
  const gradients = drawn(9, 40, 1);
  const tensors = [
    { start: 0, end: 25 },
    { start: 25, end: 40 },
  ];

  it('before clipping the mean of each tensor is 1; after it every ratio lies in [gamma, cap]', () => {
    const ratios = ratiosOf(gradients, WIDE, tensors);
    for (const { start, end } of tensors) {
      const sum = ratios.subarray(start, end).reduce((a, b) => a + b, 0);
      expect(sum / (end - start)).to.be.closeTo(1, 1e-12);
    }
    for (const cap of [1, 10]) {
      const clipped = ratiosOf(gradients, { gamma: 0.1, cap }, tensors);
      expect(Math.min(...clipped)).to.equal(0.1);
      expect(Math.max(...clipped)).to.be.at.most(cap);
      expect(Math.max(...clipped)).to.be.greaterThan(0.99);
    }
  });

  it('gamma 1 and cap 1 make every ratio 1', () => {
    expect(new Set(ratiosOf(gradients, { gamma: 1, cap: 1 }))).to.deep.equal(new Set([1]));
  });

  it('two devices: the raw ratio is ((g1 + g2) / (g1 - g2))^2', () => {
    const [a, b] = gradients as [Float64Array, Float64Array];
    for (const [j, ratio] of rawRatios([a, b]).entries())
      expect(ratio).to.be.closeTo(((a[j]! + b[j]!) / (a[j]! - b[j]!)) ** 2, 1e-9 * ratio);
  });

  it('noise g_d = a_d h common to all parameters makes every ratio 1', () => {
    const scales = [0.3, 1.7, -0.4, 2.2, 1.1];
    for (const ratio of ratiosOf(scales.map((a) => gradients[0]!.map((h) => a * h))))
      expect(ratio).to.be.closeTo(1, 1e-10);
  });

  it('does not depend on the order of the devices, on a common scale, or on the scale of one parameter', () => {
    const ratios = ratiosOf(gradients);
    const others = [
      [...gradients].reverse(),
      gradients.map((g) => g.map((x) => -1000 * x)),
      gradients.map((g) => g.map((x, j) => (j === 3 ? 1e-4 * x : x))),
    ];
    for (const other of others)
      for (const [j, ratio] of ratiosOf(other).entries()) expect(ratio).to.be.closeTo(ratios[j]!, 1e-9 * ratios[j]!);
  });

  it('unequal batches: with the unbiased variance B/(K-1) (S2 - S1^2), as for equal ones up to the common factor', () => {
    const examples = [4, 8, 20, 2, 1, 9, 9, 30, 5];
    const B = examples.reduce((a, b) => a + b, 0);
    const statistics = fold(gradients, examples);
    const into = new Float64Array(40);
    signalToNoiseInto(into, statistics.value(), statistics.spread(), [{ start: 0, end: 40 }], WIDE);
    const raw = Array.from({ length: 40 }, (_, j) => {
      const [s1, s2] = [1, 2].map((p) => gradients.reduce((sum, g, d) => sum + (examples[d]! / B) * g[j]! ** p, 0));
      return s1! ** 2 / ((B / 8) * (s2! - s1! ** 2));
    });
    const average = raw.reduce((a, b) => a + b, 0) / 40;
    for (let j = 0; j < 40; j++) expect(into[j]).to.be.closeTo(raw[j]! / average, 1e-8 * into[j]!);
  });

  it('degenerate tensors: agreement, one element and all zeros give 1, a mean of exactly 0 gives gamma', () => {
    const bounds = { gamma: 0.1, cap: 10 };
    const g = Float64Array.of(1, -20, 0.5);
    expect([...ratiosOf([g, g, g, g], bounds)]).to.deep.equal([1, 1, 1]);
    expect([
      ...ratiosOf(
        [g, g.map((x) => -x), g, g],
        bounds,
        [0, 1, 2].map((i) => ({ start: i, end: i + 1 })),
      ),
    ]).to.deep.equal([1, 1, 1]);
    expect([...ratiosOf([new Float64Array(3), new Float64Array(3)], bounds)]).to.deep.equal([1, 1, 1]);
    expect([...ratiosOf([g, g.map((x) => -x)], bounds)]).to.deep.equal([0.1, 0.1, 0.1]);
  });

  it('a coordinate that one of 16 devices alone sends has raw ratio 1/15; signs with mean p have p^2 / (1 - p^2)', () => {
    const lonely = Array.from({ length: 16 }, (_, d) => Float64Array.of(d === 5 ? 3 : 0, d < 12 ? 1 : -1));
    const raw = rawRatios(lonely);
    expect(raw[0]).to.be.closeTo(1 / 15, 1e-12);
    expect(raw[1]).to.be.closeTo(0.25 / 0.75, 1e-12);
  });

  for (const [k, bound] of [
    [8, 0.012],
    [16, 0.003],
    [32, 0.0012],
    [64, 0.0006],
  ] as const)
    it(`pure noise, sigma 3, ${k} devices: raw ratios average 1/${k - 3} within ${bound} and (k-1) r has the F(1, k-1) median (40000 draws, seed 11)`, () => {
      const raw = rawRatios(drawn(k, 40_000)).sort();
      const average = raw.reduce((a, b) => a + b, 0) / raw.length;
      expect(average).to.be.within(1 / (k - 3) - bound, 1 / (k - 3) + bound);
      // Medians of F(1, 7), F(1, 15), F(1, 31) and F(1, 63).
      const median = { 8: 0.506, 16: 0.478, 32: 0.466, 64: 0.46 }[k];
      expect((k - 1) * raw[20_000]!).to.be.within(median - 0.02, median + 0.02);
    });

  // Mean after clipping to [0.1, 1], shares at both ends, and power left of the noise.
  for (const [k, mean, atGamma, atOne, power] of [
    [4, 0.4, 0.37, 0.19, 0.65],
    [8, 0.49, 0.28, 0.28, 0.82],
    [16, 0.52, 0.26, 0.3, 0.85],
    [64, 0.53, 0.25, 0.31, 0.87],
  ] as const)
    it(`pure noise, ${k} devices: clipped ratios average ${mean}, ${atGamma} of them at gamma, ${atOne} at 1, ${power} of the power left, all within 0.04 (40000 parameters, seed 11)`, () => {
      const gradients = drawn(k, 40_000);
      const ratios = ratiosOf(gradients, { gamma: 0.1, cap: 1 });
      const g = fold(gradients).value();
      const share = (holds: (r: number) => boolean) => ratios.filter(holds).length / ratios.length;
      const [kept, all] = [ratios, ratios.map(() => 1)].map((r) => r.reduce((sum, x, j) => sum + (x * g[j]!) ** 2, 0));
      const average = ratios.reduce((a, b) => a + b, 0) / ratios.length;
      expect(average).to.be.within(mean - 0.04, mean + 0.04);
      expect(share((r) => r === 0.1)).to.be.within(atGamma - 0.04, atGamma + 0.04);
      expect(share((r) => r === 1)).to.be.within(atOne - 0.04, atOne + 0.04);
      expect(kept! / all!).to.be.within(power - 0.04, power + 0.04);
    });
});
