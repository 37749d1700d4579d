import { NamedModules, readSpec } from '../../protocol/settings/named-modules.js';
import type { ObjectiveFamily } from './family.js';
import type { ObjectiveDefinition, ObjectiveRequest } from './request.js';

/** The objectives that are loaded: the default exports of these folders. Those of `log-posterior/` are for samplers. */
// biome-ignore lint/suspicious/noExplicitAny: every objective has its own type of settings.
export const objectives = new NamedModules<ObjectiveDefinition<any>>(
  'objective',
  'an objective',
  ['plain', 'tensorflow', 'log-posterior'].map((folder) => new URL(`./${folder}/`, import.meta.url)),
);

/** Builds the family a scenario names. A compute device is opened only for objectives that need one. Throws ERR_SCENARIO. */
export async function createObjectiveFamily(request: ObjectiveRequest): Promise<ObjectiveFamily> {
  await objectives.loadSpec(request.objective);
  const { family, settings } = readSpec(objectives, request.objective, 'objective');
  return family.create(settings, request);
}
