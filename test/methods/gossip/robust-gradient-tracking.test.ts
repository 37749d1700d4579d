import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { combination, gradientsAt, largestDifferenceOfAll, mixed } from '../../support/peer-vectors.js';
import { runPeers } from '../../support/tiny-run.js';

interface Peer {
  readonly x: Vector;
  readonly s: Vector;
}

describe('robust-gradient-tracking', () => {
  it('follows its recursion in matrix form on two time scales for 20 rounds, to 1e-12', async () => {
    await runPeers<Peer>(
      { method: 'robust-gradient-tracking', rounds: 20 },
      {
        watch({ round, before, states, mixing }, problem) {
          const alpha = (round + 20) ** -0.9;
          const gamma = (round + 1) ** -0.6;
          const x = before.map((state) => state.x);
          const s = before.map((state) => state.s);
          const gradients = gradientsAt(problem, x);
          const nextS = mixed(mixing, s).map((ws, i) =>
            combination([1 - gamma, s[i]!], [gamma, ws], [alpha, gradients[i]!]),
          );
          const nextX = mixed(mixing, x).map((wx, i) =>
            combination([1 - gamma, x[i]!], [gamma, wx], [-1, nextS[i]!], [1, s[i]!]),
          );
          expect(
            largestDifferenceOfAll(
              states.map((state) => state.s),
              nextS,
            ),
          ).to.be.lessThan(1e-12);
          expect(
            largestDifferenceOfAll(
              states.map((state) => state.x),
              nextX,
            ),
          ).to.be.lessThan(1e-12);
        },
      },
    );
  });
});
