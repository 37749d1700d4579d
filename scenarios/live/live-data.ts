import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../coordinator/run-directory/events.js';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type * as control from '../../protocol/wire/control-messages.js';
import { overviewOf } from '../recorded-runs/overview.js';
import { eventText } from '../recorded-runs/run-log.js';
import { openRun } from '../run/open-run.js';
import { lastLines } from './last-lines.js';
import { type PeerGraph, peerGraph } from './peer-graph.js';
import { type SweepCurves, sweepCurves } from './sweep-curves.js';

const MOST_ROWS = 600;
const MOST_LINES = 200;

export interface LiveWorker {
  readonly name: string;
  readonly clients: number;
  readonly state: 'joined' | 'lost' | 'loading' | 'ready' | 'down' | 'open';
  /** Of the last event about it, ISO 8601, or of its last sign of life. */
  readonly at: string;
}

/** What the page shows of a run, running or over. */
export interface LiveData {
  readonly name: string;
  readonly description: string;
  readonly state: string;
  readonly rounds: number;
  readonly clients: number;
  readonly rows: readonly MetricsRow[];
  /** Of a sweep: all points that have begun; null: one run. */
  readonly curves: SweepCurves | null;
  /** Of a sweep: points that are done, and all; null: one run. */
  readonly points: { readonly done: number; readonly of: number } | null;
  readonly workers: readonly LiveWorker[];
  /** Of clients that were absent lately: how often, and in which round last. */
  readonly absences: readonly { readonly client: string; readonly count: number; readonly round: number }[];
  /** Null: clients send nothing to one another, or there are too many to draw. */
  readonly peers: PeerGraph | null;
  readonly faults: readonly string[];
  readonly log: readonly string[];
  readonly verdict: Verdict | null;
}

/**
 * Reads the folder of a run, or of a sweep's newest point, and changes nothing in it. `seats`: of the coordinator while it runs; null: the
 * folder has the events of the workers alone. Throws ERR_CHECKPOINT.
 */
export async function liveData(folder: string, seats: control.Seats | null): Promise<LiveData> {
  const whole = overviewOf(folder);
  const path = whole.runs.at(-1) ?? folder;
  const { scenario, rows, verdict } = openRun(path);
  const isSweep = whole.kind === 'sweep';
  const events = lastLines<RunEvent>(join(path, 'events.jsonl'), 'event');
  const absent = new Map<string, { count: number; round: number }>();
  for (const { event, party, round } of events)
    if (event === 'absent') absent.set(String(party), { count: (absent.get(String(party))?.count ?? 0) + 1, round });
  const lines = events.map(eventText).filter((text) => text !== null);
  const stride = Math.ceil(rows.length / MOST_ROWS) || 1;
  return {
    name: scenario.name,
    description: scenario.description,
    state: seats && seats.phase !== 'over' ? 'running' : whole.state,
    rounds: scenario.rounds,
    clients: scenario.clients,
    rows: rows.filter((_, i) => i % stride === 0 || i === rows.length - 1),
    points: isSweep ? { done: whole.done, of: whole.of } : null,
    curves: isSweep ? sweepCurves(whole.path) : null,
    workers: seats ? holdersOf(seats) : workersOf(lastLines(join(path, 'session.jsonl'), 'session')),
    peers: await peerGraph(scenario, path, rows.at(-1)).catch(() => null),
    absences: [...absent].map(([client, each]) => ({ client, ...each })),
    faults: lines.filter((line) => / fault |absent|dropped|crashed|late/.test(line)).slice(-MOST_LINES),
    log: lines.slice(-MOST_LINES),
    verdict: isSweep ? verdictIn(whole.path) : verdict,
  };
}

/** Null: not judged yet. */
function verdictIn(sweep: string): Verdict | null {
  const file = join(sweep, 'verdict.json');
  return existsSync(file) ? readJsonFile<Verdict>(file, 'verdict') : null;
}

function holdersOf({ seats }: control.Seats): LiveWorker[] {
  const now = Date.now();
  return seats.map(({ seat, name, state, clients, silentMs }) => ({
    name: name ?? `seat ${seat}`,
    clients,
    state,
    at: new Date(now - (silentMs ?? 0)).toISOString(),
  }));
}

function workersOf(events: readonly (SessionEvent & { readonly at: string })[]): LiveWorker[] {
  const workers = new Map<string, LiveWorker>();
  for (const event of events) {
    if (event.event === 'joined' || event.event === 'lost')
      workers.set(event.worker, { name: event.name, clients: event.clients, state: event.event, at: event.at });
    else if (event.event === 'reopened') {
      const known = workers.get(event.worker);
      if (known) workers.set(event.worker, { ...known, state: 'joined', at: event.at });
    }
  }
  return [...workers.values()];
}
