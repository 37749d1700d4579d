import type { Absence, PartyId } from '../method.js';
import type { Frame } from '../wire/frame.js';
import type { Seal } from '../wire/seal.js';
import { KeptBytes } from './kept-bytes.js';

/** A pending take: waits for step `step` of a kind from the senders in `missing`. */
export interface Wait {
  readonly kindIndex: number;
  readonly step: number;
  readonly missing: Set<PartyId>;
  /** Number of expected senders. */
  readonly expected: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What arrived from one sender in one step: its frame, or why there is none, or nothing (sealed: it did not post). */
export type Arrival = Frame | Absence['why'] | null;

/**
 * One party's mailbox for one attempt at one round. Frames are stored by address, so a duplicate changes nothing and order
 * of arrival cannot be seen: readers name a kind and a step and get senders in the order they ask for.
 */
export class RoundMailbox {
  /** The half is run twice on the received messages: frames are kept after they are read. */
  keepsRead = false;
  /** null: read, and not kept. */
  private readonly frames = new Map<number, Map<PartyId, Frame | null>>();
  private readonly seals = new Map<PartyId, readonly number[]>();
  /** Null while no sender was ruled out: a run has one mailbox for each client and round, and most rule out none. */
  private ruled: Map<PartyId, Absence['why']> | null = null;
  /** Senders excluded by a wall-clock deadline: later arrivals are late, for this step of this kind. Null: none was. */
  private expired: Map<number, Set<PartyId>> | null = null;
  private readonly waits: Wait[] = [];
  private revokedBy: Error | null = null;
  /** Bytes of frames that came from other processes and have not been read. */
  readonly held: KeptBytes;

  constructor(
    readonly party: PartyId,
    readonly round: number,
    readonly attempt: number,
    /** Called whenever the party starts to wait, or continues. */
    private readonly watch: { blocked(mailbox: RoundMailbox, wait: Wait): void; released(mailbox: RoundMailbox): void },
    /** Most that other processes' frames may take before they are read, bytes. */
    keptBytes = Number.POSITIVE_INFINITY,
  ) {
    this.held = new KeptBytes(keptBytes);
  }

  deliver(frame: Frame): void {
    const key = stepKey(frame.kindIndex, frame.step);
    let step = this.frames.get(key);
    if (!step) this.frames.set(key, (step = new Map()));
    if (step.has(frame.from) || this.expired?.get(key)?.has(frame.from)) return;
    step.set(frame.from, frame);
    this.held.add(frame.from, frame.receivedBytes ?? 0);
    if (this.waits.length > 0) this.settle(frame.from, (wait) => stepKey(wait.kindIndex, wait.step) === key);
  }

  /** `counts[kind]`: the number of steps of that kind the sender posted in this round; it will post no others. */
  seal({ from, counts }: Seal): void {
    this.seals.set(from, counts);
    if (this.waits.length > 0) this.settle(from, (wait) => (counts[wait.kindIndex] ?? 0) <= wait.step);
  }

  /** No more frames will arrive from this party in this attempt. Those that did count. */
  rule(from: PartyId, why: Absence['why']): void {
    (this.ruled ??= new Map()).set(from, why);
    if (this.waits.length > 0) this.settle(from, () => true);
  }

  /** A wall-clock deadline passed: all that this wait still misses is late. */
  expire(wait: Wait): void {
    const key = stepKey(wait.kindIndex, wait.step);
    const late = this.expired?.get(key) ?? new Set();
    (this.expired ??= new Map()).set(key, late);
    for (const from of [...wait.missing]) {
      late.add(from);
      this.settle(from, (other) => other === wait);
    }
  }

  /** Null when all senders have arrived or are absent; else a promise of that. */
  ready(kindIndex: number, step: number, senders: readonly PartyId[]): Promise<void> | null {
    if (this.revokedBy) return Promise.reject(this.revokedBy);
    let found: Set<PartyId> | null = null;
    for (const from of senders) if (!this.resolved(kindIndex, step, from)) (found ??= new Set()).add(from);
    if (!found) return null;
    const missing = found;
    return new Promise((resolve, reject) => {
      const wait = { kindIndex, step, missing, expected: senders.length, resolve, reject };
      this.waits.push(wait);
      this.watch.blocked(this, wait);
    });
  }

  arrival(kindIndex: number, step: number, from: PartyId): Arrival {
    const key = stepKey(kindIndex, step);
    if (this.expired?.get(key)?.has(from)) return 'late';
    const frame = this.frames.get(key)?.get(from);
    if (frame) return frame.lost ?? frame;
    if ((this.seals.get(from)?.[kindIndex] ?? Number.POSITIVE_INFINITY) <= step) return null;
    return this.ruled?.get(from) ?? null;
  }

  /** When a message that was lost would have been there, simulated milliseconds; null: it was not lost on its way. */
  lostAtMs(kindIndex: number, step: number, from: PartyId): number | null {
    const frame = this.frames.get(stepKey(kindIndex, step))?.get(from);
    return frame?.lost ? frame.arrivesAtMs : null;
  }

  /** The party has read this frame: that it came is remembered, its body is not unless the mailbox `keepsRead`. */
  discard(frame: Frame): void {
    if (this.keepsRead) return;
    const { kindIndex, step, from, receivedBytes = 0 } = frame;
    this.held.add(from, -receivedBytes);
    this.frames.get(stepKey(kindIndex, step))?.set(from, null);
  }

  /** Senders in order of arrival: only for a planted fault of the contract suite. */
  arrivalOrder(kindIndex: number, step: number): readonly PartyId[] {
    return [...(this.frames.get(stepKey(kindIndex, step))?.keys() ?? [])];
  }

  /** The attempt is abandoned: current and later waits fail. */
  revoke(error: Error): void {
    this.revokedBy = error;
    for (const wait of this.waits.splice(0)) wait.reject(error);
  }

  get revoked(): boolean {
    return this.revokedBy !== null;
  }

  get waiting(): readonly Wait[] {
    return this.waits;
  }

  private resolved(kindIndex: number, step: number, from: PartyId): boolean {
    return (
      this.frames.get(stepKey(kindIndex, step))?.has(from) ||
      this.expired?.get(stepKey(kindIndex, step))?.has(from) ||
      (this.seals.get(from)?.[kindIndex] ?? Number.POSITIVE_INFINITY) <= step ||
      (this.ruled?.has(from) ?? false)
    );
  }

  private settle(from: PartyId, concerns: (wait: Wait) => boolean): void {
    for (let i = this.waits.length - 1; i >= 0; i--) {
      const wait = this.waits[i]!;
      if (!concerns(wait) || !wait.missing.delete(from) || wait.missing.size > 0) continue;
      this.waits.splice(i, 1);
      if (this.waits.length === 0) this.watch.released(this);
      wait.resolve();
    }
  }
}

/** Kinds are few and steps below 2^32: one exact number for both. */
function stepKey(kindIndex: number, step: number): number {
  return kindIndex * 4294967296 + step;
}
