import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { numberText, timeText } from '../../coordinator/report/units.js';
import type { RunEvent } from '../../coordinator/run-directory/events.js';
import { readJsonLine } from '../../coordinator/run-directory/json-file.js';
import type { Shape } from '../../coordinator/run-directory/json-shapes.js';
import { writerOf } from '../../coordinator/run-directory/run-lock.js';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';

const LOOK_MS = 300;

/** Lines that a run has written, and while it is running those that it writes. */
export interface LogLine {
  readonly source: 'run' | 'processes';
  readonly text: string;
  /** As recorded. */
  readonly record: unknown;
}

/**
 * What happened in a run, a line each, then what happens until it ends or `signal` is aborted. `follow` false: no more than what
 * there is. Throws ERR_CHECKPOINT where a line is damaged.
 */
export async function* logOf(folder: string, follow: boolean, signal: AbortSignal): AsyncGenerator<LogLine> {
  const processes = new LineReader<SessionEvent & { readonly at: string }>(join(folder, 'session.jsonl'), 'session');
  const events = new LineReader<RunEvent>(join(folder, 'events.jsonl'), 'event');
  for (;;) {
    // Before the files: what a writer leaves when it ends is read once more.
    const continues = follow && !signal.aborted && writerOf(folder) !== null;
    for (const record of processes.next()) yield { source: 'processes', text: processText(record), record };
    for (const record of events.next()) {
      const text = eventText(record);
      if (text !== null) yield { source: 'run', text, record };
    }
    if (!continues) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Records of whole lines as a file grows; of those that follow when it was cut (the run went back to a checkpoint). */
class LineReader<T> {
  private offset = 0;
  private rest = '';

  constructor(
    private readonly path: string,
    private readonly shape: Shape,
  ) {}

  *next(): Generator<T> {
    for (const line of this.lines()) yield readJsonLine<T>(line, this.shape, this.path);
  }

  private lines(): string[] {
    if (!existsSync(this.path)) return [];
    const descriptor = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (size < this.offset) [this.offset, this.rest] = [size, ''];
      const bytes = Buffer.alloc(size - this.offset);
      const read = readSync(descriptor, bytes, 0, bytes.length, this.offset);
      this.offset += read;
      const lines = (this.rest + bytes.toString('utf8', 0, read)).split('\n');
      this.rest = lines.pop()!;
      return lines;
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Null: the evaluation's line says more. */
export function eventText({ event, fields, round, party, t }: RunEvent): string | null {
  const at = `${timeText(t).padStart(9)}  round ${round}`;
  switch (event) {
    case 'round':
      return fields.absent > 0 || fields.empty ? `${at}: ${fields.absent} absent of ${fields.invited}` : null;
    case 'evaluation': {
      const accuracy = fields.accuracy === null ? '' : `, accuracy ${numberText(100 * fields.accuracy)} %`;
      return `${at}: loss ${numberText(fields.loss)}${accuracy}`;
    }
    case 'absent':
      return `${at}: ${fields.why}: '${fields.kind ?? '?'}' from ${nameOf(fields.from)} to ${nameOf(party)}`;
    case 'fault':
      return `${at}: fault ${fields.fault}`;
    case 'abandoned':
      return `${at}: run again: ${fields.reason}`;
    case 'finished':
      return `${at}: finished, state ${fields.stateDigest ?? 'not finite'}`;
    case 'stopped':
      return `${at}: stopped ${fields.reason}`;
    case 'note':
      return `${at}: ${fields.text}`;
    case 'run-started':
      return `${at}: ${fields.clients} clients, ${fields.rounds} rounds, ${fields.transport}`;
    case 'resumed':
      return `${at}: continues from round ${fields.fromRound}`;
    case 'checkpoint':
      return null;
  }
}

function nameOf(party: RunEvent['party']): string {
  if (party === undefined) return '?';
  return party === 'coordinator' ? party : `client ${party}`;
}

function processText(record: SessionEvent & { readonly at: string }): string {
  const { at, event, ...fields } = record;
  const words = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  return `${at}  ${event}: ${words.join(', ')}`;
}
