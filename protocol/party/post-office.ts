import { GradswarmError } from '../errors.js';
import type { PartyId } from '../method.js';
import { crc32 } from '../wire/checksum.js';
import type { Frame } from '../wire/frame.js';
import { joinBody } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { LIMITS } from '../wire/limits.js';
import type { Seal } from '../wire/seal.js';
import { KeptBytes } from './kept-bytes.js';
import { LastAttempts } from './last-attempts.js';
import { RoundMailbox, type Wait } from './mailbox.js';

/** Takes what is not for a party of this process. */
export interface Remote {
  send(frame: Frame): void;
  seal(seal: Seal, to: readonly PartyId[]): void;
  /** Waits until the send queues have room. */
  room(): Promise<void> | null;
}

export interface PostOfficeOptions {
  /** 'fast' delivers messages as objects; 'checking' encodes and decodes them, as a socket would. Both must give the same bits. */
  readonly mode: 'fast' | 'checking';
  readonly remote: Remote | null;
  /** Index of the waiting frame to deliver next, of `count`: shuffles local delivery. Null: at once, in order. */
  readonly shuffle: ((count: number) => number) | null;
  /** Most that is kept of what other processes sent and a party has not read, bytes; left out: no bound. */
  readonly keptBytes?: number;
}

interface Waiting {
  readonly frame?: Frame;
  readonly seal?: Seal;
  /** A seal from another process. */
  readonly remote?: boolean;
  readonly to: PartyId;
}

/** Memory of a seal that is kept, about. */
const SEAL_BYTES = 128;

/**
 * All mailboxes of one process. A frame for a local party is put into its mailbox; any other is passed to the remote. What
 * arrives for a round that has not begun here yet is kept; what arrives for one that is over is discarded.
 */
export class PostOffice {
  /** Of parties whose half runs. */
  private boxes = new Map<PartyId, RoundMailbox>();
  /** What the others have last done: a frame for it is late. No more than that is kept of a client, of which there may be a million. */
  private readonly ended = new LastAttempts();
  private early = new Map<PartyId, Waiting[]>();
  /** Bytes in `early` that came from other processes. */
  private readonly earlyBytes: KeptBytes;
  /** The newest round that a party of this process has begun or left out. */
  private round: number | null = null;
  private readonly queue: Waiting[] = [];
  private readonly local = new Set<PartyId>();
  /** Clients below it are local too. */
  private clientsBelow = 0;
  private readonly layouts: readonly KindLayout[];
  private pumping = false;
  private blockedCount = 0;
  private liveCount = 0;
  /** Device calls that answer by promise: while one runs, waiting is no deadlock. */
  private computing = 0;
  /** Called at every wait: a host with a clock sets deadlines here. */
  onBlocked: ((mailbox: RoundMailbox, wait: Wait) => void) | null = null;
  /** Called when every half that runs in this process waits for messages. Returns: has another begun? */
  onIdle: (() => boolean) | null = null;
  /** Tasks: what comes for the coordinator is not of its step, and goes to its desk. */
  desk: { byRealArrival: boolean; receive(frame: Frame | undefined, seal: Seal | undefined): void } | null = null;

  constructor(
    layouts: Iterable<KindLayout>,
    private readonly options: PostOfficeOptions,
  ) {
    this.layouts = [...layouts].sort((a, b) => a.index - b.index);
    this.earlyBytes = new KeptBytes(options.keptBytes ?? Number.POSITIVE_INFINITY);
  }

  /** Makes this party local to this process. */
  register(party: PartyId): void {
    if (!this.isLocal(party)) this.local.add(party);
  }

  /** Makes all clients of a run of so many local to this process. */
  registerAll(clientCount: number): void {
    this.clientsBelow = clientCount;
  }

  isLocal(party: PartyId): boolean {
    return this.local.has(party) || (party !== 'coordinator' && party < this.clientsBelow);
  }

  open(party: PartyId, round: number, attempt: number): RoundMailbox {
    this.begun(round);
    const mailbox = new RoundMailbox(
      party,
      round,
      attempt,
      {
        blocked: (box, wait) => {
          if (box.waiting.length === 1) this.blockedCount++;
          this.onBlocked?.(box, wait);
          this.checkDeadlock();
        },
        released: () => {
          this.blockedCount--;
        },
      },
      this.options.keptBytes,
    );
    this.boxes.set(party, mailbox);
    this.liveCount++;
    const early = this.early.get(party);
    if (early) {
      this.early.delete(party);
      for (const waiting of early) {
        this.freed(waiting);
        this.place(waiting);
      }
    }
    return mailbox;
  }

