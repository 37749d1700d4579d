import { expect } from 'chai';
import { drop } from '../../../protocol/faults/drop.js';
import type { Vector } from '../../../protocol/method.js';
import type { Gossip } from '../../../protocol/methods/gossip/parts/compressed-gossip.js';
import { combination, largestDifference, largestDifferenceOfAll, meanVector } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly x: Vector;
  readonly y: Vector;
  readonly gradient: Vector;
  readonly tracker: Gossip;
  readonly iterate: Gossip;
}

const STEP = 0.05;
const topTwoOfFive = { codec: { name: 'top-k', fraction: 0.4 } };
const codecs = { tracker: topTwoOfFive, iterate: topTwoOfFive };
const compressed = { name: 'cdproxsgt', stepSize: STEP, trackerMixing: 0.3, iterateMixing: 0.3 };
const acknowledged = { ...compressed, links: 'acknowledged' };

const meanOf = (states: readonly Peer[], part: 'x' | 'y' | 'gradient') =>
  meanVector(states.map((state) => state[part]));

describe('cdproxsgt', () => {
  const changing = { name: 'periodic', graphs: [{ name: 'ring' }, { name: 'hypercube' }, { name: 'exponential' }] };
  for (const [method, topology] of [
    [compressed, 'ring'],
    [acknowledged, 'ring'],
    [acknowledged, 'random-matching'],
    [acknowledged, changing],
  ] as const)
    it(`${'links' in method ? method.links : 'plain'}, ${JSON.stringify(topology)}, top 2 of 5: mean y = mean gradient and mean x = mean of x - step y, to 1e-13`, async () => {
      await runPeers<Peer>(
        { method, codecs, topology, rounds: 60 },
        {
          watch({ before, states }) {
            expect(largestDifference(meanOf(states, 'y'), meanOf(states, 'gradient'))).to.be.lessThan(1e-13);
            const stepped = combination([1, meanOf(before, 'x')], [-STEP, meanOf(states, 'y')]);
            expect(largestDifference(meanOf(states, 'x'), stepped)).to.be.lessThan(1e-13);
          },
        },
      );
    });

  it('without compression and with mixing 1 it is dproxsgt with l1, to 1e-12 after 60 rounds, in both link forms', async () => {
    const method = { stepSize: STEP, l1: 0.3 };
    const reference = await runPeers<Peer>({ method: { name: 'dproxsgt', ...method }, rounds: 60 });
    for (const links of ['plain', 'acknowledged']) {
      const whole = { name: 'cdproxsgt', ...method, trackerMixing: 1, iterateMixing: 1, links };
      const { states } = await runPeers<Peer>({ method: whole, rounds: 60 });
      for (const part of ['x', 'y'] as const)
        expect(
          largestDifferenceOfAll(
            states.map((state) => state[part]),
            reference.states.map((state) => state[part]),
          ),
        ).to.be.lessThan(1e-12);
    }
  });

  it('the aggregate of every peer is the mix of all replicas, to 1e-12', async () => {
    await runPeers<Peer>(
      { method: compressed, codecs, rounds: 60 },
      {
        watch({ states, mixing }) {
          const plain = states.map(({ tracker }) => tracker as Extract<Gossip, { form: 'plain' }>);
          for (const [i, { mixed }] of plain.entries()) {
            const expected = combination(...plain.map(({ own }, j) => [mixing[i]![j]!, own] as const));
            expect(largestDifference(mixed, expected)).to.be.lessThan(1e-12);
          }
        },
      },
    );
  });

  it('acknowledged: two rounds after the last loss mean y = mean gradient again and both ends of every link hold equal copies', async () => {
    const lossy = 40;
    await runPeers<Peer>(
      {
        method: acknowledged,
        codecs,
        rounds: lossy + 6,
        faults: [{ ...drop({ probability: 0.3 }), from: 0, until: lossy }],
      },
      {
        watch({ round, states }) {
          const bias = largestDifference(meanOf(states, 'y'), meanOf(states, 'gradient'));
          if (round === lossy) expect(bias).to.be.greaterThan(1e-4);
          if (round < lossy + 1) return;
          expect(bias).to.be.lessThan(1e-12);
          const links = states.map(({ tracker }) => tracker as Extract<Gossip, { form: 'acknowledged' }>);
          for (const [i, { outgoing }] of links.entries())
            for (const { peer, value, sequence } of outgoing) {
              const held = links[peer]!.incoming.find((copy) => copy.peer === i)!;
              expect([...held.value]).to.deep.equal([...value]);
              expect(held.sequence).to.equal(sequence);
            }
        },
      },
    );
  });

  it('plain replicas refuse a graph that changes', async () => {
    const refused = await runPeers({ method: compressed, codecs, topology: 'random-matching', rounds: 5 }).catch(
      (error: Error) => error.message,
    );
    expect(refused).to.include('ERR_SCENARIO: topology: expected the same graph in every round');
  });
});
