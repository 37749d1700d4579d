import type { PartyId, Privacy } from '../protocol/method.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import { GradswarmError } from '../protocol/wire/error-codes.js';

/** What gives each party of a process its privacy noise. */
export function openPrivacy(_scenario: Scenario): (party: PartyId, attempt: number, ledger: unknown[]) => Privacy {
  return () => ({
    gaussian: () => {
      throw new GradswarmError('ERR_PRIVACY', 'this build has no noise source');
    },
  });
}
