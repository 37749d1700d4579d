import { selectionOf } from '../selection/parts/load-selection.js';
import type { Problems } from '../settings/problems.js';
import type { Found } from './codec-checks.js';
import type { Scenario } from './scenario.js';

/** Does the selection fit the number of clients, the method and what else looks at its messages? */
export function checkSelection(
  { participation, method, aggregators, clients }: Scenario,
  { method: found }: Found,
  problems: Problems,
): void {
  const { cohort, sampling } = participation;
  const { family, settings } = selectionOf(sampling);
  if (cohort !== 'all' && !Number.isInteger(cohort) && !family.anyRate)
    problems.add('participation.cohort', `an integer of at least 1 or 'all' with '${family.name}'`, cohort);
  if (found.cohort) {
    if (cohort !== 'all' && cohort < clients)
      problems.add('participation.cohort', `'all' with '${method.name}', which chooses its cohorts itself`, cohort);
    if (sampling === 'poisson')
      problems.add(
        'participation.sampling',
        `'fixed' with '${method.name}', which chooses its cohorts itself`,
        sampling,
      );
  }
  if (typeof sampling === 'string') return;
  const numbers = { clientCount: clients, cohort: cohort === 'all' ? clients : cohort };
  const misfit = family.misfit?.(settings as never, numbers);
  if (misfit) problems.add(`participation.sampling.${misfit.at}`, misfit.expected, sampling[misfit.at]);
  const refuse = (expected: string): void => problems.add('participation.sampling', expected, sampling);
  if (!found.coordinator) return refuse(`'fixed' with '${method.name}', which has no coordinator that selects`);
  if (found.cohort) return refuse(`'fixed' with '${method.name}', which chooses its cohorts itself`);
  if (found.isPrivate)
    return refuse(
      `'fixed' or 'poisson' with '${method.name}': what others choose by, and by what they weigh, is not in the ledger`,
    );
  const kinds = Object.values(found.messages).filter(({ from }) => from === 'clients');
  if (family.reports === 'norm' && kinds.length !== 1)
    refuse(`a method whose clients send one kind of messages, not ${kinds.length} as with '${method.name}'`);
  if (!family.weighs?.(settings as never)) return;
  if (!found.weighsBy)
    refuse(
      `a method that takes the mean of what clients send and nothing else, which '${method.name}' does not declare (weighsBy)`,
    );
  if (Object.keys(aggregators ?? {}).length > 0)
    problems.add('aggregators', `{} with '${family.name}', which gives the messages weights`, aggregators);
}
