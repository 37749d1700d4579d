import { expect } from 'chai';
import { broadcastNoise } from '../../../protocol/faults/broadcast-noise.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { drop } from '../../../protocol/faults/drop.js';
import { createNetwork } from '../../../protocol/links/network.js';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import type { Aggregation } from '../../../protocol/methods/gossip/parts/variance-reduced-aggregation.js';
import { addScaled } from '../../../protocol/numerics/vector.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { combination, gradientsAt, largestDifference, meanVector } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly x: Vector;
  readonly s: Vector;
  readonly aggregation: Aggregation;
}

const method = { name: 'vra-dgt' };
const betaOf = (round: number) => (round === 1 ? 1 : 20 / (round + 40));
const alphaOf = (round: number) => 2 / (round + 40);
const gammaOf = (round: number) => 20 / (round + 40);

/** Noise that a test can compute again: of size 3, different for each directed link, round, field and coordinate. */
function noiseOf(from: number, to: number, round: number, field: string, coordinate: number): number {
  return 3 * Math.sin(1 + 17 * from + 5 * to + 3.7 * round + 1.9 * coordinate + (field === 'x' ? 0 : 40));
}

/** The scenario's own network model, with that noise added to what is received. */
function noisyNetwork(scenario: Scenario) {
  return {
    ...createNetwork(scenario),
    receiveTransform: (
      value: ReadonlyVector,
      frame: { from: unknown; to: unknown; round: number },
      _: unknown,
      field: string,
    ) => {
      const noise = Float64Array.from({ length: value.length }, (__, i) =>
        noiseOf(Number(frame.from), Number(frame.to), frame.round, field, i),
      );
      return addScaled(noise, 1, value);
    },
  };
}

const part = (states: readonly Peer[], name: 'x' | 's') => states.map((state) => state[name]);
const meanSum = (states: readonly Peer[]) =>
  combination([1, meanVector(part(states, 'x'))], [1, meanVector(part(states, 's'))]);

