import { copy } from '../numerics/vector.js';
import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';

/**
 * Mimic (Karimireddy, He, Jaggi, ICLR 2022): all attackers send what one honest client sent, the `victim`-th in sender order, so
 * that its data count f + 1 times. Harmless where shards are alike.
 */
function mimic({ victim }: { readonly victim: number }): Attack {
  return { forge: ({ honest, own }) => own.map(() => copy(honest[Math.min(victim, honest.length - 1)]!)) };
}

export default defineAttack({
  name: 'mimic',
  summary: 'Karimireddy, He, Jaggi, ICLR 2022: the vector of one honest client',
  settings: defineSettings({ victim: integer(0, 'Place of the copied client among the honest senders', { least: 0 }) }),
  create: mimic,
});