  /** `skip` of all clients but these: its cost is the number of early arrivals, not of registered clients. */
  skipOthers(taking: ReadonlySet<PartyId>, round: number): void {
    for (const party of [...this.early.keys()])
      if (party !== 'coordinator' && !taking.has(party)) this.skip(party, round);
  }

  /** The party takes no part in this round: what arrived for it up to this round is discarded. */
  skip(party: PartyId, round: number): void {
    this.begun(round);
    const early = this.early.get(party);
    if (!early) return;
    const later: Waiting[] = [];
    for (const waiting of early)
      if ((waiting.frame ?? waiting.seal)!.round > round) later.push(waiting);
      else this.freed(waiting);
    if (later.length > 0) this.early.set(party, later);
    else this.early.delete(party);
  }

  /** The party's half has returned or failed: what comes for this attempt from now on is discarded. */
  close(mailbox: RoundMailbox): void {
    if (mailbox.waiting.length > 0) {
      this.blockedCount--;
      mailbox.revoke(new GradswarmError('ERR_STOPPED', 'the round is over'));
    }
    this.liveCount--;
    const { party, round, attempt } = mailbox;
    if (this.boxes.get(party) === mailbox) {
      this.boxes.delete(party);
      this.ended.set(party, round, attempt);
    }
    this.checkDeadlock();
  }

  /** Stops every half of this attempt that waits here, or those of `only`, and refuses their further posts. */
  revokeAll(
    attempt: { readonly index: number; readonly attempt: number },
    error: Error,
    only: readonly PartyId[] | null = null,
  ): void {
    for (const box of only?.flatMap((party) => this.boxes.get(party) ?? []) ?? this.boxes.values()) {
      if (box.round !== attempt.index || box.attempt !== attempt.attempt || box.revoked) continue;
      if (box.waiting.length > 0) this.blockedCount--;
      box.revoke(error);
    }
  }

  post(frame: Frame): void {
    if (!this.isLocal(frame.to)) this.options.remote?.send(frame);
    else this.accept({ frame: this.options.mode === 'checking' ? this.copied(frame) : frame, to: frame.to });
  }

  seal(seal: Seal, to: readonly PartyId[]): void {
    const away: PartyId[] = [];
    for (const party of to) {
      if (this.isLocal(party)) this.accept({ seal, to: party });
      else away.push(party);
    }
    if (away.length > 0) this.options.remote?.seal(seal, away);
  }

  /** From the remote: a frame or seal for a party of this process. Throws ERR_PROTOCOL when its sender sends too much or too early. */
  receive(frame: Frame): void {
    this.checkAhead(frame.round);
    this.place({ frame, to: frame.to });
    this.earlyBytes.check(frame.from);
    this.boxes.get(frame.to)?.held.check(frame.from);
  }

  receiveSeal(seal: Seal, to: readonly PartyId[]): void {
    this.checkAhead(seal.round);
    for (const party of to) this.place({ seal, to: party, remote: true });
    this.earlyBytes.check(seal.from);
  }

  private begun(round: number): void {
    if (this.round !== null && round <= this.round) return;
    this.round = round;
    // A table that outlives its rounds leaves older ones behind whenever it grows, and each keeps what was in it, which all later
    // ones would add to, until the whole heap is collected.
    if (this.boxes.size === 0) this.boxes = new Map();
    if (this.early.size === 0) this.early = new Map();
  }

  private checkAhead(round: number): void {
    if (this.round === null || round <= this.round + LIMITS.earlyRounds) return;
    throw new GradswarmError(
      'ERR_PROTOCOL',
      `expected rounds up to ${this.round + LIMITS.earlyRounds}, ${LIMITS.earlyRounds} ahead, got ${round}`,
    );
  }

  private freed(waiting: Waiting): void {
    this.earlyBytes.add(senderOf(waiting), -keptBytesOf(waiting));
  }

  room(): Promise<void> | null {
    return this.options.remote?.room() ?? null;
  }

  beginComputing(): void {
    this.computing++;
  }

  endComputing(): void {
    this.computing--;
    this.checkDeadlock();
  }

  /** Some half of this process neither waits nor has returned. */
  get isComputing(): boolean {
    return this.computing > 0 || this.blockedCount < this.liveCount;
  }

  private get isIdle(): boolean {
    const isWaiting = this.liveCount > 0 && this.blockedCount >= this.liveCount;
    return isWaiting && this.queue.length === 0 && this.computing === 0;
  }

