import { scale } from '../numerics/vector.js';
import { positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';

/**
 * Every attacker sends its own vector times -scale. With the plain mean and scale 1 this shortens the step to 1 - 2 f / n of it and
 * does not break it; that takes scale > (n - f) / f.
 */
function signFlip(settings: { readonly scale: number }): Attack {
  return { forge: ({ own }) => own.map((vector) => scale(-settings.scale, vector)) };
}

export default defineAttack({
  name: 'sign-flip',
  summary: 'Its own vector, negated',
  ownAlone: true,
  settings: defineSettings({ scale: positive(1, 'Factor on the negated vector') }),
  create: signFlip,
});
