import type { AnyMethod, ClientIndex, Secrets } from '../protocol/method.js';
import type { Network } from '../protocol/party/dispatch.js';
import { loadCodings } from '../protocol/party/message-coding.js';
import type { PostOfficeOptions } from '../protocol/party/post-office.js';
import { RunSite } from '../protocol/party/run-site.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { ProcessPrivacy } from './privacy.js';
import { TimedObjective } from './timed-objective.js';
import type { Workshop } from './workshop.js';

export interface SiteOptions extends PostOfficeOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly workshop: Workshop;
  readonly network: Network | null;
  readonly secrets: Secrets;
  readonly privacy: ProcessPrivacy;
}

/** A run site whose clients compute on this workshop's model and data. */
export async function openSite(options: SiteOptions): Promise<RunSite> {
  const { scenario, workshop } = options;
  const objectives = new Map<ClientIndex, TimedObjective>();
  const site: RunSite = new RunSite({
    ...options,
    model: workshop.model,
    codings: await loadCodings(scenario.codecs, workshop.model.segments),
    privacy: (party, plan, ledger) => options.privacy.privacy(party, plan, ledger),
    coins: options.privacy.coins,
    objective: (party, round) => {
      const client = party as ClientIndex;
      let objective = objectives.get(client);
      if (!objective) {
        objective = new TimedObjective(workshop.objectiveOf(client), msPerExample(scenario, client), site.office);
        objectives.set(client, objective);
      }
      objective.clock = round;
      return objective;
    },
  });
  return site;
}

/** Of the last entry of `devices` that names the client; 0 where none does. */
function msPerExample(scenario: Scenario, client: ClientIndex): number {
  const device = scenario.devices.findLast(({ clients }) => clients === 'all' || clients.includes(client));
  return device?.msPerExample ?? 0;
}
