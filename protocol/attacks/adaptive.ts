import { oneOf } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';
import { adaptedStrength } from './parts/adapted-strength.js';
import { allSend, honestMoments } from './parts/honest-moments.js';

/**
 * An attacker that knows the aggregator: mu - tau sigma ('little-is-enough') or -tau mu ('inner-product') with the tau that moves
 * the aggregate farthest from mu (optimal ALIE and IPM as in ByzFL: a line search of 20 tries). Costs 21 aggregations a step.
 */
function adaptive({ along }: { readonly along: 'little-is-enough' | 'inner-product' }): Attack {
  return {
    forge(sight) {
      const { mean, stddev } = honestMoments(sight.honest);
      const { length } = sight.own;
      const forgeWith = (strength: number) =>
        along === 'inner-product'
          ? allSend(length, sight.own[0]!, new Float64Array(mean.length), -strength, mean)
          : allSend(length, sight.own[0]!, mean, -strength, stddev);
      return forgeWith(adaptedStrength(sight, mean, forgeWith));
    },
  };
}

export default defineAttack({
  name: 'adaptive',
  summary: 'ALIE or IPM with the strength that harms the aggregate most',
  settings: defineSettings({
    along: oneOf(['little-is-enough', 'inner-product'], 'little-is-enough', 'Direction of the forged vectors'),
  }),
  create: adaptive,
});
