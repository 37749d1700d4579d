import type { Rng } from '../../method.js';
import type { FaultRule } from '../../scenario/scenario.js';
import type { ActingRule, LabelShares } from './acting-rule.js';
import { ruleOf } from './load-fault.js';

/** An active rule, its position in the scenario, and the name of its streams. */
export interface PlacedRule {
  readonly rule: ActingRule;
  /** Index in `scenario.faults`. */
  readonly index: number;
  /** The fault and the number of rules of the same fault before it: adding or removing a rule of another fault changes no draw. */
  readonly purpose: string;
}

/** Throws ERR_SCENARIO for a fault that is not loaded. */
export function placeRules(
  faults: readonly FaultRule[],
  streams: Rng,
  labelShares?: LabelShares,
): readonly PlacedRule[] {
  const seen = new Map<string, number>();
  return faults.map((given, index) => {
    const before = seen.get(given.fault) ?? 0;
    seen.set(given.fault, before + 1);
    const purpose = `${given.fault} ${before}`;
    const rule = ruleOf(given, `faults.${index}`, {
      streams: streams.derive('fault', purpose),
      ...(labelShares && { labelShares }),
    });
    return { rule, index, purpose };
  });
}
