import { GradswarmError } from '../errors.js';
import type { Rng } from '../method.js';
import type { FaultRule } from '../scenario/scenario.js';
import type { ActingRule, BuiltInFaultRule, RuleMaker } from './rule.js';
import { availability } from './rules/availability.js';
import { broadcastNoise } from './rules/broadcast-noise.js';
import { burstLoss } from './rules/burst-loss.js';
import { byzantine } from './rules/byzantine.js';
import { channelNoise } from './rules/channel-noise.js';
import { corrupt } from './rules/corrupt.js';
import { crash } from './rules/crash.js';
import { delay } from './rules/delay.js';
import { drop } from './rules/drop.js';
import { duplicate } from './rules/duplicate.js';
import { partition } from './rules/partition.js';
import { probabilisticQuantiser } from './rules/probabilistic-quantiser.js';
import { scale } from './rules/scale.js';
import { slow } from './rules/slow.js';
import { symmetricDrop } from './rules/symmetric-drop.js';

type Makers = { readonly [F in BuiltInFaultRule['fault']]: RuleMaker<Extract<BuiltInFaultRule, { fault: F }>> };

/** Every fault of `fault-rules.ts`, by name; the type makes the table complete. */
const MAKERS: Makers = {
  availability,
  'broadcast-noise': broadcastNoise,
  'burst-loss': burstLoss,
  byzantine,
  'channel-noise': channelNoise,
  corrupt,
  crash,
  delay,
  drop,
  duplicate,
  partition,
  'probabilistic-quantiser': probabilisticQuantiser,
  scale,
  slow,
  'symmetric-drop': symmetricDrop,
};

/** An active rule, its position in the scenario, and the name of its streams. */
export interface PlacedRule {
  readonly rule: ActingRule;
  /** Index in `scenario.faults`. */
  readonly index: number;
  /** The fault and the number of rules of the same fault before it: adding or removing a rule of another fault changes no draw. */
  readonly purpose: string;
}

/** `others`: makers of faults that are not built in, by name. */
export function placeRules(
  faults: readonly FaultRule[],
  streams: Rng,
  others: Readonly<Record<string, RuleMaker>> = {},
): readonly PlacedRule[] {
  const seen = new Map<string, number>();
  return faults.map((settings, index) => {
    const { fault } = settings;
    const before = seen.get(fault) ?? 0;
    seen.set(fault, before + 1);
    const table: Readonly<Record<string, RuleMaker>> = { ...others, ...(MAKERS as object) };
    const make = Object.hasOwn(table, fault) ? table[fault] : undefined;
    if (!make)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `faults.${index}: expected one of ${Object.keys(table).sort().join(', ')}, got '${fault}'`,
      );
    const purpose = `${fault} ${before}`;
    return { rule: make(settings, { streams: streams.derive('fault', purpose) }), index, purpose };
  });
}
