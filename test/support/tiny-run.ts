import { spendLimits } from '../../coordinator/run/expected-releases.js';
import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { GradswarmError } from '../../protocol/errors.js';
import { openNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ClientIndex, PartyId } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { Crew, CrewReport } from '../../protocol/party/crew.js';
import type { DeliveryEntry } from '../../protocol/party/delivery-log.js';
import { addBytes, noBytes } from '../../protocol/party/dispatch.js';
import type { PostOfficeOptions, Remote } from '../../protocol/party/post-office.js';
import { decodeRecord, type PartyRecord } from '../../protocol/party/record.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import { encodeState } from '../../protocol/party/state-codec.js';
import type { KindCodec, Scenario } from '../../protocol/scenario/scenario.js';
import type { Placement } from '../../scenarios/check/parts/placements.js';
import { runTiny, type Snapshot } from '../../scenarios/check/parts/tiny-run.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { localFleet } from '../../scenarios/run/local-fleet.js';
import { ClientHost } from '../../worker/client-host.js';
import { openPrivacy, type ProcessPrivacy } from '../../worker/privacy.js';
import type { Problem } from '../../worker/problem.js';
import { systemSecrets } from '../../worker/secrets.js';
import { openSite, type SiteOptions } from '../../worker/site.js';

/** Whole runs without a directory and without sockets, on a problem of a few numbers. */

/** A quadratic with a minimum that is not 0, no data, no links, no faults: every number of a run is its own. */
export function tinyScenario(method: string, changes: Partial<Scenario> = {}): Scenario {
  return {
    name: 'tiny',
    description: '',
    method: { name: method },
    objective: { name: 'quadratic', dimension: 6 },
    data: { name: 'none', partition: { name: 'iid' } },
    clients: 4,
    rounds: 5,
    seed: 11,
    precision: 'float32',
    participation: { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: null },
    topology: null,
    codecs: {},
    clock: 'virtual',
    devices: [],
    links: [],
    faults: [],
    evaluation: { everyRounds: 1, train: false },
    checkpoints: { everyRounds: null, share: 0.05 },
    workers: {
      count: 0,
      onLoss: 'fail',
      allowAbsent: false,
      computeMs: 1000,
      joinTimeoutMs: 1000,
      heartbeatMs: 1000,
      peerDownMs: 3000,
      stallMs: 1000,
    },
    privacy: { noise: 'seeded', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' },
    device: 'auto',
    expect: [],
    claims: [],
    expectedSeconds: null,
    ...changes,
  };
}

/** A codec without memory for every kind named. */
export function codecsFor(kinds: readonly string[], codec: KindCodec['codec']): Scenario['codecs'] {
  return Object.fromEntries(kinds.map((kind) => [kind, { codec, memory: null, scope: 'vector' as const }]));
}

export interface TinyRunOptions {
  /** Clients of each process; left out: all in the coordinator's own. */
  readonly hosts?: readonly (readonly ClientIndex[])[];
  readonly mode?: PostOfficeOptions['mode'];
  readonly shuffle?: PostOfficeOptions['shuffle'];
  /** Instead of the method that the scenario names. */
  readonly method?: AnyMethod;
  /** Left out: as in the scenario. */
  readonly privacy?: ProcessPrivacy;
  /** Continues from a checkpoint of another run. */
  readonly from?: Snapshot;
}

export interface TinyRun {
  readonly result: RunResult;
  readonly rows: readonly MetricsRow[];
  readonly entries: readonly DeliveryEntry[];
  /** How often each fault rule acted, in all processes together. */
  readonly firings: readonly number[];
  readonly records: ReadonlyMap<PartyId, PartyRecord>;
  /** Each party's state as canonical bytes in hexadecimal, without clocks and memories. */
  readonly states: ReadonlyMap<PartyId, string>;
  /** At every interval of `scenario.checkpoints`, with the records of all parties so far. */
  readonly checkpoints: readonly Snapshot[];
}

/** Runs all rounds. The method's defaults stand for whatever `scenario.method` leaves out. */
export async function tinyRun(given: Scenario, options: TinyRunOptions = {}): Promise<TinyRun> {
  const method = options.method ?? (await loadMethod(given.method.name));
  const scenario: Scenario = { ...given, method: { ...method.settings.defaults, ...given.method } };
  const { mode = 'fast', shuffle = null, privacy, hosts, from } = options;
  const placement: Placement = {
    name: 'of a test',
    inProcess: true,
    open: (...run) =>
      hosts
        ? packedFleet(...run, hosts, { mode, shuffle, privacy })
        : localFleet(...run, { mode, shuffle, ...(privacy && { privacy }) }),
  };
  const run = await runTiny(scenario, method, { placement, ...(from && { from }) });
  const records = new Map([...run.result.records].map(([party, bytes]) => [party, decodeRecord(party, bytes)]));
  return {
    result: run.result,
    rows: run.rows,
    entries: run.entries,
    firings: run.result.faultsFired,
    checkpoints: run.snapshots,
    records,
    states: new Map([...records].map(([party, { state }]) => [party, hex(encodeState(state, `${party}`))])),
  };
}

/** The coordinator and each group of clients at a site of its own, joined without sockets. */
async function packedFleet(
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
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
