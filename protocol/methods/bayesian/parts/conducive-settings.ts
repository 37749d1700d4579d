import { atLeastZero, count, integer, oneOf, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
/** Settings of conducive gradients; the equation is in conducive.ts. */
export const conduciveSettings = {
  conduciveWeight: atLeastZero(
    1,
    'alpha, the weight of g_s; 0: none, and no surrogates are exchanged. Other weights than 1 leave a part of the drift',
  ),
  surrogate: oneOf(
    ['objective', 'draws'],
    'objective',
    'Exact where the factor is Gaussian and Laplace or Gauss-Newton elsewhere, or moments of local SGLD draws',
  ),
  surrogateForm: oneOf(['full', 'diagonal'], 'full', 'Form of the precision matrix'),
  surrogateError: atLeastZero(
    0,
    'Relative error put on every natural parameter, to study how good a surrogate must be; 0: none',
  ),
  surrogateDraws: count(3000, 'Draws of the local SGLD'),
  surrogateThin: count(1, 'Steps between two of them'),
  surrogateStepSize: positive(1e-4, 'Step size of the local SGLD'),
  surrogateBatchSize: integer(0, 'Examples of a step of the local SGLD; 0: the whole shard', { least: 0 }),
};
const settings = defineSettings(conduciveSettings);
export type ConduciveSettings = SettingsOf<typeof settings>;
