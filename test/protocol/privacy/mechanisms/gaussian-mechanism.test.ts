import { expect } from 'chai';
import type { ReleasePart } from '../../../../protocol/method.js';
import { noiseShares } from '../../../../protocol/methods/private/parts/trust-placement.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../../protocol/numerics/vector.js';
import { Ledger } from '../../../../protocol/privacy/accounting/ledger.js';
import { createPrivacy, type PrivacyOptions } from '../../../../protocol/privacy/mechanisms/gaussian-mechanism.js';
import {
  gridStep,
  powerOfTwoBelow,
  roundedSensitivity,
  roundToGrid,
} from '../../../../protocol/privacy/mechanisms/grid.js';
import { type NoiseSource, SeededNoise } from '../../../../protocol/privacy/mechanisms/noise-source.js';
import { hasStddev, hasZeroMean, isNormal, scaledCorrelation } from '../statistics.js';

const COUNT = 20_000;
const release = { label: 'gradient', unit: 'example', adjacency: 'add-remove' } as const;

function setUp(over: Partial<PrivacyOptions> = {}, seed = 41) {
  const ledger = new Ledger();
  const source = new SeededNoise(rootStream(seed, 'float64'));
  const base = { source, ledger, mode: 'float', round: 2, attempt: 0, party: 'coordinator' } as const;
  return { ledger, privacy: createPrivacy({ ...base, ...over }) };
}

const part = (value: ReleasePart['value'], l2Sensitivity: number, noiseMultiplier: number): ReleasePart => ({
  value,
  l2Sensitivity,
  noiseMultiplier,
});
const values = Float64Array.from({ length: COUNT }, (_, i) => Math.sin(i));
const noiseOf = (released: ArrayLike<number>) => Float64Array.from(values, (x, i) => released[i]! - x);

describe('protocol/privacy/trust-placement', () => {
  it('with 10 workers, 2 absent and 3 colluding, the 5 honest shares alone add up to the whole noise; planted: 10 shares give half', () => {
    const trust = { placement: 'distributed', workerCount: 10, absentCount: 2, colludingCount: 3 } as const;
    const shares = noiseShares(trust);
    const draw = (divisor: number) => {
      const sum = new Float64Array(COUNT);
      for (let party = 0; party < 5; party++) {
        const { privacy } = setUp({ party });
        const [released] = privacy.gaussian([part(new Float64Array(COUNT), 2, 3)], { ...release, shares: divisor });
        released!.forEach((x, i) => {
          sum[i]! += x;
        });
      }
      return sum;
    };
    expect(hasStddev(draw(shares), 6)).to.equal(true);
    expect(hasStddev(draw(10), 6)).to.equal(false);
    expect(hasStddev(draw(10), 6 / Math.SQRT2)).to.equal(true);
  });

  it('central and local noise is not shared, and no honest worker left is refused', () => {
    expect(noiseShares({ placement: 'central', workerCount: 10 })).to.equal(1);
    expect(noiseShares({ placement: 'local', workerCount: 10 })).to.equal(1);
    expect(noiseShares({ placement: 'distributed', workerCount: 10 })).to.equal(10);
    const none = { placement: 'distributed', workerCount: 4, absentCount: 2, colludingCount: 2 } as const;
    expect(() => noiseShares(none)).to.throw(/ERR_PRIVACY.*2 absent and 2 colluding of 4/);
  });
});

