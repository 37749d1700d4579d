import { expect } from 'chai';
import { loadMethod, methods } from '../../../protocol/method-loader.js';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import { judge } from '../../../protocol/scenario/judge.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { loadExpectations } from '../../../scenarios/run/catalogue.js';
import { runPeers } from '../../support/tiny-run.js';

/**
 * Curvature a at all of 8 peers on a ring of weights 1/3: W has the eigenvalues 1/3 + (2/3) cos(pi k / 4), of which the least is
 * l = -1/3. Every recursion falls apart into one for each eigenvalue, so that its bound is a number.
 */
const CURVATURE = 2;
const LEAST = -1 / 3;

/** Bound of step x a. */
const BOUNDS: Record<string, { readonly bound: number; readonly why: string; readonly ending?: RegExp }> = {
  dgd: { bound: 1 + LEAST, why: 'the roots l - sa: above -1' },
  'gradient-tracking': {
    bound: (1 + LEAST) ** 2 / 2,
    why: 'z^2 - (2l - sa) z + l^2 - sa has its roots within 1 as long as (1 + l)^2 - 2 sa > 0',
  },
  extra: {
    bound: (5 + 3 * LEAST) / 4,
    why: 'z^2 - (1 + l - sa) z + (1 + l)/2 - sa: 1 + (1 + l - sa) + (1 + l)/2 - sa > 0',
  },
  // With w = (1 + l)/2 it is (1 + 3w) / 2w, which falls as w grows: the mean, l = 1, is the first to leave.
  'exact-diffusion': {
    bound: 2,
    why: 'z^2 - w (2 - sa) z + w (1 - sa) with w = 1: 1 + (2 - sa) + (1 - sa) > 0',
    ending: /the run (diverges|is unstable)/,
  },
};

const APART =
  /the run is unstable: the peers drift apart, mostly since the step size is above what the topology allows/;

const expectations = await loadExpectations();

async function ran(name: string, step: number, rounds: number) {
  const { rows } = await runPeers({
    method: { name, stepSize: step / CURVATURE },
    objective: {
      name: 'quadratic',
      dimension: 5,
      matrices: Array.from({ length: 8 }, () => new Array(5).fill(CURVATURE)),
      centreSpread: 2,
    },
    rounds,
    evaluation: { everyRounds: 1 },
  });
  const record = { scenario: {} as never, rows, summary: {}, faultsFired: [], stateDigest: '' };
  const [verdict] = judge([record], [finite()], (family) => expectations.get(family)).expectations;
  return { rows, verdict: verdict! };
}

const PEERS = (await Promise.all(builtInNames(methods).map((name) => loadMethod(name))))
  .filter(({ coordinator, settings }) => !coordinator && 'stepSize' in settings.defaults)
  .map(({ name }) => name);

describe('step sizes at the bound of stability, eight peers on a ring of equal curvature', () => {
  for (const [name, { bound, why, ending = APART }] of Object.entries(BOUNDS)) {
    it(`${name}: 5 % below ${bound.toFixed(4)} it is met (${why})`, async () => {
      const { rows, verdict } = await ran(name, 0.95 * bound, 400);
      expect(verdict.holds).to.equal(true);
      const consensus = rows.map(({ extra }) => extra.consensusError!);
      expect(consensus.at(-1)).to.be.below(2 * Math.max(...consensus.slice(0, 20)));
    });

    it(`${name}: 5 % above it the run is not valid, and says what diverges`, async () => {
      const { verdict } = await ran(name, 1.05 * bound, 400);
      expect(verdict.holds).to.equal(false);
      expect(verdict.detail).to.match(ending);
    });
  }

  it('gradient-tracking 5 % above it: the consensus error grows by the square of the largest root, 1.5 %, a round', async () => {
    const sa = 1.05 * BOUNDS['gradient-tracking']!.bound;
    const [b, c] = [2 * LEAST - sa, LEAST ** 2 - sa];
    const root = Math.max(...[1, -1].map((sign) => Math.abs((b + sign * Math.sqrt(b * b - 4 * c)) / 2)));
    const { rows } = await ran('gradient-tracking', sa, 400);
    const at = (round: number) => rows[round - 1]!.extra.consensusError!;
    const growth = (at(400) / at(300)) ** (1 / 100);
    expect(growth).to.be.closeTo(root ** 2, 1e-6);
    expect(growth).to.be.within(1.01, 1.1);
  });

  for (const name of PEERS)
    it(`${name}: ten times 1 / curvature is beyond every bound, and not valid`, async () => {
      const { verdict } = await ran(name, 10, 200);
      expect(verdict.holds).to.equal(false);
    });
});
