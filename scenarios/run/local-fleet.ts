import { spendLimits } from '../../coordinator/run/expected-releases.js';
import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import { openNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { ClientHost } from '../../worker/client-host.js';
import { openPrivacy } from '../../worker/privacy.js';
import type { Problem } from '../../worker/problem.js';
import { systemSecrets } from '../../worker/secrets.js';
import { openSite, type SiteOptions } from '../../worker/site.js';
import type { Fleet } from './fleet.js';
import { localCrew } from './local-crew.js';

/** All parties in this process. */
export async function localFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  placement: Pick<SiteOptions, 'mode' | 'shuffle'> & Partial<Pick<SiteOptions, 'privacy'>> = {
    mode: 'fast',
    shuffle: null,
  },
  network?: ScenarioNetwork,
): Promise<Fleet> {
  const networkModel = network ?? (await openNetwork(scenario, problem.labelShares));
  const budget = new RunBudget(scenario.privacy, spendLimits(scenario, method));
  const site = await openSite({
    ...placement,
    scenario,
    method,
    problem,
    networkModel,
    remote: null,
    secrets: systemSecrets,
    privacy: placement.privacy ?? openPrivacy(scenario, method, (...releases) => budget.admit(...releases)),
  });
  const host = new ClientHost(site, () => problem.family.tensorCount());
  host.hostAll();
  return {
    site,
    crew: localCrew(host, site),
    transport: 'one process',
    privacy: budget,
    scriptedAbsences: networkModel.scriptedAbsences,
    forgotten: networkModel.forgotten,
    faultsFired: networkModel.firings,
    close: async () => {},
  };
}