describe('protocol/privacy/gaussian-mechanism', () => {
  for (const mode of ['float', 'grid'] as const)
    it(`${mode}: the noise is z times the sensitivity in every coordinate (3 x 2 = 6; 20,000 draws, 1e-6, seed 41)`, () => {
      const [released] = setUp({ mode }).privacy.gaussian([part(values, 2, 3)], release);
      const noise = noiseOf(released!);
      expect(hasStddev(noise, 6) && hasZeroMean(noise, 6) && isNormal(noise, 6)).to.equal(true);
      // Planted: noise by z alone, by the sensitivity alone, or by z^2 times it.
      for (const wrong of [3, 2, 18]) expect(hasStddev(noise, wrong)).to.equal(false);
    });

  it('P shares of one release add up to it: each has stddev z C / sqrt(P), and all are independent', () => {
    const shares = [0, 1, 2, 3].map((party) => {
      const { privacy } = setUp({ party });
      return noiseOf(privacy.gaussian([part(values, 2, 3)], { ...release, shares: 4 })[0]!);
    });
    for (const share of shares) expect(hasStddev(share, 3)).to.equal(true);
    expect(
      hasStddev(
        shares[0]!.map((x, i) => x + shares[1]![i]! + shares[2]![i]! + shares[3]![i]!),
        6,
      ),
    ).to.equal(true);
    expect(Math.abs(scaledCorrelation(shares[0]!, shares[1]!))).to.be.below(5);
    // Planted: one seed for all workers makes the sum's stddev 12.
    const same = noiseOf(setUp({ party: 0 }).privacy.gaussian([part(values, 2, 3)], { ...release, shares: 4 })[0]!);
    expect(
      hasStddev(
        same.map((x) => 4 * x),
        6,
      ),
    ).to.equal(false);
  });

  it('noise is keyed by party, round, attempt, call and part, and by nothing else', () => {
    const draw = (over: Partial<PrivacyOptions> = {}, calls = 1) => {
      const { privacy } = setUp(over);
      let last: number[] = [];
      for (let i = 0; i < calls; i++)
        last = privacy
          .gaussian([part(new Float64Array(2), 1, 1), part(new Float64Array(2), 1, 1)], release)
          .flatMap((v) => [...v]);
      return last;
    };
    expect(draw()).to.deep.equal(draw());
    const all = [
      draw(),
      draw({ round: 3 }),
      draw({ attempt: 1 }),
      draw({ party: 0 }),
      draw({ party: 1 }),
      draw({}, 2),
    ].flat();
    expect(new Set(all).size).to.equal(24);
  });

  it('one call is one ledger entry for all its parts: 1/z^2 = 1/z_v^2 + 1/z_b^2, charged before anything is drawn', () => {
    const { ledger, privacy } = setUp({ attempt: 1, defaultSampling: 0.25 });
    privacy.gaussian([part(values, 2, 3), part(new Float64Array(1), 0.5, 4)], { ...release, unit: 'client' });
    expect(ledger.entries).to.have.length(1);
    const [entry] = ledger.entries;
    // 1/9 + 1/16 = 25/144
    expect(entry!.noiseMultiplier).to.be.closeTo(12 / 5, 1e-15);
    expect(entry).to.deep.include({ l2Sensitivities: [2, 0.5], sampling: 0.25, attempt: 1, round: 2 });
    expect(entry).to.include({ noise: 'seeded', mechanism: 'gaussian', unit: 'client', label: 'gradient', count: 1 });
  });

  it('a Poisson cohort amplifies the coordinator’s releases of unit client alone: 0.25, not those of examples or of a client', () => {
    const sampling = (party: number | 'coordinator', unit: 'client' | 'example') => {
      const { ledger, privacy } = setUp({ party, defaultSampling: 0.25 });
      privacy.gaussian([part(values, 2, 3)], { ...release, unit });
      return ledger.entries[0]!.sampling;
    };
    expect(sampling('coordinator', 'client')).to.equal(0.25);
    expect(sampling('coordinator', 'example')).to.equal(1);
    expect(sampling(4, 'client')).to.equal(1);
  });

  it('a ledger that refuses stops the release', () => {
    const full = {
      append: () => {
        throw new Error('budget');
      },
    };
    expect(() => setUp({ ledger: full }).privacy.gaussian([part(values, 1, 1)], release)).to.throw('budget');
  });

  it('micro-batches: noise once after accumulation is one entry and stddev zC; planted, once a micro-batch is sqrt(8) of it', () => {
    const once = setUp();
    expect(hasStddev(noiseOf(once.privacy.gaussian([part(values, 2, 3)], release)[0]!), 6)).to.equal(true);
    const wrong = setUp();
    const sum = new Float64Array(COUNT);
    for (let micro = 0; micro < 8; micro++)
      wrong.privacy.gaussian([part(new Float64Array(COUNT), 2, 3)], release)[0]!.forEach((x, i) => {
        sum[i]! += x;
      });
    expect(hasStddev(sum, 6)).to.equal(false);
    expect(wrong.ledger.entries).to.have.length(8);
  });

  it('grid: every released coordinate is a whole multiple of one power of two, in float64 and in float32', () => {
    for (const value of [values, Float32Array.from(values)]) {
      const { ledger, privacy } = setUp({ mode: 'grid' });
      const step = gridStep(2, COUNT);
      const [released] = privacy.gaussian([part(value, 2, 3)], release);
      expect(released).to.be.instanceOf(value.constructor);
      expect(released!.every((x) => Number.isInteger(x / step))).to.equal(true);
      expect(Math.log2(step) % 1).to.equal(0);
      expect(ledger.entries[0]!.mechanism).to.equal('discrete-gaussian');
      // Planted: a float release is not on the grid.
      expect(
        setUp()
          .privacy.gaussian([part(value, 2, 3)], release)[0]!
          .every((x) => Number.isInteger(x / step)),
      ).to.equal(false);
    }
    // sqrt(20,000) 1024 / 2 = 72,408; the next power of two is 2^17.
    expect(gridStep(2, COUNT)).to.equal(2 ** -17);
    expect([1, 1.99, 2, 0.75].map(powerOfTwoBelow)).to.deep.equal([1, 1, 2, 0.5]);
  });

  it('grid: rounding moves two neighbours apart by up to sqrt(D) g, and the noise covers it (planted: the bare sensitivity)', () => {
    expect(roundedSensitivity(2, 10_000, 0.01)).to.equal(3);
    // Neighbours at distance 2 whose roundings differ by sqrt(4) more: 0.49 rounds down, 0.51 + 1 - 0.02 rounds up.
    const near = roundToGrid(Float64Array.of(0.49, 0.49, 0.49, 0.49), 1);
    const far = roundToGrid(Float64Array.of(1.5, 1.5, 1.5, 1.5), 1);
    expect(norm(subtract(far, near)))
      .to.equal(4)
      .and.be.at.most(roundedSensitivity(2.02, 4, 1));
    const asked: number[] = [];
    const spy: NoiseSource = {
      ...new SeededNoise(rootStream(1, 'float64')),
      private: false,
      derive: () => spy,
      discreteGaussian: (length: number, stddev: number) => {
        asked.push(stddev);
        return new Float64Array(length);
      },
    } as NoiseSource;
    setUp({ mode: 'grid', source: spy }).privacy.gaussian([part(values, 2, 3)], release);
    const step = gridStep(2, COUNT);
    const needed = (3 * (2 + Math.sqrt(COUNT) * step)) / step;
    expect(asked[0]!).to.be.within(needed, needed * (1 + 2 ** -19));
  });

  it('zero sensitivity, or no noise asked for, gives the value itself in either mode; the latter costs everything', () => {
    for (const mode of ['float', 'grid'] as const) {
      const { ledger, privacy } = setUp({ mode });
      const [same] = privacy.gaussian([part(values, 0, 3)], release);
      expect(same).to.deep.equal(values);
      expect(same).to.not.equal(values);
      expect(ledger.spend(1e-5).epsilon).to.be.below(3);
      expect(privacy.gaussian([part(values, Number.POSITIVE_INFINITY, 0)], release)[0]).to.deep.equal(values);
      expect(ledger.spend(1e-5).epsilon).to.equal(Number.POSITIVE_INFINITY);
    }
  });

  it('refuses what has no bound: NaN, an infinite sensitivity, sampled replace-one, shares on the grid; nothing is charged', () => {
    const { ledger, privacy } = setUp({ mode: 'grid' });
    const refused = (parts: ReleasePart[], more: object, reason: RegExp) =>
      expect(() => privacy.gaussian(parts, { ...release, ...more })).to.throw(reason);
    refused([part(Float64Array.of(1, Number.NaN), 1, 1)], {}, /ERR_PRIVACY.*entry 1 is NaN/);
    refused([part(values, Number.POSITIVE_INFINITY, 1)], {}, /ERR_PRIVACY.*finite/);
    refused([part(values, -1, 1)], {}, /sensitivity of at least 0/);
    refused([part(values, 1, Number.NaN)], {}, /noise multiplier/);
    refused([], {}, /at least one part/);
    refused([part(values, 1, 1)], { adjacency: 'replace-one', sampling: 0.5 }, /add-remove/);
    refused([part(values, 1, 1)], { sampling: 1.5 }, /sampling/);
    refused([part(values, 1, 1)], { shares: 2 }, /distributed/);
    refused([part(values, 1, 1)], { shares: 0 }, /shares/);
    expect(ledger.entries).to.have.length(0);
  });

  it('a number that is not finite is refused wherever it stands, the first and the last too', () => {
    for (const at of [0, 1, 4]) {
      const value = new Float64Array(5);
      value[at] = Number.NaN;
      const { privacy, ledger } = setUp();
      expect(() => privacy.gaussian([part(value, 1, 1)], release), `entry ${at}`).to.throw(/ERR_PRIVACY.*entry/);
      expect(ledger.entries.length).to.equal(0);
    }
  });
});
