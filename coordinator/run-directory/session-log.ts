import { join } from 'node:path';
import { AppendOnlyFile } from './append-only-file.js';
import { readJsonLines } from './json-file.js';

/** What happened to the processes of a run. One line of session.jsonl. */
export type SessionEvent =
  | { readonly event: 'started'; readonly epoch: number; readonly fromRound: number }
  | {
      readonly event: 'joined';
      readonly epoch: number;
      readonly worker: string;
      readonly name: string;
      readonly clients: number;
      readonly device: string;
    }
  | {
      readonly event: 'lost';
      readonly epoch: number;
      readonly worker: string;
      readonly name: string;
      readonly clients: number;
      readonly reason: string;
    }
  /** It was unreachable and is connected again; what it and the coordinator had not acknowledged was sent again, to it. */
  | {
      readonly event: 'reopened';
      readonly epoch: number;
      readonly worker: string;
      readonly downMs: number;
      readonly resentMessages: number;
      readonly resentBytes: number;
    }
  | { readonly event: 'abandoned'; readonly epoch: number; readonly reason: string }
  /** Back to the checkpoint of `toRound`, after `fromRound` rounds. */
  | { readonly event: 'rolled-back'; readonly epoch: number; readonly fromRound: number; readonly toRound: number }
  | { readonly event: 'checkpoint-skipped'; readonly round: number; readonly reason: string }
  | { readonly event: 'ended'; readonly epoch: number; readonly how: string };

const NAME = 'session.jsonl';

/** session.jsonl: joins, losses and rollbacks with their time. No resumption and no rollback cuts it: it is their evidence. */
export class SessionLog {
  private readonly folder: string;
  private file: AppendOnlyFile | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** On the disk when it returns: a number of an epoch that was used is not used again, whatever happens to the machine. */
  append(event: SessionEvent): void {
    this.file ??= new AppendOnlyFile(join(this.folder, NAME));
    this.file.appendJson({ at: new Date().toISOString(), ...event });
    this.file.syncedByteLength();
  }

  read(): readonly SessionEvent[] {
    return [...readJsonLines<SessionEvent>(join(this.folder, NAME), 'session')];
  }

  /** Number of the next stretch of the run: above all that were ever begun. */
  nextEpoch(): number {
    return 1 + this.read().reduce((last, event) => Math.max(last, 'epoch' in event ? event.epoch : 0), 0);
  }

  close(): void {
    this.file?.close();
    this.file = null;
  }
}

/** Losses and rollbacks, for the summary and the report. */
export interface SessionSummary {
  /** How often a coordinator was started again. */
  readonly resumes: number;
  readonly workersLost: number;
  readonly rollbacks: number;
  /** After the loss of a worker. */
  readonly roundsDoneAgain: number;
}

export function summarizeSession(events: readonly SessionEvent[]): SessionSummary {
  let starts = 0;
  let workersLost = 0;
  let rollbacks = 0;
  let roundsDoneAgain = 0;
  for (const event of events) {
    if (event.event === 'started') starts++;
    else if (event.event === 'lost') workersLost++;
    else if (event.event === 'rolled-back') {
      rollbacks++;
      roundsDoneAgain += event.fromRound - event.toRound;
    }
  }
  return { resumes: Math.max(0, starts - 1), workersLost, rollbacks, roundsDoneAgain };
}
