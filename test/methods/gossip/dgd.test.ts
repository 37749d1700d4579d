import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import dgd from '../../../protocol/methods/gossip/dgd.js';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { largestDistance, type QuadraticRun, runQuadratic, solveDense } from '../../support/quadratic-runs.js';

interface Peer {
  readonly x: Vector;
}
const STEP = 0.05;
const ring = { topology: 'ring' };

/** Metropolis weights of a ring: every client has two neighbours, so every weight is 1/3. */
function ringWeight(i: number, j: number, n: number): number {
  return i === j || (i + 1) % n === j || (j + 1) % n === i ? 1 / 3 : 0;
}

/** cta: (I - W + step A) z = step A c. atc: (I - W + step W A) z = step W A c. Coordinate by coordinate. */
function biasedLimit(run: QuadraticRun, form: 'cta' | 'atc'): readonly (readonly number[])[] {
  const n = run.clients;
  return Array.from({ length: run.dimension }, (_, j) => {
    const through = (i: number, k: number): number => (form === 'cta' ? (i === k ? 1 : 0) : ringWeight(i, k, n));
    const matrix = Array.from({ length: n }, (_row, i) =>
      Array.from(
        { length: n },
        (_column, k) => (i === k ? 1 : 0) - ringWeight(i, k, n) + STEP * through(i, k) * run.curvature(k, j),
      ),
    );
    const right = Array.from({ length: n }, (_row, i) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += STEP * through(i, k) * run.curvature(k, j) * run.centre(k, j);
      return sum;
    });
    return solveDense(matrix, right);
  });
}

describe('decentralised gradient descent', () => {
  for (const form of ['cta', 'atc'] as const) {
    it(`${form}: converges to the biased point of its closed form, peer by peer`, async () => {
      const run = await runQuadratic(dgd, { stepSize: STEP, form }, { ...ring, rounds: 900 });
      const limit = biasedLimit(run, form);
      for (let client = 0; client < run.clients; client++)
        expect(
          largestDistance(
            run.result.estimates[client]!,
            Float64Array.from(limit, (row) => row[client]!),
          ),
        ).to.be.lessThan(1e-13);
      expect(largestDistance(run.result.estimates[0]!, run.optimum)).to.be.greaterThan(0.05);
    });

    it(`${form}: moves the mean of the peers by the step times their mean gradient, in every round to 1e-14`, async () => {
      const run = await runQuadratic(
        dgd,
        { stepSize: STEP, form },
        { ...ring, rounds: 10, checkpoints: { everyRounds: 1 } },
      );
      const clients = Array.from({ length: run.clients }, (_, client) => client);
      for (let round = 2; round <= 10; round++)
        for (let j = 0; j < run.dimension; j++) {
          const mean = (of: (client: number) => number) =>
            clients.reduce((sum, client) => sum + of(client) / run.clients, 0);
          const x = (after: number) => (client: number) => run.stateAfter<Peer>(after, client)!.x[j]!;
          const gradient = mean((client) => run.curvature(client, j) * (x(round - 1)(client) - run.centre(client, j)));
          expect(mean(x(round))).to.be.closeTo(mean(x(round - 1)) - STEP * gradient, 1e-14);
        }
    });
  }

  it('gives the weight of a lost message to the peer itself', async () => {
    const lost = localPlacement('losing', 'fast', null, {
      passage: ({ from, to, round }) =>
        from === 2 && to === 3 && round === 1
          ? { delayMs: 0, lost: 'dropped', duplicated: false, heldMs: 0, corruptedBit: null }
          : null,
    });
    const more = { ...ring, rounds: 2, checkpoints: { everyRounds: 1 } };
    const run = await runQuadratic(dgd, { stepSize: STEP }, more, { placement: lost });
    const before = (client: number) => run.stateAfter<Peer>(1, client)!.x;
    const expected = before(3).map(
      (x, j) => (2 / 3) * x + (1 / 3) * before(4)[j]! - STEP * run.curvature(3, j) * (x - run.centre(3, j)),
    );
    expect(largestDistance(run.stateAfter<Peer>(2, 3)!.x, expected)).to.be.lessThan(1e-15);
    expect(largestDistance(before(2), before(3)), 'peers that differ').to.be.greaterThan(0.01);
  });
});
