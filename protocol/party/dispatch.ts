import type { Absence, PartyId, Rng } from '../method.js';
import { crc32 } from '../wire/checksum.js';
import { type Frame, joinBody, wireBytes, wireBytesOf } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { PostOffice } from './post-office.js';

export type Direction = 'up' | 'down' | 'peer';

/** Bytes of one direction. `raw`: vectors before codecs; `payload`: after; `wire`: what a socket carries, all framing included. */
export interface ByteCount {
  raw: number;
  payload: number;
  wire: number;
}
export type ByteCounts = Record<Direction, ByteCount>;

export function noBytes(): ByteCounts {
  const none = (): ByteCount => ({ raw: 0, payload: 0, wire: 0 });
  return { up: none(), down: none(), peer: none() };
}

export function addBytes(into: ByteCounts, more: ByteCounts): void {
  for (const direction of ['up', 'down', 'peer'] as const)
    for (const what of ['raw', 'payload', 'wire'] as const) into[direction][what] += more[direction][what];
}

function directionOf(from: PartyId, to: PartyId): Direction {
  return from === 'coordinator' ? 'down' : to === 'coordinator' ? 'up' : 'peer';
}

/** What the way from one party to another does to a frame. */
export interface Passage {
  /** Simulated milliseconds that the frame travels. */
  readonly delayMs: number;
  /** Under the wall clock: real milliseconds instead. */
  readonly heldMs: number;
  readonly lost: Absence['why'] | null;
  readonly duplicated: boolean;
  /** Bit of the body to flip; null: none. */
  readonly corruptedBit: number | null;
}

/** The network between parties, judged by the sender's host. Null passage: at once, unharmed. */
export interface Network {
  passage(frame: Frame, layout: KindLayout, bytes: number, streamOf: (purpose: string) => Rng): Passage | null;
}

export interface DeadlineRule {
  /** Simulated milliseconds after the coordinator's last post of the round, or its start; null: wait for all. */
  readonly deadlineMs: number | null;
  /** The host's timers end the wait for late senders; simulated arrival times do not matter. */
  readonly wallClock: boolean;
  /** Fewest answers to wait for even beyond the deadline. */
  readonly quorum: (expected: number) => number;
  /** Answers after which the coordinator waits no longer; null: it waits for all. */
  readonly first: number | null;
}

/** Which frames of an inbox the coordinator takes. */
export interface Judged {
  readonly isLate: (frame: Frame) => boolean;
  /** When it stopped waiting for the late ones, simulated milliseconds; null: no frame is late by time. */
  readonly untilMs: number | null;
}

export interface Deadline {
  /** A client that is late once is late for the rest of the round. */
  readonly isFinal: boolean;
  /** `expected`: those that send; `late`: those that were late before in this round. */
  judge(frames: readonly Frame[], expected: number, late: ReadonlySet<PartyId>): Judged;
}

const ALL_IN_TIME: Judged = { isLate: () => false, untilMs: null };

/** Sends one process's frames: counts them, applies the network model, and passes them to the post office. */
export class Dispatch {
  readonly bytes = noBytes();
  private coordinatorPostMs = 0;
  /** By sender: when the last of its messages that were lost in this round would have been there. */
  private readonly lostMs = new Map<PartyId, number>();

  constructor(
    private readonly office: PostOffice,
    private readonly network: Network | null,
    private readonly deadlineRule: DeadlineRule,
    private readonly edgeStream: (frame: Frame, purpose: string) => Rng,
  ) {}

  /** A half begins. Of the coordinator: until it posts, a deadline counts from here. */
  begin(party: PartyId, clockMs: number): void {
    this.lostMs.delete(party);
    if (party === 'coordinator') this.coordinatorPostMs = clockMs;
  }

