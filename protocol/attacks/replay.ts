import { copy } from '../numerics/vector.js';
import { defineSettings } from '../settings/settings.js';
import { type Attack, defineAttack } from './attack.js';

/** Every attacker sends again what it would have sent in the round before; in its first round, what it has. */
function replay(): Attack {
  return { forge: ({ own, previous }) => own.map((vector, i) => copy(previous[i] ?? vector)) };
}

export default defineAttack({
  name: 'replay',
  summary: 'What the attacker would have sent in the round before',
  remembers: true,
  ownAlone: true,
  settings: defineSettings({}),
  create: replay,
});
