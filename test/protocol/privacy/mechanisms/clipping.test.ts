import { expect } from 'chai';
import fc from 'fast-check';
import type { Segment } from '../../../../protocol/method.js';
import {
  adaptiveClipping,
  CLIPPING_BIT_SENSITIVITY,
  clippingBit,
  fractionWithin,
  nextRadius,
  splitNoise,
} from '../../../../protocol/methods/private/parts/adaptive-clipping.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../../protocol/numerics/vector.js';
import { addClipped, clipPerLayer, equalLayerRadii } from '../../../../protocol/privacy/mechanisms/clipping.js';

const segment = (offset: number, ...shape: number[]): Segment => ({ name: `at ${offset}`, module: 'm', offset, shape });
const sumClipped = (examples: readonly Float64Array[], radius: number) => {
  const sum = new Float64Array(examples[0]!.length);
  for (const example of examples) addClipped(sum, example, radius);
  return sum;
};
const entry = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, Number.NaN, 1e200, -Infinity),
);
const example = fc.array(entry, { minLength: 3, maxLength: 3 }).map((x) => Float64Array.from(x));

describe('protocol/privacy/clipping', () => {
  it('equal radii of layers have the whole radius as their root of squares; no radius is negative or no number', () => {
    expect(equalLayerRadii(6, 4)).to.deep.equal([3, 3, 3, 3]);
    for (const bad of [-1, Number.NaN]) expect(() => equalLayerRadii(bad, 4)).to.throw('ERR_PRIVACY');
  });

  it('one more example moves the sum by at most the radius, a replaced one by twice that (fast-check, seed 51, NaN and 1e200 too)', () => {
    fc.assert(
      fc.property(
        fc.array(example, { minLength: 1, maxLength: 6 }),
        example,
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        (examples, other, radius) => {
          const base = sumClipped(examples, radius);
          const slack = 1e-12 * radius;
          expect(norm(subtract(sumClipped([...examples, other], radius), base))).to.be.at.most(radius + slack);
          expect(norm(subtract(sumClipped([...examples.slice(1), other], radius), base))).to.be.at.most(
            2 * radius + slack,
          );
        },
      ),
      { seed: 51, numRuns: 300 },
    );
  });

  it('planted: clipping the sum instead of each example bounds nothing: one example can turn it round', () => {
    const examples = [Float64Array.of(0.1, 0), Float64Array.of(0, 0.1)];
    const clipTotal = (all: readonly Float64Array[]) => {
      const sum = new Float64Array(2);
      for (const x of all)
        sum.forEach((_, i) => {
          sum[i]! += x[i]!;
        });
      return sumClipped([sum], 1);
    };
    const far = Float64Array.of(-1e6, 0);
    expect(norm(subtract(clipTotal([...examples, far]), clipTotal(examples)))).to.be.above(1);
    expect(norm(subtract(sumClipped([...examples, far], 1), sumClipped(examples, 1)))).to.be.closeTo(1, 1e-15);
  });

  it('micro-batches and order change the clipped sum by rounding only; short vectors and the zero vector pass unchanged', () => {
    const rng = rootStream(52, 'float64');
    const examples = Array.from({ length: 20 }, (_, i) => rng.derive(i).normal(5) as Float64Array);
    const whole = sumClipped(examples, 1.5);
    const parts = sumClipped(examples.slice(0, 7), 1.5).map((x, i) => x + sumClipped(examples.slice(7), 1.5)[i]!);
    expect(norm(subtract(parts, whole))).to.be.below(1e-14);
    expect(norm(subtract(sumClipped(examples.toReversed(), 1.5), whole))).to.be.below(1e-14);
    expect(sumClipped([Float64Array.of(0.3, -0.4)], 0.5)).to.deep.equal(Float64Array.of(0.3, -0.4));
    expect(sumClipped([new Float64Array(2)], 1)).to.deep.equal(new Float64Array(2));
    expect(() => sumClipped([new Float64Array(2)], Number.NaN)).to.throw('ERR_PRIVACY: clipping radius');
  });

  it('per layer: the whole moves by up to sqrt(3^2 + 4^2) = 5, beyond the largest radius (planted: the maximum)', () => {
    const segments = [segment(0, 2), segment(2, 2, 2)];
    const clipped = clipPerLayer(Float64Array.of(300, 400, 50, 50, 50, 50), segments, [3, 4]);
    expect(norm(clipped)).to.be.closeTo(5, 1e-14);
    expect(norm(clipped)).to.be.above(Math.max(3, 4));
    expect(clipped.subarray(0, 2)).to.deep.equal(Float64Array.of(1.8, 2.4));
    expect(norm(Float64Array.from(equalLayerRadii(2, 7)))).to.be.closeTo(2, 1e-15);
  });

  it('per layer: a NaN empties its own layer, and layers that leave numbers unclipped are refused', () => {
    const segments = [segment(0, 1), segment(1, 2)];
    expect(clipPerLayer(Float64Array.of(0.5, Number.NaN, 1), segments, [1, 1])).to.deep.equal(
      Float64Array.of(0.5, 0, 0),
    );
    expect(() => clipPerLayer(new Float64Array(4), segments, [1, 1])).to.throw(
      'ERR_PRIVACY: per-layer clipping: segments cover 3',
    );
    expect(() => clipPerLayer(new Float64Array(3), segments, [1])).to.throw('2 segments but 1 radii');
  });
});

