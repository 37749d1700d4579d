import type { Crew } from '../../protocol/party/crew.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { ClientHost } from '../../worker/client-host.js';

/** All clients in this process. */
export function localCrew(host: ClientHost, site: RunSite): Crew {
  return {
    begin: (plan) => host.begin(plan),
    startTask: (plan) => host.task(plan),
    abort: (plan) => host.stop(plan, null),
    // In one process no client is late in real time: all have returned.
    conclude: () => {},
    settle: (settlement, cohort) => host.settle(settlement, cohort),
    estimates: async () => host.estimates(),
    records: async (clients) => host.records(clients),
    restore: async (records) => host.restore(records),
    waits: async () => site.office.waits(),
    close: async () => {},
  };
}
