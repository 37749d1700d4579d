import { expect } from 'chai';
import { modelPosterior } from '../../../protocol/bayesian/gaussian-model.js';
import { GradswarmError } from '../../../protocol/errors.js';
import sgld from '../../../protocol/methods/bayesian/sgld.js';
import type { JsonObject } from '../../../protocol/scenario/scenario.js';
import { UNEQUAL_CURVATURE } from '../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { proportionalFrequencies, stationaryLaw } from '../../support/sampler-laws.js';
import { codecsFor, type SamplerRun, SHARED_REGRESSION, samplerRun } from '../../support/tiny-run.js';

const visits: JsonObject = { chains: 3, delay: 10, thin: 1, startStddev: 0.3, stepSize: 1e-5 };

function expectSameDraws(one: SamplerRun, other: SamplerRun): void {
  expect(other.draws).to.deep.equal(one.draws);
}

function largestDifference(one: SamplerRun, other: SamplerRun): number {
  let largest = 0;
  one.draws.forEach((chain, c) => {
    chain.forEach((draw, n) => {
      draw.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - other.draws[c]![n]![i]!));
      });
    });
  });
  return largest;
}

describe('protocol/methods: travelling chains, bit by bit', () => {
  for (const precision of ['float64', 'float32'] as const)
    it(`${precision}: with one client FSGLD, DSGLD and SGLD have the same draws, mini-batches of 16 included`, async () => {
      const world = { ...SHARED_REGRESSION, clients: 1, rounds: 4, precision };
      const settings = { chains: 3, stepSize: 1e-4, batchSize: 16, startStddev: 1 };
      const dsgld = await samplerRun('dsgld', { ...settings, delay: 5 }, world);
      expect(dsgld.draws[2]).to.have.length(20);
      expectSameDraws(dsgld, await samplerRun('fsgld', { ...settings, delay: 5 }, world));
      expectSameDraws(dsgld, await samplerRun('sgld', { ...settings, stepsPerRound: 5 }, world));
    });

  it('FSGLD of weight 0 has the draws of DSGLD', async () => {
    const dsgld = await samplerRun('dsgld', visits, { rounds: 6 });
    expectSameDraws(dsgld, await samplerRun('fsgld', { ...visits, conduciveWeight: 0 }, { rounds: 6 }));
    const weighted = await samplerRun('fsgld', visits, { rounds: 6 });
    expect(largestDifference(dsgld, weighted)).to.be.above(0.1);
  });

  it('exact surrogates, whole shards: which shards a chain visits makes no difference', async () => {
    const byExamples = await samplerRun('fsgld', visits, { rounds: 6 });
    const uniform = await samplerRun('fsgld', { ...visits, visitBy: 'uniform' }, { rounds: 6 });
    const dealt = await samplerRun('fsgld', { ...visits, visitBy: 'uniform', schedule: 'permutation' }, { rounds: 6 });
    expect(largestDifference(byExamples, uniform)).to.be.below(1e-10);
    expect(largestDifference(byExamples, dealt)).to.be.below(1e-10);
  });

  it('all shards together find the mode: on the Gaussian shards the posterior mean to 1e-4 (a 360th of a standard deviation), and the chains start there', async () => {
    const still = { ...visits, startStddev: 0, stepSize: 1e-30, delay: 1, surrogatePoint: 'posterior' };
    const { mean } = modelPosterior(UNEQUAL_CURVATURE);
    for (const conduciveWeight of [0, 1]) {
      const { draws } = await samplerRun('fsgld', { ...still, conduciveWeight }, { rounds: 1 });
      for (const [start] of draws) {
        expect(start![0]).to.be.closeTo(mean[0]!, 1e-4);
        expect(start![1]).to.be.closeTo(mean[1]!, 1e-4);
      }
    }
  });

  it('SGHMC starts at the mode too, without momentum, and startStddev from it', async () => {
    const still = { ...visits, stepSize: 1e-30, delay: 1, chains: 200, surrogatePoint: 'posterior' };
    const { draws } = await samplerRun('sghmc', still, { rounds: 1 });
    const { mean } = modelPosterior(UNEQUAL_CURVATURE);
    const squares = draws.reduce((sum, [start]) => sum + (start![0]! - mean[0]!) ** 2, 0);
    // 200 chains of standard deviation 0.3: a chi-square of 200 degrees lies within 5 of its standard deviations, 100.
    expect(squares / 0.09).to.be.within(100, 300);
  });

  it('a chain does not notice how many others there are', async () => {
    const settings = { ...visits, batchSize: 20 };
    const three = await samplerRun('fsgld', settings, { rounds: 5 });
    const seven = await samplerRun('fsgld', { ...settings, chains: 7 }, { rounds: 5 });
    expect(seven.draws.slice(0, 3)).to.deep.equal(three.draws);
    for (const combination of ['weighted', 'product', 'average']) {
      const consensus = { drawsPerRound: 30, burnInSteps: 10, stepSize: 1e-3, combination };
      const few = await samplerRun('consensus-monte-carlo', { ...consensus, chains: 3 }, { rounds: 2 });
      const more = await samplerRun('consensus-monte-carlo', { ...consensus, chains: 7 }, { rounds: 2 });
      expect(more.draws.slice(0, 3), combination).to.deep.equal(few.draws);
    }
  });

  it('the same draws and states with every client in a process of its own, several visits a round', async () => {
    for (const name of [
      'fsgld',
      'sghmc',
      'psgld',
      'qlsd',
      'qlsd-star',
      'qlsd-plus-plus',
      'fa-ld',
      'fald',
      'sgld',
      'consensus-monte-carlo',
    ]) {
      const settings = { ...(name === 'fsgld' ? { visitsPerRound: 4 } : {}), batchSize: 7, chains: 2, stepSize: 1e-6 };
      const one = await samplerRun(name, settings, { rounds: 3 });
      const apart = await samplerRun(
        name,
        settings,
        { rounds: 3 },
        { hosts: [[0], [1, 3], [2]], shuffle: (count) => count - 1 },
      );
      expect(apart.draws, name).to.deep.equal(one.draws);
      expect(apart.run.states, name).to.deep.equal(one.run.states);
    }
  });
});