  /** The waiting takes of this process and their missing senders; parties with equal waits are grouped. */
  waits(): readonly string[] {
    const waiting = new Map<string, PartyId[]>();
    for (const box of this.boxes.values())
      for (const wait of box.waiting) {
        const kind = this.layouts[wait.kindIndex]?.name ?? `kind ${wait.kindIndex}`;
        const what = `'${kind}'${wait.step > 0 ? ` step ${wait.step}` : ''} from ${named([...wait.missing])}`;
        const parties = waiting.get(what);
        if (parties) parties.push(box.party);
        else waiting.set(what, [box.party]);
      }
    return [...waiting].map(
      ([what, parties]) => `${named(parties)} ${parties.length > 1 ? 'wait' : 'waits'} for ${what}`,
    );
  }

  private accept(waiting: Waiting): void {
    if (!this.options.shuffle) return this.place(waiting);
    this.queue.push(waiting);
    if (this.pumping) return;
    this.pumping = true;
    queueMicrotask(() => this.pump());
  }

  private pump(): void {
    const next = this.options.shuffle!(this.queue.length);
    const [waiting] = this.queue.splice(next, 1);
    if (waiting) this.place(waiting);
    if (this.queue.length > 0) {
      queueMicrotask(() => this.pump());
      return;
    }
    this.pumping = false;
    this.checkDeadlock();
  }

  private place(waiting: Waiting): void {
    const { frame, seal, to } = waiting;
    if (this.desk && to === 'coordinator') return this.desk.receive(frame && verified(frame), seal);
    const { round, attempt } = (frame ?? seal)!;
    const box = this.boxes.get(to);
    const last = box ?? this.ended.get(to);
    if (!last || round > last.round || (round === last.round && attempt > last.attempt)) {
      const early = this.early.get(to);
      this.earlyBytes.add(senderOf(waiting), keptBytesOf(waiting));
      if (early) early.push(waiting);
      else this.early.set(to, [waiting]);
    } else if (box && round === box.round && attempt === box.attempt && !box.revoked) {
      if (frame) box.deliver(verified(frame));
      else box.seal(seal!);
    }
  }

  private copied(frame: Frame): Frame {
    const layout = this.layouts[frame.kindIndex]!;
    return { ...frame, messages: layout.split(joinBody(frame), frame.messages.length) };
  }

  private checkDeadlock(): void {
    if (!this.isIdle || (this.options.remote && !this.onIdle)) return;
    // A wait that is about to be released in this same turn is not a deadlock: look again when all have run.
    queueMicrotask(() => {
      if (!this.isIdle || this.onIdle?.()) return;
      // Only where every party is local can nothing arrive from another process.
      if (this.options.remote) return;
      const waits = this.waits();
      const stuck = [...this.boxes.values()].filter((box) => box.waiting.length > 0);
      if (stuck.length === 0) return;
      const error = new GradswarmError('ERR_DEADLOCK', `round ${stuck[0]!.round}: ${condensed(waits)}`);
      for (const box of stuck) {
        this.blockedCount--;
        box.revoke(error);
      }
    });
  }
}

function senderOf({ frame, seal }: Waiting): PartyId {
  return (frame ?? seal)!.from;
}

function keptBytesOf({ frame, remote }: Waiting): number {
  return frame?.receivedBytes ?? (remote ? SEAL_BYTES : 0);
}

/** A frame that carries a checksum has been through something that may change bytes. */
function verified(frame: Frame): Frame {
  const { tampered } = frame;
  if (!tampered || crc32(tampered.body) === tampered.checksum) return frame;
  return { ...frame, lost: 'rejected', messages: [] };
}

/** "clients 0-5, 9" from a list of parties. */
export function named(parties: readonly PartyId[]): string {
  const clients = parties.filter((party): party is number => party !== 'coordinator').sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let i = 0; i < clients.length; ) {
    let end = i;
    while (end + 1 < clients.length && clients[end + 1] === clients[end]! + 1) end++;
    ranges.push(end > i ? `${clients[i]}-${clients[end]}` : `${clients[i]}`);
    i = end + 1;
  }
  const names = parties.includes('coordinator') ? ['coordinator'] : [];
  if (clients.length > 0) names.push(`${clients.length > 1 ? 'clients' : 'client'} ${ranges.join(', ')}`);
  return names.join(' and ');
}

function condensed(waits: readonly string[]): string {
  const shown = waits.slice(0, 6).join('; ');
  return waits.length > 6 ? `${shown}; and ${waits.length - 6} more` : shown;
}
