import type { PartyId } from '../../protocol/method.js';
import { readJsonLines } from './json-file.js';

/** The fields of each kind of event. Ids of workers are the coordinator's names for them. */
export interface EventFields {
  'run-started': { readonly clients: number; readonly rounds: number; readonly transport: string };
  /** The run continues after the checkpoint of round `fromRound`; 0 when there was none. */
  resumed: { readonly fromRound: number };
  /** `empty`: no update arrived. */
  round: { readonly invited: number; readonly absent: number; readonly attempt: number; readonly empty?: boolean };
  /** An attempt at a round was aborted and the round repeated. */
  abandoned: { readonly attempt: number; readonly reason: string };
  /** The event's party did not get, or did not hand in, what was due. */
  absent: { readonly why: string; readonly kind?: string; readonly step?: number; readonly from?: PartyId };
  checkpoint: { readonly writtenBytes: number; readonly writtenParties: number };
  evaluation: { readonly loss: number | null; readonly accuracy: number | null };
  /** A scripted fault acted. */
  fault: { readonly fault: string } & Readonly<Record<string, unknown>>;
  note: { readonly text: string };
  stopped: { readonly reason: string };
  finished: { readonly rounds: number; readonly stateDigest: string | null };
}

export type EventName = keyof EventFields;

/** One line of events.jsonl. */
export type RunEvent = {
  readonly [E in EventName]: {
    /** Simulated and real milliseconds since the run began. */
    readonly t: number;
    readonly wallMs: number;
    readonly round: number;
    readonly party?: PartyId;
    readonly event: E;
    readonly fields: EventFields[E];
  };
}[EventName];

/** Events counted for the report. */
export interface EventSummary {
  /** Absences by reason. */
  readonly absences: ReadonlyMap<string, number>;
  /** Scripted faults by name. */
  readonly faults: ReadonlyMap<string, number>;
  /** Rounds in which no update arrived. */
  readonly withoutUpdate: number;
  readonly abandonedAttempts: number;
}

/** Counts the events of a run. */
export function summarizeEvents(path: string): EventSummary {
  const absences = new Map<string, number>();
  const faults = new Map<string, number>();
  const summary = { absences, faults, withoutUpdate: 0, abandonedAttempts: 0 };
  for (const event of readJsonLines<RunEvent>(path, 'event')) {
    if (event.event === 'absent') countUp(absences, event.fields.why);
    else if (event.event === 'fault') countUp(faults, event.fields.fault);
    else if (event.event === 'round') summary.withoutUpdate += event.fields.empty ? 1 : 0;
    else if (event.event === 'abandoned') summary.abandonedAttempts++;
  }
  return summary;
}

function countUp(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
