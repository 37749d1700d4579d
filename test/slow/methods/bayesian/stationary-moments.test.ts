import { expect } from 'chai';
import { type GaussianModel, shardFactor } from '../../../../protocol/bayesian/gaussian-model.js';
import { unpackSymmetric } from '../../../../protocol/numerics/linear-algebra.js';
import type { JsonObject, Scenario } from '../../../../protocol/scenario/scenario.js';
import { mcseMean, mcseSd } from '../../../../scenarios/posterior/diagnostics.js';
import {
  ONE_DIMENSIONAL,
  UNEQUAL_CURVATURE,
} from '../../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { faldLaw } from '../../../support/fald-law.js';
import {
  averagingLaw,
  proportionalFrequencies,
  stationaryLaw,
  type VisitingSampler,
} from '../../../support/sampler-laws.js';
import { codecsFor, type SamplerRun, samplerRun } from '../../../support/tiny-run.js';

const ONE_D: Partial<Scenario> = {
  objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'one-dimensional', dataPrecisions: [] },
  clients: 2,
};

/** Mean and standard deviation of every parameter within 4 Monte Carlo standard errors of the law. */
function expectLaw(
  draws: SamplerRun['draws'],
  law: { readonly mean: Float64Array; readonly covariance: Float64Array },
) {
  const d = law.mean.length;
  const shortest = draws.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
  for (let i = 0; i < d; i++) {
    const chains = draws.map((chain) => Float64Array.from({ length: shortest }, (_, n) => chain[n]![i]!));
    const all = chains.flatMap((chain) => [...chain]);
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    const sd = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (all.length - 1));
    const trueSd = Math.sqrt(law.covariance[i * d + i]!);
    expect(Math.abs(mean - law.mean[i]!), `mean ${i}: ${mean} against ${law.mean[i]}`).to.be.below(
      4 * mcseMean(chains),
    );
    expect(Math.abs(sd - trueSd), `sd ${i}: ${sd} against ${trueSd}`).to.be.below(4 * mcseSd(chains));
    // Errors that are not small against what is tested would prove nothing.
    expect(mcseMean(chains)).to.be.below(0.06 * trueSd);
    expect(mcseSd(chains)).to.be.below(0.06 * trueSd);
  }
}

