import type { ClientIndex, PartyId } from '../../protocol/method.js';
import type { Trip } from '../../protocol/party/crew.js';
import { bodyBytes, type Frame, type FrameAddress, wireBytes } from '../../protocol/wire/frame.js';

interface Sent {
  readonly atMs: number;
  readonly bytesDown: number;
  trip: Trip | null;
}

type Attempt = Pick<FrameAddress, 'round' | 'attempt'>;

/**
 * When the first frame of a round left for each client and its first answer came: what links take, measured. Of the attempt that the last
 * frame was of, and so of no more clients than a cohort has.
 */
export class Trips {
  private attempt: Attempt | null = null;
  private readonly sent = new Map<PartyId, Sent>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The coordinator's half has posted it; a hold of the wall clock comes after this. */
  left(frame: Frame): void {
    if (!this.isOf(frame)) {
      this.sent.clear();
      this.attempt = { round: frame.round, attempt: frame.attempt };
    }
    if (this.sent.has(frame.to)) return;
    this.sent.set(frame.to, { atMs: this.now(), bytesDown: wireBytes(bodyBytes(frame), false), trip: null });
  }

  came(header: Attempt & Pick<FrameAddress, 'from'>, bodyLength: number): void {
    const sent = this.isOf(header) ? this.sent.get(header.from) : undefined;
    if (!sent || sent.trip !== null) return;
    const { atMs, bytesDown } = sent;
    sent.trip = { spanMs: this.now() - atMs, bytesDown, bytesUp: wireBytes(bodyLength, true) };
  }

  of({ index: round, attempt }: { readonly index: number; readonly attempt: number }): ReadonlyMap<ClientIndex, Trip> {
    const found = new Map<ClientIndex, Trip>();
    if (!this.isOf({ round, attempt })) return found;
    for (const [client, { trip }] of this.sent) if (trip) found.set(client as ClientIndex, trip);
    return found;
  }

  private isOf({ round, attempt }: Attempt): boolean {
    return this.attempt?.round === round && this.attempt.attempt === attempt;
  }
}