describe('protocol/privacy/adaptive-clipping', () => {
  it('1/z_v^2 + 1/(2 s_b)^2 = 1/z^2, and z of 2 s_b or more is refused', () => {
    for (const z of [0.3, 1, 3.9]) {
      const split = splitNoise(z, { bitStddev: 2 });
      expect(split.bit * CLIPPING_BIT_SENSITIVITY).to.equal(2);
      expect(split.value ** -2 + split.bit ** -2).to.be.closeTo(z ** -2, 1e-14);
      expect(split.value).to.be.above(z);
    }
    expect(() => splitNoise(4, { bitStddev: 2 })).to.throw(/ERR_PRIVACY.*2 s_b = 4/);
  });

  it('a centred bit has sensitivity 1/2; planted: a 0/1 bit with the same noise would cost four times as much', () => {
    expect([clippingBit(1, 1), clippingBit(1.01, 1), clippingBit(Number.NaN, 1)]).to.deep.equal([0.5, -0.5, -0.5]);
    const cost = (sensitivity: number) => (sensitivity / 2) ** 2;
    expect(cost(1) / cost(CLIPPING_BIT_SENSITIVITY)).to.equal(4);
  });

  it('the radius settles at the 0.7 quantile of fixed norms to 3 %, from far above and far below (2,000 units, no noise)', () => {
    const norms = Float64Array.from({ length: 2000 }, (_, i) => Math.exp(Math.sin(i) * 2));
    const sorted = norms.toSorted();
    const clipping = adaptiveClipping(2000, { quantile: 0.7 });
    for (const start of [1e-3, 1e3]) {
      let radius = start;
      for (let round = 0; round < 600; round++) {
        let sum = 0;
        for (const x of norms) sum += clippingBit(x, radius);
        radius = nextRadius(radius, sum, clipping);
      }
      expect(radius / sorted[1400]!).to.be.within(0.97, 1.03);
    }
  });

  it('the fraction divides by the expected count and stays in [0, 1]; all within shrinks the radius by e^(-0.1)', () => {
    const clipping = adaptiveClipping(100);
    expect(clipping.bitStddev).to.equal(5);
    expect(fractionWithin(25, clipping)).to.equal(0.75);
    expect([fractionWithin(1e6, clipping), fractionWithin(-1e6, clipping)]).to.deep.equal([1, 0]);
    expect(nextRadius(2, 50, clipping)).to.be.closeTo(2 * Math.exp(-0.1), 1e-15);
    // Planted: dividing by the realised count of 80, all within, would say the same as 100 of 100.
    expect(fractionWithin(40, clipping)).to.equal(0.9);
  });
});
