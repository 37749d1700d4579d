import { expect } from 'chai';
import {
  bulkEss,
  diagnose,
  effectiveSampleSize,
  mcseMean,
  mcseSd,
  meanEss,
  quantileEss,
  rankNormalize,
  rankNormalizedRhat,
  tailEss,
} from '../../../scenarios/posterior/diagnostics.js';
import { summarizePosterior } from '../../../scenarios/posterior/posterior-summary.js';

type Form = 'iid' | 'ar9' | 'arneg' | 'shift' | 'scale';

/** x <- 16807 x mod (2^31 - 1) from x = c, first 100 values dropped: the same chains in any language. */
function lehmerChains(form: Form, chainCount: number, drawCount: number): Float64Array[] {
  return Array.from({ length: chainCount }, (_, index) => {
    let x = index + 1;
    const next = () => (x = (16807 * x) % 2147483647) / 2147483647;
    for (let i = 0; i < 100; i++) next();
    let previous = 0;
    return Float64Array.from({ length: drawCount }, () => {
      const u = next();
      if (form === 'iid') return u;
      if (form === 'shift') return index === 0 ? u + 1 : u;
      if (form === 'scale') return (u - 0.5) * (index === 0 ? 3 : 1);
      return (previous = (form === 'ar9' ? 0.9 : -0.7) * previous + (u - 0.5));
    });
  });
}

// R-hat, bulk ESS, tail ESS, mean ESS, MCSE of the mean.
const TABLE: readonly (readonly [Form, number, number, ...number[]])[] = [
  ['iid', 4, 100, 0.9969922542, 403.3089671, 366.9769559, 405.2238553, 0.01387102596],
  ['ar9', 4, 100, 1.157930328, 23.88499047, 93.52622304, 23.15595977, 0.1251927627],
  ['arneg', 4, 100, 1.000940437, 1040.823997, 296.7299959, 1040.823997, 0.01159655796],
  ['shift', 4, 100, 1.521568021, 8.038101828, 42.86667758, 6.270005981, 0.199878105],
  ['scale', 4, 100, 1.165157533, 336.5068396, 34.87436104, 324.1749032, 0.02718462116],
  ['iid', 2, 101, 0.9964867123, 206.6627437, 181.5939497, 209.4561283, 0.01992496049],
  ['ar9', 2, 101, 1.184351084, 10.3737678, 46.0430885, 9.022324424, 0.2045783468],
];

// Bulk, tail and mean ESS by ArviZ 0.21.0.
const WALK = [11.157207993213841, 29.59088156485136, 11.25311186200314];

