import { RunBudget } from '../coordinator/privacy-budget.js';
import type { RunEvent } from '../coordinator/run-directory/events.js';
import { createNetwork, type ScenarioNetwork } from '../protocol/links/network.js';
import type { AnyMethod, ClientIndex } from '../protocol/method.js';
import type { Crew } from '../protocol/party/crew.js';
import type { RunSite } from '../protocol/party/run-site.js';
import type { RoundPlan } from '../protocol/party/seal.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import { ClientHost } from '../worker/client-host.js';
import { openPrivacy } from '../worker/privacy.js';
import { systemSecrets } from '../worker/secrets.js';
import { openSite, type SiteOptions } from '../worker/site.js';
import type { Workshop } from '../worker/workshop.js';
import { localCrew } from './local-crew.js';
import type { RunOptions } from './run.js';

/** Where the parties of a run live, and how the coordinator reaches them. */
export interface Fleet {
  readonly site: RunSite;
  readonly crew: Crew;
  /** In words, for the manifest and the report. */
  readonly transport: string;
  readonly privacy: RunBudget;
  scriptedAbsences(round: number, cohort: readonly ClientIndex[]): RoundPlan['absent'];
  /** Clients that begin the round with a new record. */
  forgotten(round: number): readonly ClientIndex[];
  /** How often each rule of `scenario.faults` acted. */
  faultsFired(): readonly number[];
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly listen: RunOptions['listen'];
  readonly signal: AbortSignal;
  note(text: string): void;
  event(event: RunEvent): void;
}

/** Everything in this process, worker processes started here, or workers that join from elsewhere. */
export async function openFleet(
  scenario: Scenario,
  method: AnyMethod,
  workshop: Workshop,
  options: FleetOptions,
): Promise<Fleet> {
  if (scenario.workers.count === 0 && !options.listen) return localFleet(scenario, method, workshop);
  const { remoteFleet } = await import('./remote-fleet.js');
  return remoteFleet(scenario, method, workshop, options);
}

export async function localFleet(
  scenario: Scenario,
  method: AnyMethod,
  workshop: Workshop,
  placement: Pick<SiteOptions, 'mode' | 'shuffle'> & Partial<Pick<SiteOptions, 'privacy'>> = {
    mode: 'fast',
    shuffle: null,
  },
  weather: ScenarioNetwork = createNetwork(scenario),
): Promise<Fleet> {
  const budget = new RunBudget(scenario.privacy);
  const site = await openSite({
    ...placement,
    scenario,
    method,
    workshop,
    weather,
    remote: null,
    secrets: systemSecrets,
    privacy: placement.privacy ?? openPrivacy(scenario, method, (...releases) => budget.admit(...releases)),
  });
  const host = new ClientHost(site, () => workshop.family.tensorCount());
  host.host(Array.from({ length: scenario.clients }, (_, client) => client));
  return {
    site,
    crew: localCrew(host, site),
    transport: 'one process',
    privacy: budget,
    scriptedAbsences: weather.scriptedAbsences,
    forgotten: weather.forgotten,
    faultsFired: weather.firings,
    close: async () => {},
  };
}
