import type { FaultRule } from '../../scenario/scenario.js';
import { NamedModules } from '../../settings/named-modules.js';
import type { FaultFamily } from '../fault.js';
import type { ActingRule, RuleSurroundings } from './acting-rule.js';

/** The faults that are loaded: the default exports of the folder. */
export const faults = new NamedModules<FaultFamily>('fault', 'a fault', [new URL('../', import.meta.url)]);

/** Imports the faults of these rules and the attacks that they name. Unknown names are left to `ruleOf`. */
export async function loadFaults(rules: readonly FaultRule[]): Promise<void> {
  for (const { fault, ...settings } of rules) await faults.loadSpec({ ...settings, name: fault });
}

/** The acting rule of a fault that was loaded before. Throws ERR_SCENARIO. */
export function ruleOf({ fault, ...given }: FaultRule, path: string, surroundings: RuleSurroundings): ActingRule {
  const family = faults.get(fault, `${path}.fault`);
  return family.create(family.settings.parse(path, given), surroundings);
}
