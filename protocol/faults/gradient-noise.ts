import { actsIn, selectsClient } from '../links/frame-filter.js';
import { standardNormal, studentT, symmetricStable } from '../numerics/distributions.js';
import { squaredNorm } from '../numerics/vector.js';
import { clients } from '../scenario/selectors.js';
import { atLeastZero, number, oneOf } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients('all'),
  distribution: oneOf(
    ['gaussian', 'student-t', 'alpha-stable'],
    'gaussian',
    'Shape of the noise, symmetric around 0 and independent in each number',
  ),
  scale: atLeastZero(
    required,
    "Factor on the standard draw: a standard normal, Student's t, or a stable one of E exp(i t X) = exp(-|t|^tailIndex)",
  ),
  relativeScale: atLeastZero(
    0,
    'Affine variance: the square of the factor grows by relativeScale^2 |gradient|^2 / length',
  ),
  tailIndex: number(
    1.5,
    "Degrees of freedom of Student's t, alpha of the stable law: moments of this order and above are infinite (2 of the stable law is normal). Not used by 'gaussian'",
    { above: 1, most: 1_000 },
  ),
}).and(({ distribution, tailIndex }) =>
  distribution === 'alpha-stable' && tailIndex > 2
    ? { at: 'tailIndex', expected: "at most 2 with 'alpha-stable'" }
    : null,
);
type Settings = SettingsOf<typeof settings>;

/** These clients compute noisy gradients: `gradientNoise({ distribution: 'student-t', scale: 0.5 })`. */
export function gradientNoise(given: Given<Settings, 'scale'>): Fault {
  return faultOf({ ...given, fault: 'gradient-noise' });
}

/**
 * A noisy oracle: one draw a number on each gradient that a client computes, of a batch or of one example, whatever the batch's
 * size. Losses stay as they are. Of mean 0, and for a tailIndex of 2 or less of infinite variance, but for the stable law of 2: a normal one of variance 2.
 */
export default defineFault({
  name: 'gradient-noise',
  summary:
    "Noise on every gradient that clients compute, also of infinite variance, or growing with the gradient's norm",
  settings,
  create(rule) {
    const { distribution, scale, relativeScale, tailIndex } = rule;
    const selects = selectsClient(rule.clients);
    return {
      perturbs: {
        concerns: (client, round) => actsIn(rule, round) && selects(client),
        perturb(gradient, own) {
          const { length } = gradient;
          const relative = relativeScale === 0 ? 0 : (relativeScale * relativeScale * squaredNorm(gradient)) / length;
          const factor = Math.sqrt(scale * scale + relative);
          if (distribution === 'gaussian')
            for (let i = 0; i < length; i++) gradient[i] = gradient[i]! + factor * standardNormal(own);
          else if (distribution === 'student-t')
            for (let i = 0; i < length; i++) gradient[i] = gradient[i]! + factor * studentT(own, tailIndex);
          else for (let i = 0; i < length; i++) gradient[i] = gradient[i]! + factor * symmetricStable(own, tailIndex);
        },
      },
    };
  },
});
