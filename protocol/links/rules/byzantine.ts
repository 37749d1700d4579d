import type { Attack } from '../../attacks/attack.js';
import { type AttackSpec, attackOf } from '../../attacks/parts/load-attack.js';
import { actsIn, selectsClient } from '../frame-filter.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'byzantine' }>;

/**
 * Clients lie: what they send of a kind with vectors is replaced by what the attack forges from the vectors of all honest senders
 * of the same inbox. It happens where the messages are taken, after decoding, and is the same in every placement.
 */
export const byzantine: RuleMaker<Settings> = (settings) => {
  const selects = selectsClient(settings.clients);
  const { kind } = settings;
  // Made on first use: the site that runs the parties imports the attack before its first round.
  let made: { readonly attack: Attack; readonly remembers: boolean } | undefined;
  const forging = () => (made ??= attackOf(settings.attack as AttackSpec, 'attack'));
  return {
    forges: {
      attack: { forge: (sight) => forging().attack.forge(sight) },
      get remembers() {
        return forging().remembers;
      },
      concerns: (name, round) => actsIn(settings, round) && (kind === null || kind === name),
      isByzantine: (sender) => sender !== 'coordinator' && selects(sender),
    },
  };
};
