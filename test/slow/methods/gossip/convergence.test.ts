import { expect } from 'chai';
import { broadcastNoise } from '../../../../protocol/faults/broadcast-noise.js';
import { channelNoise } from '../../../../protocol/faults/channel-noise.js';
import { drop } from '../../../../protocol/faults/drop.js';
import { probabilisticQuantiser } from '../../../../protocol/faults/probabilistic-quantiser.js';
import type { Vector } from '../../../../protocol/method.js';
import { finalOf, gradientsAt, meanVector } from '../../../support/peer-vectors.js';
import { RING_OF_EIGHT, runPeers } from '../../../support/tiny-run.js';

/** What long runs of eight peers end in, seed 3. Identities that hold in every round are in test/methods/gossip. */

const STEP = 0.05;

interface Peer {
  readonly x: Vector;
  readonly estimate: Vector;
}

describe('vra-dgt over 1,500 rounds and more', () => {
  const method = { name: 'vra-dgt' };

  it('sigma 0.1 on every link, 4000 rounds (seed 3): the square of the tracked gradient falls below 0.02, plain robust tracking keeps it above 0.3', async () => {
    const faults = [channelNoise({ stddev: 0.1 })];
    const rounds = 4000;
    const evaluation = { everyRounds: 100 };
    const vra = await runPeers({ method, rounds, faults, evaluation });
    const plain = await runPeers({ method: { ...method, aggregationWeight: 1 }, rounds, faults, evaluation });
    expect(finalOf(vra, 'trackedGradientSquared')).to.be.lessThan(0.02);
    expect(finalOf(plain, 'trackedGradientSquared')).to.be.greaterThan(0.3);
    expect(finalOf(vra, 'meanSquaredError')).to.be.lessThan(1e-3);
  });

  it('30 % of messages lost beside noise of sigma 0.1: mean squared error after 3000 rounds at most 4 times as large', async () => {
    const noise = channelNoise({ stddev: 0.1 });
    const evaluation = { everyRounds: 100 };
    const [whole, lossy] = await Promise.all(
      [[noise], [noise, drop({ probability: 0.3 })]].map((faults) =>
        runPeers({ method, rounds: 3000, faults, evaluation }),
      ),
    );
    expect(finalOf(lossy!, 'meanSquaredError')).to.be.lessThan(4 * finalOf(whole!, 'meanSquaredError'));
  });

  const inexact = {
    'Laplace noise of deviation 0.14': channelNoise({ stddev: 0.14, distribution: 'laplace' }),
    "Student's t noise of 2.5 degrees and deviation 0.1": channelNoise({ stddev: 0.1, distribution: 'student-t' }),
    'relative noise of variance 0.01 |value|^2': channelNoise({ stddev: 0, relativeVariance: 0.01 }),
    'a probabilistic quantiser of step 0.5 on each link': probabilisticQuantiser({ step: 0.5, per: 'link' }),
    'broadcast noise of deviation 0.1': broadcastNoise({ stddev: 0.1 }),
  };
  for (const [name, fault] of Object.entries(inexact))
    it(`${name}: mean squared error below 0.01 after 1500 rounds (seed 3)`, async () => {
      const run = await runPeers({ method, rounds: 1500, faults: [fault], evaluation: { everyRounds: 100 } });
      expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(0.01);
    });
});

