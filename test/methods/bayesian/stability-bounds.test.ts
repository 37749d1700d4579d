import { expect } from 'chai';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import { judge } from '../../../protocol/scenario/judge.js';
import type { JsonObject } from '../../../protocol/scenario/scenario.js';
import { loadExpectations } from '../../../scenarios/run/catalogue.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

/**
 * One coordinate, two shards of precision 10 and 120, prior of precision 1. A Langevin step multiplies the distance from the mean by
 * 1 - h p / 2, which is below -1 for h above 4 / p. p of the step: of the posterior, or of one shard with its half of the prior.
 */
const POSTERIOR = 131;
const SHARD = 120.5;
const BOUNDS: Record<string, { readonly precision: number; readonly settings?: JsonObject }> = {
  sgld: { precision: POSTERIOR },
  fsgld: { precision: POSTERIOR },
  qlsd: { precision: POSTERIOR },
  'qlsd-star': { precision: POSTERIOR },
  'qlsd-plus-plus': { precision: POSTERIOR },
  'consensus-monte-carlo': { precision: SHARD },
};

const expectations = await loadExpectations();

async function ran(name: string, stepSize: number) {
  const objective = { name: 'gaussian-mean', priorVariance: 1, problem: 'one-dimensional', dataPrecisions: [] };
  const method = { name, stepSize, burnInSteps: 10 };
  const { rows } = await tinyRun(
    tinyScenario(name, { method, objective, clients: 2, precision: 'float64', rounds: 60 }),
  );
  const record = { scenario: {} as never, rows, summary: {}, faultsFired: [], stateDigest: '' };
  const [verdict] = judge([record], [finite()], (family) => expectations.get(family)).expectations;
  return { rows, verdict: verdict! };
}

describe('Langevin steps at the bound of stability, 4 over the precision (60 rounds, seed 11)', () => {
  for (const [name, { precision }] of Object.entries(BOUNDS)) {
    const bound = 4 / precision;
    it(`${name}: a tenth below ${bound.toFixed(4)} it is valid, a tenth above and at four times it diverges`, async () => {
      expect((await ran(name, 0.9 * bound)).verdict.holds).to.equal(true);
      for (const factor of [1.1, 4]) {
        const { verdict } = await ran(name, factor * bound);
        expect(verdict.holds, `${factor}`).to.equal(false);
        expect(verdict.detail, `${factor}`).to.match(/the run diverges|is Infinity/);
      }
    });
  }

  it('consensus-monte-carlo: localVariance is that of the widest shard, 1 / (p (1 - h p / 4)) with p = 10.5, by a factor of 0.75 to 1.5 over 60 rounds', async () => {
    const stepSize = 0.01;
    const { rows } = await ran('consensus-monte-carlo', stepSize);
    const mean = rows.reduce((sum, { extra }) => sum + extra.localVariance!, 0) / rows.length;
    const exact = 1 / (10.5 * (1 - (stepSize * 10.5) / 4));
    // Runs of 100 draws of correlation time 37 have too small a variance each, the largest of all chains has too large a one.
    expect(mean / exact).to.be.within(0.75, 1.5);
  });
});
