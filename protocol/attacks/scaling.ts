import { scale } from '../numerics/vector.js';
import { number } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';

/** Every attacker sends its own vector times `factor`. */
function scaling({ factor }: { readonly factor: number }): Attack {
  return { forge: ({ own }) => own.map((vector) => scale(factor, vector)) };
}

export default defineAttack({
  name: 'scaling',
  summary: 'Its own vector times a factor',
  ownAlone: true,
  settings: defineSettings({ factor: number(100, 'Factor on the vector') }),
  create: scaling,
});
