import type { AnyMethod } from '../../method.js';
import { loadMethod } from '../../method-loader.js';
import type { Scenario } from '../../scenario/scenario.js';
import { edgeServersOf, topologies } from '../../topology/family.js';
import { hasOwnTiers, whyNotTiered } from '../../topology/parts/tier-kinds.js';
import { selectionOf, selections } from './load-selection.js';

/** The method of a run, in its tiers and under the selection of its participation; the same in every process. Throws ERR_SCENARIO. */
export async function loadRunMethod(scenario: Scenario): Promise<AnyMethod> {
  return withSelection(await withTiers(await loadMethod(scenario.method.name), scenario), scenario);
}

/** With edge servers where the topology has some and the method does not handle them itself. Refused before: methods that cannot have any. */
export async function withTiers(method: AnyMethod, { topology, clients }: Scenario): Promise<AnyMethod> {
  if (!topology || hasOwnTiers(method)) return method;
  await topologies.loadSpec(topology);
  if (edgeServersOf(topology, clients).length === 0 || whyNotTiered(method) !== null) return method;
  const { tieredMethod } = await import('../../topology/parts/tiered-method.js');
  return tieredMethod(method);
}

/** 'fixed' and 'poisson' alone change nothing: the host draws their cohorts. */
export async function withSelection(method: AnyMethod, { participation }: Scenario): Promise<AnyMethod> {
  const { sampling, cohort } = participation;
  if (typeof sampling === 'string') return method;
  await selections.loadSpec(sampling);
  const { family, settings } = selectionOf(sampling);
  const { selectedMethod } = await import('./selected-method.js');
  return selectedMethod(method, family, settings, cohort);
}
