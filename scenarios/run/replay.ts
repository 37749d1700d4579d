import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile, readJsonLines } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { GradswarmError } from '../../protocol/errors.js';
import { edgeStreamOf } from '../../protocol/links/edge-stream.js';
import { openNetwork } from '../../protocol/links/network.js';
import type { AnyMethod, ClientIndex } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { AbsenceRecord, DeliveryEntry } from '../../protocol/party/delivery-log.js';
import type { Network, Passage } from '../../protocol/party/dispatch.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Fingerprint } from '../../worker/fingerprint.js';
import type { Problem } from '../../worker/problem.js';
import type { Fleet } from './fleet.js';
import { localFleet } from './local-fleet.js';
import { onRecordedDevice, recordedScenario } from './recorded.js';

/** What a finished run left to be replayed by. */
export interface RecordedRun {
  readonly scenario: Scenario;
  readonly stateDigest: string;
  readonly log: readonly DeliveryEntry[];
  /** What it had read; left out by older versions. */
  readonly read?: Fingerprint;
  /** Clients whose worker was lost: the recorded digest does not cover them. */
  readonly lostClients: readonly ClientIndex[];
}

/** Reads a run directory and changes nothing in it. Throws ERR_REPLAY. */
export function readRecordedRun(path: string): RecordedRun {
  for (const name of ['scenario.json', 'manifest.json', 'deliveries.jsonl'])
    if (!existsSync(join(path, name)))
      throw new GradswarmError('ERR_REPLAY', `${path}: expected a run directory, got one without ${name}`);
  const { stateDigest, lostClients, read } = readJsonFile<Manifest>(join(path, 'manifest.json'), 'manifest');
  if (stateDigest === null)
    throw new GradswarmError('ERR_REPLAY', `${path}: expected a finished run with a state digest, got one without`);
  const scenario = onRecordedDevice(recordedScenario(path), path);
  if (scenario.privacy.noise === 'secure' && hasReleases(path))
    throw new GradswarmError(
      'ERR_REPLAY',
      `${path}: expected a run that can be repeated, got one with secure noise; only privacy.noise = 'seeded' gives the same bits`,
    );
  return {
    scenario,
    stateDigest,
    lostClients,
    ...(read && { read }),
    log: [...readJsonLines<DeliveryEntry>(join(path, 'deliveries.jsonl'), 'delivery')],
  };
}

function hasReleases(path: string): boolean {
  for (const line of readJsonLines<object>(join(path, 'ledger.jsonl'), 'release')) if ('noise' in line) return true;
  return false;
}

/** One process, in which exactly those messages are missing that were missing in the recorded run. */
export async function replayFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  { log, lostClients }: RecordedRun,
): Promise<Fleet> {
  // Tasks and meetings are on the virtual clock: what was lost, and the order, are functions of the scenario.
  if (method.schedule) return localFleet(scenario, method, problem, { mode: 'fast', shuffle: null });
  const lost = new Map<string, AbsenceRecord['why']>();
  const away = new Map<number, { readonly from: number; readonly why: 'crashed' | 'aborted' }[]>();
  for (const { round, lost: gone } of log)
    if (gone)
      away.set(
        round - 1,
        gone.map((from) => ({ from, why: 'crashed' as const })),
      );
  for (const { absences } of log)
    for (const { round, kind, step, from, to, why } of absences) {
      lost.set(addressOf(round, kind, step, from, to), why);
      if ((why === 'crashed' || why === 'aborted') && from !== 'coordinator') {
        const list = away.get(round) ?? [];
        away.set(round, list);
        if (!list.some((known) => known.from === from)) list.push({ from, why });
      }
    }
  const attempts = new Map(log.map(({ round, attempt }) => [round - 1, attempt]));
  // Messages, link times and crashes are functions of the scenario; what was not delivered is
  // what was recorded.
  const networkModel = await openNetwork(scenario, problem.labelShares);
  const streams = rootStream(scenario.seed, scenario.precision);
  const network: Network = {
    passage(frame, layout, bytes): Passage | null {
      const as = { ...frame, attempt: attempts.get(frame.round) ?? 0 };
      const way =
        networkModel.network?.passage(as, layout, bytes, (purpose) => edgeStreamOf(streams, as, purpose)) ?? null;
      const why = lost.get(addressOf(frame.round, layout.name, frame.step, frame.from, frame.to));
      // Under the virtual clock the deadline gives the same late senders and times again.
      if (why === undefined || (why === 'late' && scenario.clock === 'virtual')) return way;
      return { delayMs: way?.delayMs ?? 0, heldMs: 0, lost: why, duplicated: false, corruptedBit: null };
    },
  };
  const fleet = await localFleet(
    scenario,
    method,
    problem,
    { mode: 'fast', shuffle: null },
    { ...networkModel, network },
  );
  const departed = new Set(lostClients);
  const lostIn = new Map(log.map(({ round, lost: gone }) => [round - 1, gone ?? []]));
  /** Up to the round that is being run: they are in no evaluation. */
  const lostSoFar = new Set<ClientIndex>();
  return {
    ...fleet,
    crew: {
      ...fleet.crew,
      async estimates() {
        return new Map([...(await fleet.crew.estimates())].filter(([client]) => !lostSoFar.has(client)));
      },
      async records(clients) {
        const records = await fleet.crew.records(clients);
        return new Map([...records].filter(([client]) => !departed.has(client)));
      },
    },
    scriptedAbsences(round, cohort, atMs) {
      for (const client of lostIn.get(round) ?? []) lostSoFar.add(client);
      const scripted = networkModel.scriptedAbsences(round, cohort, atMs);
      const known = new Set(scripted.map(({ from }) => from));
      return [...scripted, ...(away.get(round) ?? []).filter(({ from }) => !known.has(from))];
    },
  };
}

function addressOf(
  round: number,
  kind: string,
  step: number,
  from: AbsenceRecord['from'],
  to: AbsenceRecord['to'],
): string {
  return `${round}/${kind}/${step}/${from}/${to}`;
}
