import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import type { Iterate } from '../../support/compressed-claims.js';
import {
  combination,
  finalOf,
  gradientsAt,
  largestDifferenceOfAll,
  meanVector,
  mixed,
} from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

describe('lead', () => {
  interface Peer extends Iterate {
    readonly dual: Vector;
    readonly reference: Vector;
    readonly mixedReference: Vector;
  }
  const codecs = { difference: { codec: { name: 'qsgd', levels: 4 } } };

  it('quantised to 4 levels: the duals sum to 0 and the mixed reference is W times the references, to 1e-12', async () => {
    await runPeers<Peer>(
      { method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 60 },
      {
        watch({ states, mixing }) {
          expect(Math.max(...meanVector(states.map(({ dual }) => dual)).map(Math.abs))).to.be.lessThan(1e-12);
          const references = mixed(
            mixing,
            states.map(({ reference }) => reference),
          );
          const kept = states.map(({ mixedReference }) => mixedReference);
          expect(largestDifferenceOfAll(kept, references)).to.be.lessThan(1e-12);
        },
      },
    );
  });

  it('quantised to 4 levels it is exact: mean squared error below 1e-15 after 2000 rounds', async () => {
    const run = await runPeers({ method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 2000 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-15);
  });

  it('uncompressed it follows its recursion in matrix form for 12 rounds, to 1e-11', async () => {
    const eta = 0.1;
    await runPeers<Peer>(
      { method: { name: 'lead', stepSize: eta, dualStep: 0.8, referenceStep: 0.4 }, rounds: 12 },
      {
        watch({ before, states, mixing }, problem) {
          const gradients = gradientsAt(
            problem,
            before.map(({ x }) => x),
          );
          // Without compression the estimates of y = x - eta g - eta d are y itself, and so W y at the neighbours.
          const y = before.map(({ x, dual }, i) => combination([1, x], [-eta, gradients[i]!], [-eta, dual]));
          const wy = mixed(mixing, y);
          const dual = before.map((peer, i) => combination([1, peer.dual], [0.4 / eta, y[i]!], [-0.4 / eta, wy[i]!]));
          const x = before.map((peer, i) => combination([1, peer.x], [-eta, gradients[i]!], [-eta, dual[i]!]));
          const reference = before.map((peer, i) => combination([0.6, peer.reference], [0.4, y[i]!]));
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.dual),
              dual,
            ),
          ).to.be.lessThan(1e-11);
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.x),
              x,
            ),
          ).to.be.lessThan(1e-11);
          expect(
            largestDifferenceOfAll(
              states.map((peer) => peer.reference),
              reference,
            ),
          ).to.be.lessThan(1e-11);
        },
      },
    );
  });
});