describe('vra-dgt', () => {
  it('with noise of size 3 the error of every estimate follows e = (1 - beta) e + beta noise, to 1e-9 over 60 rounds', async () => {
    const errors = new Map<string, Float64Array>();
    await runPeers<Peer>(
      { method, rounds: 60 },
      {
        networkModel: noisyNetwork,
        watch({ round, before, states }) {
          const beta = betaOf(round);
          for (const [i, { aggregation }] of states.entries())
            for (const { peer, ...estimate } of aggregation.estimates)
              for (const field of ['x', 's'] as const) {
                const key = `${i} ${peer} ${field}`;
                const old = errors.get(key) ?? new Float64Array(5);
                const error = old.map((e, c) => (1 - beta) * e + beta * noiseOf(peer, i, round - 1, field, c));
                errors.set(key, error);
                const found = combination([1, estimate[field]], [-1, before[peer]![field]]);
                expect(largestDifference(found, error)).to.be.lessThan(1e-9);
              }
        },
      },
    );
    expect(errors.size).to.equal(8 * 2 * 2);
  });

  it('without noise every estimate is what the peer holds, mean(x + s) is constant and mean s moves by alpha times the mean gradient, to 1e-11', async () => {
    let start: Float64Array | null = null;
    await runPeers<Peer>(
      { method, rounds: 60 },
      {
        watch({ round, before, states }, problem) {
          start ??= meanSum(before);
          expect(largestDifference(meanSum(states), start)).to.be.lessThan(1e-11);
          const gradient = meanVector(gradientsAt(problem, part(before, 'x')));
          const expected = combination([1, meanVector(part(before, 's'))], [alphaOf(round), gradient]);
          expect(largestDifference(meanVector(part(states, 's')), expected)).to.be.lessThan(1e-11);
          for (const { aggregation } of states)
            for (const { peer, x } of aggregation.estimates)
              expect(largestDifference(x, before[peer]!.x)).to.be.lessThan(1e-11);
        },
      },
    );
  });

  it('with noise mean(x + s) moves by gamma times the mean of (estimate of W x) - x, to 1e-10', async () => {
    await runPeers<Peer>(
      { method, rounds: 40 },
      {
        networkModel: noisyNetwork,
        watch({ round, before, states, mixing }) {
          const x = part(before, 'x');
          const drift = states.map(({ aggregation }, i) =>
            combination(
              [mixing[i]![i]! - 1, x[i]!],
              ...aggregation.estimates.map((estimate) => [mixing[i]![estimate.peer]!, estimate.x] as const),
            ),
          );
          const expected = combination([1, meanSum(before)], [gammaOf(round), meanVector(drift)]);
          expect(largestDifference(meanSum(states), expected)).to.be.lessThan(1e-10);
        },
      },
    );
  });

  it('with beta 1 it is robust gradient tracking on one time scale in every bit, with channel noise too', async () => {
    const { stepSize, mixing } = {
      stepSize: { name: 'inverse-power', rate: 2, offset: 41 },
      mixing: { name: 'inverse-power', rate: 20, offset: 41 },
    };
    const faults = [channelNoise({ stddev: 3 })];
    const one = await runPeers<Peer>({ method: { ...method, aggregationWeight: 1 }, rounds: 80, faults });
    const other = await runPeers<Peer>({
      method: { name: 'robust-gradient-tracking', stepSize, mixing },
      rounds: 80,
      faults,
    });
    const bits = (states: readonly Peer[]) => states.flatMap(({ x, s }) => [...x, ...s]);
    expect(bits(other.states)).to.deep.equal(bits(one.states));
  });

  it('half of the messages lost and a graph that changes, no noise: every estimate is exact, to 1e-11, in the rounds in which its peer’s message arrives (seed 3, 480 messages, 5 sigma)', async () => {
    let exact = 0;
    await runPeers<Peer>(
      { method, topology: 'random-matching', rounds: 60, faults: [drop({ probability: 0.5 })] },
      {
        watch({ before, states }) {
          for (const { aggregation } of states)
            for (const { peer, x } of aggregation.estimates) if (largestDifference(x, before[peer]!.x) < 1e-11) exact++;
        },
      },
    );
    // Eight peers with one neighbour in each of 60 rounds, every other message arrives: 240 of 480, and 5 sigma are 55.
    expect(exact).to.be.within(240 - 55, 240 + 55);
  });

  it('on a graph that changes, links that begin late begin with a whole vector: estimates are exact without noise, to 1e-11', async () => {
    await runPeers<Peer>(
      {
        method,
        topology: { name: 'periodic', graphs: [{ name: 'ring' }, { name: 'ring' }, { name: 'hypercube' }] },
        rounds: 3,
      },
      {
        watch({ round, before, states }) {
          if (round !== 3) return;
          // Peers 0 and 2 are neighbours in the hypercube alone, so round 3 is their first.
          const { x } = states[0]!.aggregation.estimates.find(({ peer }) => peer === 2)!;
          expect(largestDifference(x, before[2]!.x)).to.be.lessThan(1e-11);
        },
      },
    );
  });

  it('an undamped mixing schedule is refused', async () => {
    const refused = await runPeers({ method: { ...method, mixing: 1 }, rounds: 1 }).catch(
      (error: Error) => error.message,
    );
    expect(refused).to.include('method.mixing: expected a schedule that begins in (0, 1] and falls');
  });
});

describe('noise of a channel and noise of a broadcast', () => {
  it('differ: neighbours of one peer receive different vectors over noisy channels and the same after a noisy broadcast', async () => {
    const distances: number[] = [];
    for (const faults of [[channelNoise({ stddev: 3 })], [broadcastNoise({ stddev: 3 })]])
      await runPeers<Peer>(
        { method, rounds: 1, faults },
        {
          watch({ before, states }) {
            const received = [7, 1].map((i) => states[i]!.aggregation.estimates.find(({ peer }) => peer === 0)!.x);
            expect(largestDifference(received[0]!, before[0]!.x)).to.be.greaterThan(0.5);
            distances.push(largestDifference(received[0]!, received[1]!));
          },
        },
      );
    expect(distances[0]).to.be.greaterThan(0.5);
    expect(distances[1]).to.equal(0);
  });

  it('differ for the mean: gradient tracking keeps mean y = mean gradient plus noise that is fresh each round, by link or by broadcast', async () => {
    for (const faults of [[channelNoise({ stddev: 0.1 })], [broadcastNoise({ stddev: 0.1 })]]) {
      const run = await runPeers<{ readonly y: Vector; readonly gradient: Vector }>({
        method: { name: 'gradient-tracking' },
        rounds: 400,
        faults,
      });
      const bias = largestDifference(
        meanVector(run.states.map(({ y }) => y)),
        meanVector(run.states.map(({ gradient }) => gradient)),
      );
      // A random walk: 400 rounds of noise do not cancel.
      expect(bias).to.be.greaterThan(0.1);
    }
  });
});
