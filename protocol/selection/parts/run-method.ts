import type { AnyMethod } from '../../method.js';
import { loadMethod } from '../../method-loader.js';
import type { Scenario } from '../../scenario/scenario.js';
import { selectionOf, selections } from './load-selection.js';
import { selectedMethod } from './selected-method.js';

/** The method of a run, under the selection of its participation; the same in every process. Throws ERR_SCENARIO. */
export async function loadRunMethod(scenario: Scenario): Promise<AnyMethod> {
  return withSelection(await loadMethod(scenario.method.name), scenario);
}

/** 'fixed' and 'poisson' alone change nothing: the host draws their cohorts. */
export async function withSelection(method: AnyMethod, { participation }: Scenario): Promise<AnyMethod> {
  const { sampling, cohort } = participation;
  if (typeof sampling === 'string') return method;
  await selections.loadSpec(sampling);
  const { family, settings } = selectionOf(sampling);
  return selectedMethod(method, family, settings, cohort);
}
