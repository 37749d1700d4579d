import { GradswarmError } from '../../protocol/errors.js';
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

/**
 * Builds the family a scenario names. A compute device is opened only for objectives that need one. Throws ERR_SCENARIO, and
 * ERR_DEVICE for a device that is named and that the objective does not compute on.
 */
export async function createObjectiveFamily(request: ObjectiveRequest): Promise<ObjectiveFamily> {
  await objectives.loadSpec(request.objective);
  const { family: definition, settings } = readSpec(objectives, request.objective, 'objective');
  const family = await definition.create(settings, request);
  if (request.device !== undefined && family.device === undefined)
    throw new GradswarmError(
      'ERR_DEVICE',
      `device: expected none or 'auto' with objective '${request.objective.name}', which has no device but its plain loops, got '${request.device}'`,
    );
  return family;
}