describe('protocol/bayesian/diagnostics', () => {
  it('the Lehmer input starts with 0.53730398, 0.46791737 on chain 1', () => {
    const [first, second] = lehmerChains('iid', 1, 2)[0]!;
    expect(first).to.be.closeTo(0.53730398, 5e-9);
    expect(second).to.be.closeTo(0.46791737, 5e-9);
  });

  for (const [form, chainCount, drawCount, ...expected] of TABLE)
    it(`${form} ${chainCount} x ${drawCount}: R-hat, bulk, tail and mean ESS, MCSE agree with ArviZ to 9 digits`, () => {
      const chains = lehmerChains(form, chainCount, drawCount);
      const found = [rankNormalizedRhat, bulkEss, tailEss, meanEss, mcseMean].map((measure) => measure(chains));
      for (const [i, value] of expected.entries())
        expect(Math.abs(found[i]! / value - 1), `column ${i}`).to.be.below(5e-10);
    });

  // MCSE of the standard deviation, ESS of the 10 % quantile: ArviZ 0.21.0.
  for (const [form, chainCount, drawCount, ...expected] of [
    ['iid', 4, 100, 0.006622523021256442, 352.5955727981736],
    ['ar9', 4, 100, 0.041365551121624856, 99.13062411546053],
    ['scale', 4, 100, 0.13658990611015695, 20.820219435711625],
    ['iid', 2, 101, 0.008330224701810149, 154.91932524502528],
  ] as readonly (readonly [Form, number, number, ...number[]])[])
    it(`${form} ${chainCount} x ${drawCount}: MCSE of the deviation and ESS of a quantile agree with ArviZ 0.21 to 12 digits`, () => {
      const chains = lehmerChains(form, chainCount, drawCount);
      const found = [mcseSd(chains), quantileEss(chains, 0.1)];
      for (const [i, value] of expected.entries())
        expect(Math.abs(found[i]! / value - 1), `column ${i}`).to.be.below(1e-12);
    });

  it('tenths of iid 4 x 100, full of ties also at the quantiles: R-hat, bulk, tail, mean ESS agree with ArviZ 0.21', () => {
    const tied = lehmerChains('iid', 4, 100).map((chain) => chain.map((u) => Math.floor(10 * u)));
    const known = [0.9990807952030428, 395.3238177208345, 365.83214329701616, 402.93968944552483];
    for (const [i, value] of known.entries())
      expect(Math.abs([rankNormalizedRhat, bulkEss, tailEss, meanEss][i]!(tied) / value - 1)).to.be.below(1e-12);
  });

  it('a random walk of 4 x 1,200, which needs lags beyond 128: ESS agrees with ArviZ 0.21 to 9 digits', () => {
    const walks = lehmerChains('iid', 4, 1200).map((chain) => {
      let at = 0;
      return chain.map((u) => (at = 0.995 * at + (u - 0.5)));
    });
    for (const [i, value] of WALK.entries())
      expect(Math.abs([bulkEss, tailEss, meanEss][i]!(walks) / value - 1), `column ${i}`).to.be.below(5e-10);
  });

  // R-hat, bulk, tail, mean ESS, MCSE of the mean: ArviZ 0.23.4. The lags run out before the pairs turn negative.
  for (const [form, chainCount, drawCount, ...expected] of [
    ['iid', 4, 19, 1.049977355046569, 50.89920459432472, 36.16539050535989, 60.33624747377298, 0.03593149613491051],
    ['ar9', 2, 11, 1.143853029264912, 12.126754173620569, 13.986013986013987, 12.879011057042288, 0.09497910309843213],
  ] as readonly (readonly [Form, number, number, ...number[]])[])
    it(`${form} ${chainCount} x ${drawCount}, too short for a negative pair: agrees with ArviZ 0.23 to 12 digits`, () => {
      const chains = lehmerChains(form, chainCount, drawCount);
      const found = [rankNormalizedRhat, bulkEss, tailEss, meanEss, mcseMean].map((measure) => measure(chains));
      for (const [i, value] of expected.entries())
        expect(Math.abs(found[i]! / value - 1), `column ${i}`).to.be.below(1e-12);
    });

  it('the two middle draws tie once folded: R-hat of the cubes of scale 4 x 51 agrees with ArviZ 0.23 to 12 digits', () => {
    const cubes = lehmerChains('scale', 4, 51).map((chain) => chain.map((x) => x * x * x));
    expect(Math.abs(rankNormalizedRhat(cubes) / 1.1218708455210589 - 1)).to.be.below(1e-12);
  });

  it('ties share their average rank: {1, 1, 2, 3} has normal scores of ranks 1.5, 1.5, 3, 4', () => {
    const [scores] = rankNormalize([Float64Array.of(1, 2, 1, 3)]);
    expect(scores![0]).to.equal(scores![2]);
    expect(scores![0]).to.be.closeTo(-0.6289042176321898, 1e-14); // Phi^-1(1.125 / 4.25)
    expect(scores![1]).to.be.closeTo(0.2993069104656671, 1e-14); // Phi^-1(2.625 / 4.25)
  });

  it('constant chains count in full, a draw that is not finite gives NaN, unequal lengths are refused', () => {
    expect(effectiveSampleSize([new Float64Array(50).fill(3), new Float64Array(50).fill(3)])).to.equal(100);
    const broken = lehmerChains('iid', 2, 20);
    broken[1]![7] = Number.POSITIVE_INFINITY;
    expect(rankNormalizedRhat(broken)).to.be.NaN;
    expect(tailEss(broken)).to.be.NaN;
    expect(() => bulkEss([new Float64Array(10), new Float64Array(11)])).to.throw(RangeError, 'one length');
  });

  it('one draw that is not finite, also in the first, the middle or the last place of odd chains, leaves no R-hat, no ESS and no standard error', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      for (const [length, place] of [
        [1000, 3],
        [1001, 500],
        [21, 0],
        [21, 10],
        [21, 20],
        [5, 2],
        [4, 3],
      ] as const) {
        const broken = lehmerChains('iid', 4, length);
        broken[2]![place] = value;
        const asked = { rankNormalizedRhat, bulkEss, tailEss, meanEss, mcseMean, mcseSd };
        for (const [name, of] of Object.entries(asked)) expect(of(broken), `${name}, ${length} draws`).to.be.NaN;
        expect(quantileEss(broken, 0.3)).to.be.NaN;
        const { worst, mixed } = summarizePosterior(
          broken.map((chain) => Array.from(chain, (x) => Float64Array.of(1, x))),
        );
        expect(mixed).to.equal(false);
        expect([worst.rhat, worst.bulkEss, worst.tailEss]).to.deep.equal([Number.NaN, Number.NaN, Number.NaN]);
      }
  });

  it('chains of 0, 1, 2 or 3 draws are refused with the number that is needed, also where a draw is not finite or all are equal', () => {
    const asked = { rankNormalizedRhat, bulkEss, tailEss, meanEss, mcseMean, mcseSd, diagnose };
    for (const length of [0, 1, 2, 3])
      for (const value of [0, 1, Number.NaN])
        for (const [name, of] of Object.entries(asked))
          expect(() => of([0, 1].map(() => new Float64Array(length).fill(value))), name).to.throw(
            RangeError,
            `at least 4 draws a chain, got ${length}`,
          );
    expect(() => effectiveSampleSize([Float64Array.of(1), Float64Array.of(2)])).to.throw(
      RangeError,
      'at least 2 draws',
    );
    for (const name of ['rhat', 'bulkEss', 'tailEss', 'mcseMean'] as const)
      expect(diagnose(lehmerChains('iid', 2, 4))[name], name).to.satisfy(Number.isFinite);
  });

  it('equal draws have no R-hat and no error of the mean; chains that are each constant and differ have R-hat above a million, and one effective draw each', () => {
    const constant = diagnose([3, 3].map((value) => new Float64Array(50).fill(value)));
    expect(constant).to.include({ mean: 3, stddev: 0, bulkEss: 100, tailEss: 100, mcseMean: 0 });
    expect(constant.rhat).to.be.NaN;
    const apart = [0, 1, 2, 3].map((value) => new Float64Array(50).fill(value));
    const { rhat, bulkEss: bulk } = diagnose(apart);
    expect(rhat).to.be.above(1e6);
    // 4 chains in 8 halves of 25: autocorrelation 1 at every lag that is looked at, of 24.
    expect(bulk).to.be.within(4, 9);
    const summary = summarizePosterior(apart.map((chain) => Array.from(chain, (x) => Float64Array.of(x))));
    expect(summary.mixed).to.equal(false);
    expect(summary.worst.rhat).to.be.above(1e6);
  });

  it('a skewed chain keeps its bulk ESS under a monotone map, since ranks do not change', () => {
    const chains = lehmerChains('ar9', 4, 100);
    const mapped = chains.map((chain) => chain.map((x) => x * x * x));
    expect(bulkEss(mapped)).to.equal(bulkEss(chains));
    expect(meanEss(mapped)).to.not.be.closeTo(meanEss(chains), 0.01);
  });

  it('one summary row holds the same numbers as the single functions', () => {
    const chains = lehmerChains('scale', 4, 100);
    const row = diagnose(chains);
    expect(row.rhat).to.equal(rankNormalizedRhat(chains));
    expect(row.mcseSd).to.equal(mcseSd(chains));
    expect(row.stddev).to.be.closeTo(mcseMean(chains) * Math.sqrt(meanEss(chains)), 1e-12);
    expect(row.tailEss).to.equal(Math.min(quantileEss(chains, 0.05), quantileEss(chains, 0.95)));
  });
});
