import { randomFillSync } from 'node:crypto';
import type { AnyMethod, PartyId, Privacy } from '../protocol/method.js';
import { rootStream } from '../protocol/numerics/random.js';
import type { LedgerEntry } from '../protocol/privacy/accounting/ledger-entry.js';
import { createPrivacy } from '../protocol/privacy/mechanisms/gaussian-mechanism.js';
import { type NoiseSource, SeededNoise } from '../protocol/privacy/mechanisms/noise-source.js';
import type { SamplingCoins } from '../protocol/privacy/mechanisms/private-coins.js';
import { SecureNoise } from '../protocol/privacy/mechanisms/secure-noise.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { RoundPlan } from '../protocol/wire/seal.js';

/** The noise and the sampling coins of all parties of one process. */
export interface ProcessPrivacy {
  privacy(party: PartyId, plan: RoundPlan, ledger: LedgerEntry[]): Privacy;
  /** Poisson cohorts and batches draw from here; null: from the run's keyed streams. */
  readonly coins: SamplingCoins | null;
}

/**
 * By the scenario's `privacy`. 'seeded': a function of (seed, party, round, attempt, call), so that runs repeat, and not
 * private. 'secure': noise and Poisson coins from the operating system; no two runs have the same bits then, by design, and
 * a replay cannot have them either.
 *
 * `admit` sees a party's releases of the attempt, the one about to be made included, and throws to prevent it.
 */
export function openPrivacy(
  scenario: Scenario,
  method: AnyMethod,
  admit?: (party: PartyId, releases: readonly LedgerEntry[], attempt: number) => void,
): ProcessPrivacy {
  const secure = scenario.privacy.noise === 'secure';
  const source: NoiseSource = secure
    ? new SecureNoise(randomFillSync)
    : new SeededNoise(rootStream(scenario.seed, 'float64').derive('noise'));
  const poissonCohort = scenario.participation.sampling === 'poisson' && method.cohort === undefined;
  return {
    coins: secure ? source : null,
    privacy(party, plan, ledger) {
      return createPrivacy({
        source,
        mode: scenario.privacy.form,
        round: plan.index,
        attempt: plan.attempt,
        party,
        // A cohort of fixed size is not a sample of independent coins, and the accounting of one would be wrong.
        defaultSampling: poissonCohort ? plan.inclusion : 1,
        ledger: {
          append(entry) {
            admit?.(party, [...ledger, entry], plan.attempt);
            ledger.push(entry);
          },
        },
      });
    },
  };
}