  /** `sent`: bytes are counted there too. Returns how long the frame travels, simulated milliseconds. */
  send(round: { readonly clockMs: number }, layout: KindLayout, frame: Frame, sent: ByteCounts | null = null): number {
    // A party's words to itself cross no socket and no network.
    if (frame.from === frame.to) {
      this.office.post(frame);
      return 0;
    }
    const direction = directionOf(frame.from, frame.to);
    const wire = wireBytesOf(frame);
    if (frame.from === 'coordinator' && round.clockMs > this.coordinatorPostMs) this.coordinatorPostMs = round.clockMs;
    const passage = this.network?.passage(frame, layout, wire, (purpose) => this.edgeStream(frame, purpose)) ?? null;
    this.count(
      direction,
      frame,
      passage?.lost ? wireBytes(0, frame.from !== 'coordinator') : wire,
      passage?.lost ?? null,
      sent,
    );
    if (!passage) {
      this.office.post(frame);
      return 0;
    }
    const travelling = {
      ...frame,
      arrivesAtMs: frame.arrivesAtMs + passage.delayMs,
      ...(passage.heldMs > 0 ? { heldMs: passage.heldMs } : null),
    };
    if (passage.lost) {
      this.lostMs.set(frame.from, Math.max(this.lostSentMs(frame.from), travelling.arrivesAtMs));
      this.office.post({ ...travelling, lost: passage.lost, messages: [] });
      return passage.delayMs;
    }
    const arriving = passage.corruptedBit === null ? travelling : tamper(travelling, passage.corruptedBit);
    if (passage.duplicated) {
      this.count(direction, frame, wire, null, sent);
      // One of two that carry the body: a reader of it cannot know where the other is.
      const { release: _, ...copy } = arriving;
      this.office.post(copy);
      this.office.post(copy);
    } else this.office.post(arriving);
    return passage.delayMs;
  }

  /** When the coordinator stops waiting, or null. Clients wait for all they are due. */
  deadline(party: PartyId): Deadline | null {
    const { deadlineMs, quorum, wallClock, first } = this.deadlineRule;
    if (party !== 'coordinator' || (deadlineMs === null && first === null)) return null;
    if (wallClock) return { isFinal: false, judge: () => ALL_IN_TIME };
    const limit = deadlineMs === null ? Number.POSITIVE_INFINITY : this.coordinatorPostMs + deadlineMs;
    return {
      isFinal: first !== null,
      judge: (frames, expected, late) => {
        // Of those that arrive at once the lower index comes first.
        const arriving = frames
          .filter(({ from }) => !late.has(from))
          .sort((a, b) => a.arrivesAtMs - b.arrivesAtMs || Number(a.from) - Number(b.from));
        const needed = Math.min(quorum(expected), arriving.length);
        const deadline = needed === 0 ? limit : Math.max(limit, arriving[needed - 1]!.arrivesAtMs);
        const taken = new Set(arriving.slice(0, first ?? undefined).filter((frame) => frame.arrivesAtMs <= deadline));
        const isFull = first !== null && taken.size === first;
        const until = isFull ? Math.max(...[...taken].map((frame) => frame.arrivesAtMs)) : deadline;
        return { isLate: (frame) => !taken.has(frame), untilMs: Number.isFinite(until) ? until : null };
      },
    };
  }

  /**
   * Until when a coordinator waits that gets nothing at all: its deadline; without one, until the last message that was lost, in
   * either direction, would have been there. `inbox`: of those sent to it. Simulated milliseconds.
   */
  waitsInVainUntil(inbox: { readonly lostMs: number }): number {
    const { deadlineMs, wallClock } = this.deadlineRule;
    if (deadlineMs !== null && !wallClock) return this.coordinatorPostMs + deadlineMs;
    return Math.max(inbox.lostMs, this.lostSentMs('coordinator'));
  }

  /** When the last message of this party that was lost in this round would have been there, simulated milliseconds; 0: none was. */
  lostSentMs(party: PartyId): number {
    return this.lostMs.get(party) ?? 0;
  }

  private count(
    direction: Direction,
    frame: Frame,
    wire: number,
    lost: Absence['why'] | null,
    sent: ByteCounts | null,
  ): void {
    addFrame(this.bytes[direction], frame, wire, lost);
    if (sent) addFrame(sent[direction], frame, wire, lost);
  }
}

function addFrame(count: ByteCount, frame: Frame, wire: number, lost: Absence['why'] | null): void {
  count.wire += wire;
  if (lost) return;
  for (const message of frame.messages) {
    count.raw += message.rawBytes;
    count.payload += message.payloadBytes;
  }
}

/** The frame as it arrives when one bit of its body was changed on the way: the checksum is that of the body sent. */
function tamper(frame: Frame, bit: number): Frame {
  const body = joinBody(frame);
  const checksum = crc32(body);
  if (body.length > 0) body[(bit >>> 3) % body.length]! ^= 1 << (bit & 7);
  return { ...frame, tampered: { body, checksum } };
}
