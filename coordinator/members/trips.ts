import type { ClientIndex, PartyId } from '../../protocol/method.js';
import type { Trip } from '../../protocol/party/crew.js';
import { bodyBytes, type Frame, type FrameAddress, wireBytes } from '../../protocol/wire/frame.js';

interface Sent {
  readonly round: number;
  readonly attempt: number;
  readonly atMs: number;
  readonly bytesDown: number;
  trip: Trip | null;
}

/** When the first frame of a round left for each client and its first answer came: what links take, measured. */
export class Trips {
  private readonly sent = new Map<PartyId, Sent>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The coordinator's half has posted it; a hold of the wall clock comes after this. */
  left(frame: Frame): void {
    const { to, round, attempt } = frame;
    const before = this.sent.get(to);
    if (before?.round === round && before.attempt === attempt) return;
    const bytesDown = wireBytes(bodyBytes(frame), false);
    this.sent.set(to, { round, attempt, atMs: this.now(), bytesDown, trip: null });
  }

  came({ from, round, attempt }: Pick<FrameAddress, 'from' | 'round' | 'attempt'>, bodyLength: number): void {
    const sent = this.sent.get(from);
    if (sent?.round !== round || sent.attempt !== attempt || sent.trip !== null) return;
    const { atMs, bytesDown } = sent;
    sent.trip = { spanMs: this.now() - atMs, bytesDown, bytesUp: wireBytes(bodyLength, true) };
  }

  of(plan: { readonly index: number; readonly attempt: number }): ReadonlyMap<ClientIndex, Trip> {
    const found = new Map<ClientIndex, Trip>();
    for (const [client, { round, attempt, trip }] of this.sent)
      if (trip && round === plan.index && attempt === plan.attempt) found.set(client as ClientIndex, trip);
    return found;
  }
}
