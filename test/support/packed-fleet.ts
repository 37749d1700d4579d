import { spendLimits } from '../../coordinator/run/expected-releases.js';
import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import { GradswarmError } from '../../protocol/errors.js';
import { openNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ClientIndex, PartyId } from '../../protocol/method.js';
import type { Crew, CrewReport } from '../../protocol/party/crew.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import type { Remote } from '../../protocol/party/post-office.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { ClientHost } from '../../worker/client-host.js';
import { openPrivacy, type ProcessPrivacy } from '../../worker/privacy.js';
import type { Problem } from '../../worker/problem.js';
import { systemSecrets } from '../../worker/secrets.js';
import { openSite, type SiteOptions } from '../../worker/site.js';

/** The coordinator and each group of clients at a site of its own, joined without sockets. */
export async function packedFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  groups: readonly (readonly ClientIndex[])[],
  { privacy, ...office }: Pick<SiteOptions, 'mode' | 'shuffle'> & { readonly privacy: ProcessPrivacy | undefined },
): Promise<Fleet> {
  const sites: RunSite[] = [];
  const networks: ScenarioNetwork[] = [];
  const budget = new RunBudget(scenario.privacy, spendLimits(scenario, method));
  const open = async (): Promise<RunSite> => {
    const networkModel = await openNetwork(scenario);
    networks.push(networkModel);
    const site = await openSite({
      scenario,
      method,
      problem,
      networkModel,
      secrets: systemSecrets,
      privacy: privacy ?? openPrivacy(scenario, method, (...releases) => budget.admit(...releases)),
      remote: passingOn(sites),
      ...office,
    });
    sites.push(site);
    return site;
  };
  const coordinator = await open();
  coordinator.register('coordinator');
  const hosts: ClientHost[] = [];
  for (const clients of groups) {
    const host = new ClientHost(await open(), () => 0);
    host.host(clients);
    hosts.push(host);
  }
  return {
    site: coordinator,
    crew: crewOf(hosts, sites),
    transport: 'sites of one process',
    privacy: budget,
    scriptedAbsences: networks[0]!.scriptedAbsences,
    forgotten: networks[0]!.forgotten,
    faultsFired: () => scenario.faults.map((_, i) => networks.reduce((sum, network) => sum + network.firings()[i]!, 0)),
    close: async () => {},
  };
}

/** What one site sends away arrives in the next turn at the site that houses the receiver. */
function passingOn(sites: readonly RunSite[]): Remote {
  const siteOf = (party: PartyId): RunSite => sites.find(({ office }) => office.isLocal(party))!;
  return {
    send: (frame) => setImmediate(() => siteOf(frame.to).office.receive(frame)),
    seal: (seal, to) =>
      setImmediate(() => {
        for (const party of to) siteOf(party).office.receiveSeal(seal, [party]);
      }),
    room: () => null,
  };
}

function crewOf(hosts: readonly ClientHost[], sites: readonly RunSite[]): Crew {
  const merged = <K extends ClientIndex, V>(maps: readonly ReadonlyMap<K, V>[]): Map<K, V> =>
    new Map(maps.flatMap((map) => [...map]).sort(([a], [b]) => a - b));
  return {
    async begin(plan): Promise<CrewReport> {
      const reports = await Promise.all(hosts.map((host) => host.begin(plan)));
      const bytes = noBytes();
      for (const report of reports) addBytes(bytes, report.bytes);
      return {
        parties: reports.flatMap(({ parties }) => parties).sort((a, b) => Number(a.party) - Number(b.party)),
        absences: reports.flatMap(({ absences }) => absences),
        bytes,
        tensorCounts: reports.flatMap(({ tensorCounts }) => tensorCounts),
      };
    },
    startTask: () => Promise.reject(new Error('only rounds are run here')),
    abort(plan) {
      for (const { office } of sites) office.revokeAll(plan, new GradswarmError('ERR_STOPPED', 'attempt aborted'));
    },
    conclude() {},
    settle(settlement, cohort) {
      for (const host of hosts) host.settle(settlement, cohort);
    },
    estimates: async () => merged(hosts.map((host) => host.estimates())),
    records: async (clients) => merged(hosts.map((host) => host.records(clients))),
    async restore(records) {
      for (const host of hosts) host.restore(records);
    },
    waits: async () => sites.flatMap(({ office }) => office.waits()),
    close: async () => {},
  };
}
