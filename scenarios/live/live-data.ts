import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../coordinator/run-directory/events.js';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { overviewOf } from '../recorded-runs/overview.js';
import { eventText } from '../recorded-runs/run-log.js';
import { openRun } from '../run/open-run.js';

/** Of a file of events: what happened before is in the file alone. */
const TAIL_BYTES = 256 * 1024;
const MOST_ROWS = 600;
const MOST_LINES = 200;

export interface LiveWorker {
  readonly name: string;
  readonly clients: number;
  readonly state: 'joined' | 'lost';
  /** Of the last event about it, ISO 8601. */
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
  readonly workers: readonly LiveWorker[];
  /** Of clients that were absent lately: how often, and in which round last. */
  readonly absences: readonly { readonly client: string; readonly count: number; readonly round: number }[];
  readonly faults: readonly string[];
  readonly log: readonly string[];
  readonly verdict: Verdict | null;
}

/** Reads the folder of a run, or of a sweep's newest point, and changes nothing in it. Throws ERR_CHECKPOINT. */
export function liveData(folder: string): LiveData {
  const whole = overviewOf(folder);
  const path = whole.runs.at(-1) ?? folder;
  const { scenario, rows, verdict } = openRun(path);
  const events = lastLines<RunEvent>(join(path, 'events.jsonl'));
  const absent = new Map<string, { count: number; round: number }>();
  for (const { event, party, round } of events)
    if (event === 'absent') absent.set(String(party), { count: (absent.get(String(party))?.count ?? 0) + 1, round });
  const lines = events.map(eventText).filter((text) => text !== null);
  const stride = Math.ceil(rows.length / MOST_ROWS) || 1;
  return {
    name: scenario.name,
    description: scenario.description,
    state: overviewOf(path).state,
    rounds: scenario.rounds,
    clients: scenario.clients,
    rows: rows.filter((_, i) => i % stride === 0 || i === rows.length - 1),
    workers: workersOf(lastLines(join(path, 'session.jsonl'))),
    absences: [...absent].map(([client, each]) => ({ client, ...each })),
    faults: lines.filter((line) => / fault |absent|dropped|crashed|late/.test(line)).slice(-MOST_LINES),
    log: lines.slice(-MOST_LINES),
    verdict,
  };
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

/** Whole lines of the end of a file. */
function lastLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    return (size > bytes.length ? lines.slice(1) : lines).map((line) => JSON.parse(line) as T);
  } finally {
    closeSync(descriptor);
  }
}
