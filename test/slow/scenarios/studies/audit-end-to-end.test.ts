import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { Ledger } from '../../../../protocol/privacy/accounting/ledger.js';
import { clippingFactor } from '../../../../protocol/privacy/mechanisms/clipping.js';
import { createPrivacy } from '../../../../protocol/privacy/mechanisms/gaussian-mechanism.js';
import { type NoiseSource, SeededNoise } from '../../../../protocol/privacy/mechanisms/noise-source.js';
import { auditEpsilonLowerBound, auditOutcome } from '../../../../scenarios/studies/parts/one-run-audit.js';

const CANARIES = 100_000;
const GUESSES = 3000;
const ROUNDS = 4;
const RADIUS = 0.5;
const NOISE_MULTIPLIER = 2;
const DELTA = 1e-7;

/** Noise whose draws are all multiplied by `factor`, unknown to the ledger. */
const scaledNoise = (source: NoiseSource, factor: number): NoiseSource => ({
  private: source.private,
  derive: (...path) => scaledNoise(source.derive(...path), factor),
  gaussian: (length, stddev) => source.gaussian(length, factor * stddev),
  discreteGaussian: (length, stddev) => source.discreteGaussian(length, factor * stddev),
  coin: (probability) => source.coin(probability),
  coins: (count, probability) => source.coins(count, probability),
});

/** Full-batch rounds over one-hot canary gradients of norm 100, one coordinate each; what was spent and what was proved lost. */
function audit(noiseFactor: number, clipTo = RADIUS): { readonly spent: number; readonly lost: number } {
  const ledger = new Ledger();
  const root = rootStream(91, 'float64');
  const included = Array.from(root.derive('coins').words(new Uint32Array(CANARIES)), (word) => (word & 1) === 1);
  const sum = Float64Array.from(included, (isIn) => (isIn ? 100 * clippingFactor(100, clipTo) : 0));
  const scores = new Float64Array(CANARIES);
  for (let round = 0; round < ROUNDS; round++) {
    const source = scaledNoise(new SeededNoise(root), noiseFactor);
    const privacy = createPrivacy({ source, ledger, mode: 'float', round, attempt: 0, party: 'coordinator' });
    const part = { value: sum, l2Sensitivity: RADIUS, noiseMultiplier: NOISE_MULTIPLIER };
    const [released] = privacy.gaussian([part], { label: 'gradient', unit: 'example', adjacency: 'add-remove' });
    released!.forEach((x, i) => {
      scores[i]! += x;
    });
  }
  const outcome = auditOutcome(scores, included, GUESSES);
  return { spent: ledger.spend(DELTA).epsilon, lost: auditEpsilonLowerBound(outcome, DELTA) };
}

describe('protocol/privacy: one-run audit of clipping, noise and ledger together (100,000 canaries, 3,000 guesses, seed 91)', () => {
  it('the proved loss stays below what the ledger says was spent, and is not trivial', () => {
    const { spent, lost } = audit(1);
    // Four rounds at z = 2 are one at z = 1, mu = 1.
    expect(spent).to.be.closeTo(5.349, 1e-3);
    expect(lost).to.be.within(1.5, spent);
  });

  it('planted: half of the noise, no noise, or a radius twice the declared sensitivity are found out', () => {
    for (const { spent, lost } of [audit(0.5), audit(0), audit(1, 2 * RADIUS)]) {
      expect(spent).to.be.closeTo(5.349, 1e-3);
      expect(lost).to.be.above(spent);
    }
    // All guesses right: the most that 3,000 of them can prove.
    expect(audit(0).lost).to.be.closeTo(6.88, 0.01);
  });
});
