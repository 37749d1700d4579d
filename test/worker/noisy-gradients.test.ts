import '../support/loaded-rules.js';
import { expect } from 'chai';
import { during } from '../../protocol/faults/fault.js';
import gradientNoiseFault, { gradientNoise } from '../../protocol/faults/gradient-noise.js';
import { ruleOf } from '../../protocol/faults/parts/load-fault.js';
import sgd from '../../protocol/methods/federated/sgd.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { claimsOf } from '../../scenarios/check/claims-of.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';

/** Noise on 10,000 gradients of length 4. */
function noiseOn(gradient: readonly number[], settings: object): Float64Array[] {
  const rule = ruleOf({ fault: 'gradient-noise', from: 0, until: null, ...settings } as never, 'faults.0', {
    streams: rootStream(1, 'float64'),
  });
  const own = rootStream(3, 'float64');
  return Array.from({ length: 10_000 }, () => {
    const noisy = Float64Array.from(gradient);
    rule.perturbs!.perturb(noisy, own);
    return noisy.map((value, i) => value - gradient[i]!);
  });
}

const variance = (draws: readonly Float64Array[]): number =>
  draws.reduce((sum, draw) => sum + draw.reduce((all, x) => all + x * x, 0), 0) / (4 * draws.length);

/** Share of numbers beyond 10. */
const far = (draws: readonly Float64Array[]): number =>
  draws.reduce((sum, draw) => sum + draw.filter((x) => Math.abs(x) > 10).length, 0) / (4 * draws.length);

/** One client on x^2 / 2 from 1, one step of rate 1 a round: without noise the loss is 0 after the first. */
const lossesOf = async (more: Partial<ScenarioInput>): Promise<number[]> => {
  const scenario = await resolveTiny(sgd, {
    method: { name: 'sgd', optimizer: { name: 'sgd', learningRate: 1 } } as never,
    objective: { name: 'quadratic', dimension: 1, largestEigenvalue: 1, centreSpread: 0, initialValue: 1 } as never,
    data: 'none',
    clients: 1,
    rounds: 6,
    precision: 'float64',
    evaluation: { everyRounds: 1 },
    ...more,
  });
  return (await runTiny(scenario, sgd)).rows.map(({ loss }) => loss!);
};

describe('fault gradient-noise', () => {
  it('gaussian of scale 0.5 and relativeScale 0.5 on a gradient of norm 4 has variance 0.25 + 0.25 * 16 / 4 = 1.25 (4 standard errors)', () => {
    const draws = noiseOn([4, 0, 0, 0], { scale: 0.5, relativeScale: 0.5 });
    expect(variance(draws)).to.be.closeTo(1.25, 4 * 1.25 * Math.sqrt(2 / 40_000));
  });

  it('beyond 10 scales lie no normal draws, 2.366 % of t(1.5) and 1.328 % of stable(1.5) (4 standard errors)', () => {
    expect(far(noiseOn([0, 0, 0, 0], { scale: 1 }))).to.equal(0);
    const student = far(noiseOn([0, 0, 0, 0], { scale: 1, distribution: 'student-t', tailIndex: 1.5 }));
    const stable = far(noiseOn([0, 0, 0, 0], { scale: 1, distribution: 'alpha-stable', tailIndex: 1.5 }));
    expect(student).to.be.closeTo(0.02366, 4 * Math.sqrt(0.02366 / 40_000));
    expect(stable).to.be.closeTo(0.01328, 4 * Math.sqrt(0.01328 / 40_000));
  });

  it('draws once for each number: two gradients of 4 numbers have the noise of one of 8, in every distribution', () => {
    for (const distribution of ['gaussian', 'student-t', 'alpha-stable']) {
      const rule = ruleOf(
        { fault: 'gradient-noise', from: 0, until: null, distribution, scale: 1 } as never,
        'faults.0',
        {
          streams: rootStream(1, 'float64'),
        },
      );
      const noise = (...lengths: number[]) => {
        const own = rootStream(3, 'float64');
        return lengths.flatMap((length) => {
          const gradient = new Float64Array(length);
          rule.perturbs!.perturb(gradient, own);
          return [...gradient];
        });
      };
      expect(noise(4, 4), distribution).to.deep.equal(noise(8));
      expect(new Set(noise(8)).size).to.equal(8);
    }
  });

  it('acts in its rounds and on its clients alone', async () => {
    const noisy = await lossesOf({ faults: [during(2, 4, gradientNoise({ scale: 1 }))] });
    expect(noisy.slice(-6).map((loss) => loss === 0)).to.deep.equal([true, true, false, false, true, true]);
    const other = await lossesOf({ clients: 2, faults: [gradientNoise({ scale: 1, clients: [1] })] });
    expect(other.at(-1)).to.be.greaterThan(0);
  });

  it('each step of a local loop has its own noise, also with the batches of a descent', async () => {
    const losses = await lossesOf({ faults: [gradientNoise({ scale: 1 })] });
    expect(new Set(losses).size).to.equal(losses.length);
  });

  it('alpha-stable noise of a tailIndex above 2 is refused', () => {
    expect(() => noiseOn([0, 0, 0, 0], { scale: 1, distribution: 'alpha-stable', tailIndex: 2.5 })).to.throw(
      "faults.0.tailIndex: expected at most 2 with 'alpha-stable', got 2.5",
    );
  });
});

const claims = await claimsOf(gradientNoiseFault, { settings: { scale: 0.1 } as never });
describe('the contract of the fault gradient-noise', () => {
  for (const { title, run } of claims) it(title, run);
});
