import { GradswarmError } from '../errors.js';
import { inverseNormalCdf } from '../numerics/normal-distribution.js';
import { positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';
import { allSend, honestMoments } from './parts/honest-moments.js';

/**
 * "A little is enough", ALIE (Baruch, Baruch, Goldberg, NeurIPS 2019): all attackers send mu - tau sigma. `strength` null: tau is
 * z_max = Phi^-1((n - f - s) / (n - f)), s = floor(n / 2) + 1 - f, which may be 0, no attack (n = 10, f = 2).
 */
function littleIsEnough({ strength }: { readonly strength: number | null }): Attack {
  return {
    forge({ honest, own }) {
      const { mean, stddev } = honestMoments(honest);
      const tau = strength ?? largestHidden(honest.length + own.length, own.length);
      return allSend(own.length, own[0]!, mean, -tau, stddev);
    },
  };
}

/** z_max of n vectors of which f are forged. Throws ERR_SCENARIO for a majority of forged ones: nothing bounds what they hide behind. */
export function largestHidden(n: number, f: number): number {
  const supporters = Math.floor(n / 2) + 1 - f;
  if (supporters < 1)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `little-is-enough: expected at most half of ${n} senders as attackers, or a 'strength', got ${f}, whose z_max is infinite`,
    );
  return inverseNormalCdf((n - f - supporters) / (n - f));
}

export default defineAttack({
  name: 'little-is-enough',
  summary: 'Baruch, Baruch, Goldberg, NeurIPS 2019: mu - tau sigma',
  settings: defineSettings({ strength: positive(null, 'tau; null: z_max, the largest that hides among the honest') }),
  create: littleIsEnough,
});
