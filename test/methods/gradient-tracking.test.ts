import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import gradientTracking from '../../protocol/methods/gradient-tracking.js';
import { runQuadratic } from '../support/quadratic-runs.js';

interface Peer {
  readonly x: Vector;
  readonly y: Vector;
  readonly gradient: Vector;
}

for (const form of ['cta', 'atc'] as const)
  describe(`gradient tracking, ${form}`, () => {
    it('keeps mean y = mean gradient after every round to 1e-14, and the gradients are those at x', async () => {
      const run = await runQuadratic(
        gradientTracking,
        { form },
        { topology: 'ring', rounds: 12, checkpoints: { everyRounds: 1 } },
      );
      for (let round = 1; round <= 12; round++)
        for (let j = 0; j < run.dimension; j++) {
          let difference = 0;
          let size = 0;
          for (let client = 0; client < run.clients; client++) {
            const { y, gradient } = run.stateAfter<Peer>(round, client)!;
            difference += (y[j]! - gradient[j]!) / run.clients;
            size += Math.abs(gradient[j]!);
            // cta keeps the gradient at the new x; atc that at the x it came from.
            const at = run.stateAfter<Peer>(form === 'cta' ? round : Math.max(1, round - 1), client)!.x[j]!;
            if (form === 'cta' || round > 1)
              expect(gradient[j]!).to.be.closeTo(run.curvature(client, j) * (at - run.centre(client, j)), 1e-13);
          }
          expect(Math.abs(difference)).to.be.lessThan(1e-14);
          expect(size).to.be.greaterThan(0.1);
        }
    });

    it('converges linearly to the exact optimum on clients that differ: excess loss and spread below 1e-28', async () => {
      const run = await runQuadratic(
        gradientTracking,
        { form, stepSize: 0.1 },
        { topology: 'ring', rounds: 700, evaluation: { everyRounds: 1 } },
      );
      const decades = (from: number, to: number) => Math.log10(run.losses[from - 1]! / run.losses[to - 1]!);
      const [early, later] = [decades(100, 200), decades(200, 300)];
      expect(early).to.be.greaterThan(2);
      expect(later / early).to.be.within(0.8, 1.25);
      expect(run.losses.at(-1)!).to.be.lessThan(1e-28);
      for (const estimate of run.result.estimates)
        for (let j = 0; j < run.dimension; j++) expect(estimate[j]!).to.be.closeTo(run.optimum[j]!, 1e-13);
    });
  });