describe('samplers: stationary moments within 4 Monte Carlo standard errors of the exact law (seed 11)', () => {
  const halves = { stepSize: 0.002, visitProbabilities: [0.5, 0.5] };
  const law = (model: GaussianModel, sampler: VisitingSampler) => stationaryLaw(model, sampler).anyStep;
  const oneD: JsonObject = { stepSize: 0.002, visitBy: 'uniform', chains: 16, burnInSteps: 2000 };
  const exact = ONE_DIMENSIONAL.shards.map(shardFactor);

  for (const [delay, rounds, thin] of [
    [5, 6000, 7],
    [50, 900, 7],
  ] as const) {
    it(`DSGLD in one dimension, delay ${delay}, 16 chains of ${rounds} visits`, async () => {
      const { draws } = await samplerRun('dsgld', { ...oneD, delay, thin }, { ...ONE_D, rounds });
      expectLaw(draws, law(ONE_DIMENSIONAL, { ...halves, delay }));
    });
  }

  it('FSGLD in one dimension, delay 50, exact surrogates, mini-batches of 5 without replacement, 16 chains', async () => {
    const settings = { ...oneD, delay: 50, thin: 7, batchSize: 5 };
    const { draws } = await samplerRun('fsgld', settings, { ...ONE_D, rounds: 500 });
    const batch = { size: 5, replacement: false };
    expectLaw(draws, law(ONE_DIMENSIONAL, { ...halves, delay: 50, surrogates: exact, batch }));
  });

  it('DSGLD balanced to response delays 1 and 4: visits of 8 and 2 steps', async () => {
    const settings = { ...oneD, delay: 5, responseDelays: [1, 4], thin: 7 };
    const { draws, run } = await samplerRun('dsgld', settings, { ...ONE_D, rounds: 8000 });
    expectLaw(draws, law(ONE_DIMENSIONAL, { ...halves, delay: [8, 2] }));
    const shardSteps = (run.records.get('coordinator')!.state as { shardSteps: Float64Array }).shardSteps;
    expect(shardSteps[0]! / (shardSteps[0]! + shardSteps[1]!)).to.be.closeTo(0.8, 0.005);
  });

  it('DSGLD that believes in other frequencies than it visits with', async () => {
    const settings = { ...oneD, visitBy: 'weights', visitWeights: [1, 3], assumedWeights: [1, 1], delay: 5, thin: 7 };
    const { draws } = await samplerRun('dsgld', settings, { ...ONE_D, rounds: 6000 });
    const sampler = {
      stepSize: 0.002,
      visitProbabilities: [0.25, 0.75],
      assumedProbabilities: [0.5, 0.5],
      delay: 5,
    };
    expectLaw(draws, law(ONE_DIMENSIONAL, sampler));
  });

  it('FSGLD of weight 0.9 on the four shards, delay 10, 16 chains', async () => {
    const settings = { stepSize: 1e-4, delay: 10, conduciveWeight: 0.9, chains: 16, burnInSteps: 1000, thin: 7 };
    const { draws } = await samplerRun('fsgld', settings, { rounds: 2000 });
    const sampler: VisitingSampler = {
      stepSize: 1e-4,
      delay: 10,
      visitProbabilities: proportionalFrequencies(UNEQUAL_CURVATURE),
      surrogates: UNEQUAL_CURVATURE.shards.map(shardFactor),
      conduciveWeight: 0.9,
    };
    expectLaw(draws, law(UNEQUAL_CURVATURE, sampler));
  });

  for (const commonNoise of [0, 0.8])
    it(`FA-LD, 20 local steps, share ${commonNoise}^2 of the noise common, after synchronisation`, async () => {
      const settings = { stepSize: 1e-4, localSteps: 20, commonNoise, chains: 16, burnInSteps: 100, thin: 3 };
      const { draws } = await samplerRun('fa-ld', settings, { rounds: 1500 });
      const weights = proportionalFrequencies(UNEQUAL_CURVATURE);
      expectLaw(draws, averagingLaw(UNEQUAL_CURVATURE, { stepSize: 5e-5, localSteps: 20, weights, commonNoise }));
    });

  // Rounds are as long, and references as old, for all chains: few chains and many rounds average over both.
  for (const [varianceReduction, batchSize, commonNoise] of [
    [true, 20, 0],
    [true, 0, 0.6],
    [false, 0, 0],
  ] as const)
    it(`FALD ${varianceReduction ? `with variance reduction, batches of ${batchSize || 'all'}, share ${commonNoise} of the noise common` : 'without variance reduction, its mean 7.5 sd off'}, at synchronisation, 4 chains of 3,000 rounds`, async () => {
      const local = { stepSize: 1e-4, meanLocalSteps: 10, commonNoise, varianceReduction, refreshProbability: 0.2 };
      const settings = { ...local, batchSize, chains: 4, burnInSteps: 200, thin: 3 };
      const { draws } = await samplerRun('fald', settings, { rounds: 3000 });
      expectLaw(draws, faldLaw(UNEQUAL_CURVATURE, local));
    });

  it('FSGLD, delay 10, with surrogates from 500 local SGLD draws: the law is that of the very surrogates exchanged', async () => {
    const local = {
      surrogate: 'draws',
      surrogateDraws: 500,
      surrogateThin: 5,
      surrogateStepSize: 2e-4,
      surrogateBatchSize: 20,
    };
    const settings = { ...local, stepSize: 1e-4, delay: 10, chains: 16, burnInSteps: 1000, thin: 7 };
    const { draws, run } = await samplerRun('fsgld', settings, { rounds: 2000 });
    const surrogates = [0, 1, 2, 3].map((client) => {
      const { own } = run.records.get(client)!.state as { own: { eta: Float64Array; precision: Float64Array } };
      return { eta: own.eta, precision: unpackSymmetric(own.precision) };
    });
    const sampler = { stepSize: 1e-4, delay: 10, visitProbabilities: proportionalFrequencies(UNEQUAL_CURVATURE) };
    const exchanged = law(UNEQUAL_CURVATURE, { ...sampler, surrogates });
    expectLaw(draws, exchanged);
    // The draws missed the shards' factors by enough for that to be a different law from exact surrogates'.
    const exact = law(UNEQUAL_CURVATURE, { ...sampler, surrogates: UNEQUAL_CURVATURE.shards.map(shardFactor) });
    expect(exchanged.covariance[0]! / exact.covariance[0]!).to.be.above(1.5);
  });

  it('a client that missed the first round: FSGLD by uniform visits samples the posterior of all others, and says so', async () => {
    const faults = [{ fault: 'crash', clients: [3], from: 0, until: 1, downRounds: null, memory: 'kept' } as never];
    const settings = { stepSize: 1e-4, delay: 5, visitBy: 'uniform', chains: 16, burnInSteps: 1000, thin: 7 };
    const { draws, run } = await samplerRun('fsgld', settings, { rounds: 2000, faults });
    const received: GaussianModel = { ...UNEQUAL_CURVATURE, shards: UNEQUAL_CURVATURE.shards.slice(0, 3) };
    const visitProbabilities = [1 / 3, 1 / 3, 1 / 3];
    const surrogates = received.shards.map(shardFactor);
    expectLaw(draws, law(received, { stepSize: 1e-4, delay: 5, visitProbabilities, surrogates }));
    expect(run.rows[0]!.extra.shardsMissing).to.equal(1);
    expect(run.rows.some(({ extra }) => 'visitsLost' in extra)).to.equal(false);
  });

  it('quantised gradients with a fixed reference leave the mean of QLSD* right', async () => {
    const settings = { stepSize: 1e-4, stepsPerRound: 10, chains: 16, burnInSteps: 500, thin: 7 };
    const codecs = codecsFor(['gradient'], { name: 'qsgd' });
    const { draws } = await samplerRun('qlsd-star', settings, { rounds: 500, codecs });
    const frequencies = [1, 0, 0, 0];
    const whole = law(UNEQUAL_CURVATURE, {
      stepSize: 1e-4,
      delay: 1,
      visitProbabilities: frequencies.map(() => 0.25),
      surrogates: UNEQUAL_CURVATURE.shards.map(shardFactor),
    });
    for (let i = 0; i < 2; i++) {
      const chains = draws.map((chain) => Float64Array.from(chain, (draw) => draw[i]!));
      const all = chains.flatMap((chain) => [...chain]);
      const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
      expect(Math.abs(mean - whole.mean[i]!)).to.be.below(4 * mcseMean(chains));
      expect(mcseMean(chains)).to.be.below(0.1 * Math.sqrt(whole.covariance[3 * i]!));
    }
  });
});
