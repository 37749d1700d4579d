import { zerosLike } from '../numerics/vector.js';
import { atLeastZero, oneOf } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';
import { honestMoments } from './parts/honest-moments.js';

interface GaussianAttackSettings {
  readonly stddev: number;
  /** 'honest': around mu; 'zero': around 0. */
  readonly around: 'honest' | 'zero';
}

/** Every attacker sends N(mu or 0, stddev^2) in each coordinate, drawn for each attacker by itself. */
function gaussian({ stddev, around }: GaussianAttackSettings): Attack {
  return {
    forge({ honest, own, rng }) {
      const { mean } = honestMoments(honest);
      return own.map((vector, i) => {
        const forged = zerosLike(vector);
        const noise = rng.derive('attacker', i).normal(forged.length);
        for (let j = 0; j < forged.length; j++) forged[j] = (around === 'honest' ? mean[j]! : 0) + stddev * noise[j]!;
        return forged;
      });
    },
  };
}

export default defineAttack({
  name: 'gaussian',
  summary: 'N(mu or 0, stddev^2) in every coordinate',
  settings: defineSettings({
    stddev: atLeastZero(10, 'Standard deviation of every coordinate'),
    around: oneOf(['honest', 'zero'], 'honest', 'Around the honest mean or around 0'),
  }),
  create: gaussian,
});