describe('protocol/methods: limits in which samplers must agree', () => {
  const served: JsonObject = { chains: 2, stepSize: 1e-5, startStddev: 0.3 };
  it('FA-LD of one local step and FALD of one, all noise common, are SGLD', async () => {
    const sgld = await samplerRun('sgld', served, { rounds: 30 });
    const faLd = await samplerRun('fa-ld', { ...served, localSteps: 1, commonNoise: 1 }, { rounds: 30 });
    const fald = await samplerRun('fald', { ...served, meanLocalSteps: 1, commonNoise: 1 }, { rounds: 30 });
    expect(largestDifference(sgld, faLd)).to.be.below(1e-12);
    expect(largestDifference(sgld, fald)).to.be.below(1e-12);
  });

  it('without loss QLSD is SGLD', async () => {
    const sgld = await samplerRun('sgld', served, { rounds: 29 });
    expect(largestDifference(sgld, await samplerRun('qlsd', served, { rounds: 29 }))).to.be.below(1e-12);
  });

  it('a memory changes nothing but rounding when nothing is compressed; all participants are all clients', async () => {
    const run = (name: string, settings: JsonObject) => samplerRun(name, { ...served, ...settings }, { rounds: 25 });
    const plain = await run('qlsd-star', {});
    expectSameDraws(plain, await run('qlsd-star', { participants: 4 }));
    // A period beyond the run: the reference of QLSD++ is that of QLSD*.
    expectSameDraws(plain, await run('qlsd-plus-plus', {}));
    expect(largestDifference(plain, await run('qlsd-plus-plus', { memoryRate: 0.3 }))).to.be.below(1e-12);
  });

  describe('participants of QLSD', () => {
    const bounds: JsonObject = { chains: 24, stepSize: 5e-4, startStddev: 0.3, burnInSteps: 400, participants: 1 };
    const uniform = [0.25, 0.25, 0.25, 0.25];
    // One of four clients a step, its gradient times four: DSGLD that stays one step on a shard, whose law is known.
    const law = stationaryLaw(UNEQUAL_CURVATURE, { stepSize: 5e-4, delay: 1, visitProbabilities: uniform }).anyStep;

    for (const [stepsPerRound, rounds] of [
      [1, 1200],
      [50, 60],
    ] as const)
      it(`drawn for every chain and step, ${stepsPerRound} steps a round: 24 chains have the exact law, mean and variance within 4.5 standard errors`, async () => {
        const { draws } = await samplerRun('qlsd', { ...bounds, stepsPerRound }, { rounds });
        for (const i of [0, 1]) {
          const mean = law.mean[i]!;
          const variance = law.covariance[3 * i]!;
          const perChain = (of: (draw: Float64Array) => number) =>
            draws.map((chain) => chain.reduce((sum, draw) => sum + of(draw), 0) / chain.length);
          for (const [values, expected] of [
            [perChain((draw) => draw[i]!), mean],
            [perChain((draw) => (draw[i]! - mean) ** 2), variance],
          ] as const) {
            const average = values.reduce((a, b) => a + b, 0) / values.length;
            const spread = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (values.length - 1);
            expect(Math.abs(average - expected) / Math.sqrt(spread / values.length)).to.be.below(4.5);
          }
        }
      }).timeout(60_000);

    it('chains are independent: of 24 chains, 276 pairs, the mean correlation of draws is below 0.02', async () => {
      const { draws } = await samplerRun('qlsd', { ...bounds, stepsPerRound: 20 }, { rounds: 120 });
      const centred = draws.map((chain) => {
        const mean = chain.reduce((sum, draw) => sum + draw[0]!, 0) / chain.length;
        const values = chain.map((draw) => draw[0]! - mean);
        const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        return values.map((value) => value / norm);
      });
      let sum = 0;
      for (let a = 0; a < 24; a++)
        for (let b = 0; b < a; b++) sum += centred[a]!.reduce((dot, value, n) => dot + value * centred[b]![n]!, 0);
      // Common participants gave 0.97.
      expect(Math.abs(sum / 276)).to.be.below(0.02);
    });

    it('a chain does not notice how many others there are, in all three algorithms', async () => {
      const settings = { chains: 2, stepSize: 1e-5, participants: 2, stepsPerRound: 3 };
      for (const name of ['qlsd', 'qlsd-star', 'qlsd-plus-plus']) {
        const two = await samplerRun(name, settings, { rounds: 6 });
        const five = await samplerRun(name, { ...settings, chains: 5 }, { rounds: 6 });
        expect(five.draws.slice(0, 2), name).to.deep.equal(two.draws);
        const apart = await samplerRun(name, settings, { rounds: 6 }, { hosts: [[0], [1, 3], [2]] });
        expect(apart.draws, name).to.deep.equal(two.draws);
      }
    });

    it('a memory of participants changes nothing but rounding when nothing is compressed', async () => {
      const run = (settings: JsonObject) =>
        samplerRun('qlsd-plus-plus', { chains: 3, stepSize: 1e-5, participants: 2, ...settings }, { rounds: 25 });
      expect(largestDifference(await run({}), await run({ memoryRate: 0.3 }))).to.be.below(1e-12);
    });

    it('SGLD refuses a cohort that its chains would share, and allows it to one chain', () => {
      const check =
        (chains: number, cohort: 'all' | number, sampling: 'fixed' | 'poisson' = 'fixed') =>
        () =>
          sgld.checkPlan!(
            { ...sgld.settings!.defaults, chains },
            { rounds: 10, clients: 4, participation: { cohort, sampling }, privacy: { delta: 1e-5 } },
          );
      expect(check(4, 2)).to.throw(/ERR_SCENARIO: method.chains: expected 1.*qlsd/);
      expect(check(4, 4, 'poisson')).to.throw(/ERR_SCENARIO/);
      for (const cohort of ['all', 4] as const) expect(check(4, cohort)).not.to.throw();
      expect(check(1, 2)).not.to.throw();
    });
  });

  it('SGHMC of friction 1 is DSGLD of step 2 eta', async () => {
    const sghmc = await samplerRun('sghmc', { ...visits, stepSize: 5e-6, friction: 1 }, { rounds: 5 });
    const dsgld = await samplerRun('dsgld', { ...visits, stepSize: 1e-5 }, { rounds: 5 });
    expect(largestDifference(sghmc, dsgld)).to.be.below(1e-12);
  });

  it('pSGLD whose epsilon outweighs all gradients is DSGLD of step h / epsilon', async () => {
    const psgld = await samplerRun('psgld', { ...visits, stepSize: 1e-5 * 1e9, epsilon: 1e9 }, { rounds: 5 });
    const dsgld = await samplerRun('dsgld', visits, { rounds: 5 });
    expect(largestDifference(psgld, dsgld)).to.be.below(1e-6);
  });
});

