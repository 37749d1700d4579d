import { HostServer } from '../../coordinator/members/host-server.js';
import { setDeadlines } from '../../coordinator/run/deadline-timer.js';
import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import { createNetwork } from '../../protocol/links/network.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { openPrivacy } from '../../worker/privacy.js';
import type { Problem } from '../../worker/problem.js';
import { systemSecrets } from '../../worker/secrets.js';
import { openSite } from '../../worker/site.js';
import type { Fleet, FleetOptions } from './fleet.js';
import { LocalWorkers, type WorkerLauncher } from './local-workers.js';

/** A fleet whose coordinator can be looked into. */
export interface RemoteFleet extends Fleet {
  readonly server: HostServer;
}

/** Worker processes over websockets: started here, or, with `listen`, joining from elsewhere. */
export async function remoteFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  { listen, signal, note, event }: FleetOptions,
  workers: WorkerLauncher = new LocalWorkers(note),
): Promise<RemoteFleet> {
  const at = { t: 0, wallMs: 0, round: 0 };
  const server = await HostServer.listen({
    scenario,
    method,
    parameterCount: problem.family.parameterCount,
    listen,
    signal,
    observer: {
      joined: (member, { device }) =>
        event({ ...at, event: 'worker-joined', fields: { worker: member.id, clients: member.clients.length, device } }),
      lost: (member, reason) => {
        note(`${member.id} was lost: ${reason}`);
        event({ ...at, event: 'worker-lost', fields: { worker: member.id, clients: member.clients.length, reason } });
      },
      note,
    },
  });
  const budget = new RunBudget(scenario.privacy);
  const networkModel = createNetwork(scenario);
  const site = await openSite({
    scenario,
    method,
    problem,
    mode: 'fast',
    shuffle: null,
    remote: server.router,
    networkModel,
    secrets: systemSecrets,
    privacy: openPrivacy(scenario, method, (...releases) => budget.admit(...releases)),
  });
  server.connect(site.office);
  setDeadlines(site.office, scenario);
  const close = async () => {
    await server.close();
    await workers.stop();
  };
  try {
    if (listen) note(`waiting for ${scenario.workers.count} workers: gradswarm worker --join ${server.url}`);
    else workers.start(scenario.workers.count, server.url, scenario.device === 'auto' ? null : scenario.device);
    await server.assemble();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    server,
    site,
    crew: server.crew,
    transport: `websockets, ${scenario.workers.count} worker processes`,
    privacy: budget,
    scriptedAbsences: networkModel.scriptedAbsences,
    forgotten: networkModel.forgotten,
    faultsFired: () => networkModel.firings().map((own, rule) => own + (server.crew.firings[rule] ?? 0)),
    close,
  };
}
