import { HostServer } from '../../coordinator/members/host-server.js';
import { setDeadlines } from '../../coordinator/run/deadline-timer.js';
import { spendLimits } from '../../coordinator/run/expected-releases.js';
import { RunBudget } from '../../coordinator/run/privacy-budget.js';
import { openNetwork } from '../../protocol/links/network.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { differences } from '../../worker/fingerprint.js';
import { openPrivacy } from '../../worker/privacy.js';
import type { Problem } from '../../worker/problem.js';
import { systemSecrets } from '../../worker/secrets.js';
import { openSite } from '../../worker/site.js';
import { estimateLengthOf } from './estimate-length.js';
import type { Fleet, FleetOptions } from './fleet.js';
import { LOCAL_LINK_VARIABLE, TOKEN_VARIABLE } from './token.js';
import type { WorkerLauncher } from './worker-launcher.js';

/** A fleet whose coordinator can be looked into. */
export interface RemoteFleet extends Fleet {
  readonly server: HostServer;
}

/** Worker processes over websockets: started here by `launcher`, or, without one, joining from elsewhere. */
export async function remoteFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  { listen, signal, epoch, fromRound, archive, note, seats, session }: FleetOptions,
  launcher: WorkerLauncher | null,
): Promise<RemoteFleet> {
  const { parameterCount } = problem.family;
  const device = problem.family.device?.name ?? null;
  const server = await HostServer.listen({
    // Workers compute on what the coordinator has chosen: they may choose another, or not have it.
    scenario: { ...scenario, device: scenario.device === 'auto' ? device : scenario.device },
    method,
    parameterCount,
    estimateLength: estimateLengthOf(scenario, method, problem),
    differences: (read) => differences(problem.fingerprint, read),
    listen,
    localLink: launcher !== null && process.env[LOCAL_LINK_VARIABLE] !== 'off',
    epoch,
    fromRound,
    signal,
    ...(archive && { archive }),
    observer: {
      joined: ({ id: worker, name, clients }, at, { device }) =>
        session({ event: 'joined', epoch: at, worker, name, clients: clients.length, device }),
      lost: ({ id: worker, name, clients }, at, reason) => {
        note(`${worker} (${name}) was lost: ${reason}`);
        session({ event: 'lost', epoch: at, worker, name, clients: clients.length, reason });
      },
      reopened: ({ id: worker }, at, { messages: resentMessages, bytes: resentBytes, downMs }) => {
        note(`${worker} was unreachable for ${Math.round(downMs)} ms and is connected again`);
        session({ event: 'reopened', epoch: at, worker, downMs: Math.round(downMs), resentMessages, resentBytes });
      },
      abandoned: (at, reason) => session({ event: 'abandoned', epoch: at, reason }),
      note,
      ...(seats && { seats }),
    },
  });
  const close = async (ending?: 'finished' | 'failed' | 'again') => {
    launcher?.expectEnd?.();
    await server.close(ending);
    await launcher?.stop();
  };
  /** One epoch, with new coordinator-side state of all parties. */
  const stretch = async (): Promise<RemoteFleet> => {
    const crew = await server.assemble();
    const budget = new RunBudget(scenario.privacy, spendLimits(scenario, method));
    const networkModel = await openNetwork(scenario, problem.labelShares);
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
    return {
      server,
      site,
      crew,
      transport: `websockets, ${scenario.workers.count} worker processes`,
      privacy: budget,
      scriptedAbsences: networkModel.scriptedAbsences,
      forgotten: networkModel.forgotten,
      faultsFired: () => networkModel.firings().map((own, rule) => own + (crew.firings[rule] ?? 0)),
      again: stretch,
      report: (type, round) => server.report(type, round),
      progress: (row) => server.progress(row),
      close,
    };
  };
  try {
    const { count } = scenario.workers;
    const token = listen?.token ? '' : `${TOKEN_VARIABLE}=${server.token} `;
    if (listen) note(`waiting for ${count} workers: ${token}gradswarm worker --join ${server.joinUrl}`);
    const ended = (pid: number, why: string) => server.processEnded(pid, why);
    // Modules of one's own may draw other data in each process.
    const data = scenario.use && scenario.use.length > 0 ? null : problem.fingerprint.data;
    launcher?.start(count, server.url, device, server.token, ended, server.localPath, data);
    return await stretch();
  } catch (error) {
    await close(signal.aborted ? 'again' : 'failed');
    throw error;
  }
}