describe('protocol/methods: what travelling chains cost and send', () => {
  it('setup 4 (d + d (d + 1) / 2) bytes each way and client; a visit 4 d down and 4 d (1 + kept draws) up', async () => {
    // d = 2, float32, 4 clients, 3 chains of 6 visits of 10 steps, of which every fifth is kept.
    const settings = { ...visits, thin: 5 };
    const { run } = await samplerRun('fsgld', settings, { rounds: 6, precision: 'float32' });
    const setup = 4 * 4 * (2 + 3);
    expect(run.result.bytes.down.payload).to.equal(setup + 3 * 6 * 4 * 2);
    expect(run.result.bytes.up.payload).to.equal(setup + 3 * 6 * 4 * 2 * (1 + 2));
  });

  it('the product that every client holds is the sum of what the clients hold of their own', async () => {
    const { run } = await samplerRun('fsgld', { ...visits, surrogateError: 0.3 }, { rounds: 1 });
    const states = [0, 1, 2, 3].map(
      (client) =>
        run.records.get(client)!.state as Record<'own' | 'product', Record<'eta' | 'precision', Float64Array>>,
    );
    for (const field of ['eta', 'precision'] as const) {
      const sum = states[0]!.own[field].map((_, i) => states.reduce((total, { own }) => total + own[field][i]!, 0));
      for (const { product } of states) expect(product[field]).to.deep.equal(sum);
    }
  });

  it('steps are shared out as f says: chi-square of 4 shards over 3 chains x 2000 visits below 16.3 (p = 0.001)', async () => {
    const settings = { ...visits, delay: 1, visitsPerRound: 100, thin: 1000 };
    const { run } = await samplerRun('dsgld', settings, { rounds: 20 });
    const { shardSteps } = run.records.get('coordinator')!.state as { shardSteps: Float64Array };
    const frequencies = proportionalFrequencies(UNEQUAL_CURVATURE);
    const chiSquare = frequencies.reduce((sum, f, s) => sum + (shardSteps[s]! - 6000 * f) ** 2 / (6000 * f), 0);
    expect(shardSteps.reduce((sum, steps) => sum + steps, 0)).to.equal(6000);
    expect(chiSquare).to.be.below(16.3);
  });

  it('a compressed hand-over is reported with its variance, and kept draws stay exact', async () => {
    const codecs = codecsFor(['visit', 'position'], { name: 'fp16' });
    const { run, draws } = await samplerRun('fsgld', visits, { rounds: 4, codecs });
    const { handOverVariance, handOverVarianceUp } = run.rows[0]!.extra;
    // Half precision keeps 11 bits: errors of numbers about 1 are below 2^-11. What arrived is sent on without another error.
    expect(handOverVariance).to.be.within(1e-12, 2 ** -22);
    expect(handOverVarianceUp).to.be.within(1e-12, 2 ** -22);
    expect(run.rows[1]!.extra.handOverVariance).to.equal(0);
    expect(draws[0]!.at(-1)![0]).to.not.equal(Math.fround(draws[0]!.at(-1)![0]!));
    const plain = await samplerRun('fsgld', visits, { rounds: 4 });
    expect(plain.run.rows.at(-1)!.extra).to.not.have.any.keys('handOverVariance', 'handOverVarianceUp');
  });

  it('a client that is away in a round keeps its chains where they are, and none of their draws counts', async () => {
    const faults = [{ fault: 'crash', clients: [3], from: 3, until: 5, downRounds: null, memory: 'kept' } as never];
    const { draws, run } = await samplerRun('dsgld', { ...visits, chains: 8 }, { rounds: 6, faults });
    const lost = run.rows.reduce((sum, { extra }) => sum + (extra.visitsLost ?? 0), 0);
    expect(lost).to.be.above(0);
    expect(draws.reduce((sum, chain) => sum + chain.length, 0)).to.equal(10 * (8 * 6 - lost));
  });

  it('a client without examples has a flat surrogate, also of local draws, and disturbs no other client', async () => {
    const world = {
      objective: { name: 'bayesian-linear-regression', priorVariance: 1, noiseVariance: 0.5 },
      data: {
        name: 'linear-regression',
        examples: 60,
        features: 2,
        partition: { name: 'quantity-skew', minExamples: 0 },
      },
      clients: 12,
      rounds: 1,
    };
    for (const surrogateForm of ['full', 'diagonal']) {
      const settings = { ...visits, surrogate: 'draws', surrogateDraws: 200, surrogateStepSize: 0.01, surrogateForm };
      const { run } = await samplerRun('fsgld', settings, world);
      const { exampleCounts } = run.records.get('coordinator')!.state as { exampleCounts: Float64Array };
      const empty = [...exampleCounts.keys()].filter((client) => exampleCounts[client] === 0);
      expect(empty).to.have.length.above(0);
      for (const client of empty) {
        const { own } = run.records.get(client)!.state as { own: Record<string, Float64Array> };
        expect([...own.eta!, ...own.precision!].every((value) => value === 0)).to.equal(true);
      }
    }
  });

  it('a client that missed the first round of FA-LD has no share in the average, and the metrics show it', async () => {
    const faults = [{ fault: 'crash', clients: [3], from: 0, until: 1, downRounds: null, memory: 'kept' } as never];
    const { run } = await samplerRun('fa-ld', { chains: 2 }, { rounds: 2, faults });
    expect(run.rows.map(({ extra }) => extra.shardsMissing)).to.deep.equal([1, undefined]);
    const { weights } = run.records.get('coordinator')!.state as { weights: Float64Array };
    expect([...weights]).to.deep.equal([50 / 350, 100 / 350, 200 / 350, 0]);
  });

  it('where every client is late for the first round, lateness is the reason, not the partition', async () => {
    const late = {
      participation: { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: 100, first: null },
      devices: [{ clients: 'all', msPerExample: 1, msPerRound: 1000, nsPerParameterCoded: 0 }],
    } as const;
    for (const name of ['dsgld', 'fsgld', 'fa-ld']) {
      const error = await samplerRun(name, { chains: 2 }, { rounds: 1, ...late }).catch((reason: unknown) => reason);
      expect(error, name).to.be.instanceOf(GradswarmError).with.property('code', 'ERR_QUORUM');
      expect((error as Error).message).to.include('all were absent or late');
    }
  });

  it('a sampler on an objective without a prior is refused with the objectives that fit', async () => {
    for (const name of ['sgld', 'dsgld', 'fsgld', 'consensus-monte-carlo']) {
      const error = await samplerRun(name, {}, { objective: { name: 'quadratic' } }).then(
        () => null,
        (reason: unknown) => reason as GradswarmError,
      );
      expect(error, name).to.be.instanceOf(GradswarmError);
      expect(error!.code).to.equal('ERR_OBJECTIVE');
      expect(error!.message).to.contain('log-posterior').and.to.contain('docs/names.md');
    }
  });
});
