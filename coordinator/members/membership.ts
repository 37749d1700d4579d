import { nanoid } from 'nanoid';
import type { ClientIndex } from '../../protocol/method.js';
import { sameText } from '../../protocol/sockets/admission.js';
import { step } from './seat-step.js';
import {
  newSeating,
  type SeatAction,
  type SeatEvent,
  type Seating,
  type SeatingOptions,
  type SeatingStart,
  type WorkerId,
} from './seats.js';

/** One worker process in a seat. */
export interface Member {
  /** Of the seat: `worker-2`. */
  readonly id: string;
  readonly seat: number;
  /** Of the process. */
  readonly worker: WorkerId;
  readonly name: string;
  readonly generation: number;
  readonly clients: readonly ClientIndex[];
  /** Opens this worker's frame socket; another one in each epoch. */
  token: string;
  lost: boolean;
}

/** Which worker hosts which clients: the seats, and a member for each that is held. */
export class Membership {
  private seating: Seating;
  private readonly members: (Member | null)[];
  private readonly gone = new Map<WorkerId, Member>();
  private readonly shares: readonly (readonly ClientIndex[])[];

  constructor(
    private readonly clientCount: number,
    workerCount: number,
    options: SeatingOptions,
    start: SeatingStart,
  ) {
    this.seating = newSeating(workerCount, options, start);
    this.members = new Array(workerCount).fill(null);
    // Seat k of W hosts clients k, k + W, … so that every worker has about as many of any cohort.
    this.shares = Array.from({ length: workerCount }, (_, seat) => {
      const clients: ClientIndex[] = [];
      for (let client = seat; client < clientCount; client += workerCount) clients.push(client);
      return clients;
    });
  }

  get state(): Seating {
    return this.seating;
  }

  /** What has to be done for an event, with members kept in step. */
  take(event: SeatEvent): readonly SeatAction[] {
    const { state, actions } = step(this.seating, event);
    this.seating = state;
    for (const action of actions) {
      // The same process may sit down again, after it had lost its seat.
      if (action.type === 'seated' && this.members[action.seat]?.generation !== action.generation)
        this.members[action.seat] = this.memberOf(action.worker, action.seat, action.generation);
      else if (action.type === 'vacated') {
        const member = this.members[action.seat];
        if (member) {
          member.lost = true;
          this.gone.set(member.worker, member);
        }
      }
    }
    return actions;
  }

  /** New keys for the frame sockets of the next epoch. */
  renewTokens(): void {
    for (const member of this.present()) member.token = nanoid();
  }

  present(): readonly Member[] {
    return this.members.filter((member): member is Member => member !== null && !member.lost);
  }

  /** The last holder of each seat that had one, lost or not. */
  seated(): readonly Member[] {
    return this.members.filter((member): member is Member => member !== null);
  }

  /** The last holder of the seat, lost or not. */
  seat(seat: number): Member | null {
    return this.members[seat] ?? null;
  }

  sharesById(): readonly { readonly worker: string; readonly clients: readonly ClientIndex[] }[] {
    return this.shares.map((clients, seat) => ({ worker: `worker-${seat}`, clients }));
  }

  /** Undefined: the run has no such client, or its seat is empty. */
  host(client: ClientIndex): Member | undefined {
    if (client >= this.clientCount) return undefined;
    return this.members[client % this.members.length] ?? undefined;
  }

  of(worker: WorkerId): Member | undefined {
    return this.present().find((member) => member.worker === worker);
  }

  byToken(token: string): Member | undefined {
    return this.present().find((member) => sameText(member.token, token));
  }

  /** A member whose seat was vacated, once. */
  takeGone(worker: WorkerId): Member | undefined {
    const member = this.gone.get(worker);
    this.gone.delete(worker);
    return member;
  }

  private memberOf(worker: WorkerId, seat: number, generation: number): Member {
    return {
      id: `worker-${seat}`,
      seat,
      worker,
      name: this.seating.seats[seat]!.lastName ?? '',
      generation,
      clients: this.shares[seat]!,
      token: nanoid(),
      lost: false,
    };
  }
}
