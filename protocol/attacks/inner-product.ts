import { positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';
import { allSend, honestMoments } from './parts/honest-moments.js';

/**
 * Inner-product manipulation, IPM (Xie, Koyejo, Gupta, UAI 2019): all attackers send -tau mu. It turns the plain mean round when
 * tau > (n - f) / f, and only then.
 */
function innerProduct({ strength }: { readonly strength: number }): Attack {
  return {
    forge({ honest, own }) {
      const { mean } = honestMoments(honest);
      return allSend(own.length, own[0]!, new Float64Array(mean.length), -strength, mean);
    },
  };
}

export default defineAttack({
  name: 'inner-product',
  summary: 'Xie, Koyejo, Gupta, UAI 2019: -tau mu',
  settings: defineSettings({ strength: positive(2, 'tau; the plain mean turns round above (n - f) / f') }),
  create: innerProduct,
});
