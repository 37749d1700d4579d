import type * as control from '../../protocol/wire/control-messages.js';
import type { Membership } from './membership.js';
import type { Seat } from './seats.js';

/** Who hosts clients, as observers are sent it. */
export function seatTable(membership: Membership, rounds: number, nowMs: number): control.Seats {
  const { phase, epoch, committed, seats, spares, names } = membership.state;
  const shares = membership.sharesById();
  return {
    phase,
    epoch,
    round: committed,
    rounds,
    seats: seats.map((seat) => ({
      seat: seat.seat,
      generation: seat.generation,
      name: seat.lastName,
      state: stateOf(seat),
      clients: shares[seat.seat]!.clients.length,
      silentMs: seat.holder === null ? null : Math.max(0, Math.round(nowMs - seat.seenMs)),
    })),
    spares: spares.map((worker) => names.get(worker) ?? worker),
  };
}

function stateOf({ holder, link, ready }: Seat): control.Seats['seats'][number]['state'] {
  if (holder === null) return 'open';
  if (link === 'down') return 'down';
  return ready ? 'ready' : 'loading';
}