describe('vra-dsgt over 2,000 rounds and more', () => {
  const noisyGradients = { ...RING_OF_EIGHT.objective, examples: 64, exampleSpread: 2 };

  it('batches of 2 of 64 (seed 3, 2000 rounds): the error of the estimate is below a tenth of that of a plain stochastic gradient', async () => {
    const errorOf = async (estimateWeight: number | null) => {
      let sum = 0;
      let count = 0;
      await runPeers<Peer>(
        {
          method: { name: 'vra-dsgt', estimateWeight, batchSize: 2 },
          objective: noisyGradients,
          rounds: 2000,
          evaluation: { everyRounds: 500 },
        },
        {
          watch({ round, before, states }, problem) {
            if (round < 1800) return;
            const gradients = gradientsAt(
              problem,
              before.map(({ x }) => x),
            );
            for (const [i, { estimate }] of states.entries())
              for (const [j, value] of estimate.entries()) {
                sum += (value - gradients[i]![j]!) ** 2;
                count++;
              }
          },
        },
      );
      return sum / count;
    };
    expect(await errorOf(null)).to.be.lessThan(0.1 * (await errorOf(1)));
  });

  it('batches of 2 of 64 and sigma 0.1 on every link (seed 3): mean squared error below 0.01 after 3000 rounds', async () => {
    const run = await runPeers({
      method: { name: 'vra-dsgt', batchSize: 2 },
      objective: noisyGradients,
      rounds: 3000,
      evaluation: { everyRounds: 500 },
      faults: [channelNoise({ stddev: 0.1 })],
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(0.01);
  });
});

describe('robust-gradient-tracking over 3,000 rounds', () => {
  it('sigma 0.1 on every link, 3000 rounds (seed 3): mean squared error below 0.2 on either time scale, where plain tracking is above 1', async () => {
    const faults = [channelNoise({ stddev: 0.1 })];
    const evaluation = { everyRounds: 500 };
    const errorOf = async (method: object) =>
      finalOf(
        await runPeers({ method: method as { name: string }, rounds: 3000, faults, evaluation }),
        'meanSquaredError',
      );
    expect(await errorOf({ name: 'robust-gradient-tracking' })).to.be.lessThan(0.2);
    const oneScale = { name: 'inverse-power', offset: 41 };
    const oneTimeScale = { stepSize: { ...oneScale, rate: 2 }, mixing: { ...oneScale, rate: 20 } };
    expect(await errorOf({ name: 'robust-gradient-tracking', ...oneTimeScale })).to.be.lessThan(0.01);
    expect(await errorOf({ name: 'gradient-tracking' })).to.be.greaterThan(1);
  });
});

describe('cdproxsgt over 1,200 rounds and more, top 2 of 5', () => {
  const topTwoOfFive = { codec: { name: 'top-k', fraction: 0.4 } };
  const codecs = { tracker: topTwoOfFive, iterate: topTwoOfFive };
  const compressed = { name: 'cdproxsgt', stepSize: STEP, trackerMixing: 0.3, iterateMixing: 0.3 };
  const acknowledged = { ...compressed, links: 'acknowledged' };

  it('with l1 it ends where the mean gradient is a subgradient of -l1 |x|, to 1e-9', async () => {
    const l1 = 0.4;
    const { states, problem } = await runPeers<Peer>({ method: { ...compressed, l1 }, codecs, rounds: 2000 });
    const x = meanVector(states.map((state) => state.x));
    const gradient = meanVector(
      gradientsAt(
        problem,
        states.map(() => x),
      ),
    );
    for (const [j, value] of x.entries()) {
      if (Math.abs(value) > 1e-9) expect(gradient[j]).to.be.closeTo(-l1 * Math.sign(value), 1e-9);
      else expect(Math.abs(gradient[j]!)).to.be.at.most(l1 + 1e-9);
    }
  });

  it('is exact with top 2 of 5: mean squared error below 1e-12 after 1500 rounds', async () => {
    expect(finalOf(await runPeers({ method: compressed, codecs, rounds: 1500 }), 'meanSquaredError')).to.be.lessThan(
      1e-12,
    );
  });

  it('1 % of residuals lost: plain replicas go wrong by more than 1, acknowledged links stay exact below 1e-12', async () => {
    const faults = [drop({ probability: 0.01 })];
    const plain = await runPeers({ method: compressed, codecs, rounds: 1200, faults });
    expect(finalOf(plain, 'meanSquaredError')).to.be.greaterThan(1);
    const mended = await runPeers({ method: acknowledged, codecs, rounds: 1200, faults });
    expect(finalOf(mended, 'meanSquaredError')).to.be.lessThan(1e-12);
  });

  it('30 % of residuals lost, in one direction or the other: acknowledged links stay exact below 1e-10', async () => {
    const run = await runPeers({ method: acknowledged, codecs, rounds: 1800, faults: [drop({ probability: 0.3 })] });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-10);
  });

  it('a tracker restart mends what acknowledgements cannot: a peer that lost its state in round 300', async () => {
    const crash = { fault: 'crash', clients: [2], from: 300, until: 301, memory: 'lost' };
    const run = (trackerRestartRounds: number | null) =>
      runPeers({ method: { ...acknowledged, trackerRestartRounds }, codecs, rounds: 1400, faults: [crash] });
    expect(finalOf(await run(null), 'meanSquaredError')).to.be.greaterThan(1e-3);
    expect(finalOf(await run(700), 'meanSquaredError')).to.be.lessThan(1e-10);
  });
});

describe('graphs that change every round, over 1,500 rounds', () => {
  const topTwoOfFive = { '*': { codec: { name: 'top-k', fraction: 0.4 } } };
  for (const method of [
    { name: 'gradient-tracking', stepSize: STEP },
    { name: 'dproxsgt', stepSize: STEP },
    { name: 'cdproxsgt', stepSize: STEP, links: 'acknowledged', trackerMixing: 0.3, iterateMixing: 0.3 },
    { name: 'beer', stepSize: STEP, links: 'acknowledged', mixing: 0.2 },
  ])
    it(`one-peer-exponential: ${method.name} is exact, mean squared error below 1e-12 after 1500 rounds`, async () => {
      const run = await runPeers({
        method,
        topology: 'one-peer-exponential',
        rounds: 1500,
        codecs: topTwoOfFive,
        evaluation: { everyRounds: 100 },
      });
      expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-12);
    });

  it('one-peer-exponential: vra-dgt without noise falls below 1e-3 in 1500 rounds', async () => {
    const run = await runPeers({
      method: 'vra-dgt',
      topology: 'one-peer-exponential',
      rounds: 1500,
      evaluation: { everyRounds: 100 },
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-3);
  });
});
