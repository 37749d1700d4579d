import {
  type Ending,
  MOST_DEATHS,
  openSeatFor,
  type Seat,
  type SeatAction,
  type SeatEvent,
  type Seating,
  type WorkerId,
} from './seats.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;

/** What an event changes, and what has to be done for it. */
export function step(seating: Seating, event: SeatEvent): { state: Seating; actions: readonly SeatAction[] } {
  const under = new Step(seating, event.nowMs);
  under.take(event);
  return { state: under.state, actions: under.actions };
}

/** One step under way. */
class Step {
  readonly actions: SeatAction[] = [];

  constructor(
    public state: Seating,
    private readonly nowMs: number,
  ) {}

  take(event: SeatEvent): void {
    if (this.state.phase === 'over') {
      if (event.type === 'join')
        this.actions.push({ type: 'release', worker: event.worker, ending: this.state.ending! });
      return;
    }
    switch (event.type) {
      case 'join':
        return this.join(event.worker, event.name, event.seat);
      case 'reopened':
        return this.reopened(event.worker, event.generation);
      case 'goodbye':
        return this.gone(event.worker, 'it left');
      case 'died':
        return this.gone(event.worker, event.why, true);
      case 'broke':
        return this.gone(event.worker, event.why);
      case 'unfit':
        this.actions.push({ type: 'refuse', worker: event.worker, why: event.why });
        return this.gone(event.worker, event.why);
      case 'closed':
        return this.closed(event.worker);
      case 'seen': {
        const seat = this.seatOf(event.worker);
        if (seat?.link === 'up') this.change(seat, { seenMs: this.nowMs });
        return;
      }
      case 'ready': {
        const seat = this.seatOf(event.worker);
        if (!seat || this.state.phase !== 'preparing') return;
        if (event.epoch !== this.state.epoch || event.generation !== seat.generation) return;
        this.change(seat, { ready: true, seenMs: this.nowMs });
        if (this.state.seats.every(({ ready, closed }) => ready || closed)) this.run();
        return;
      }
      case 'committed':
        if (event.epoch !== this.state.epoch || this.state.phase !== 'running') return;
        this.set({ committed: event.round, barren: 0 });
        return;
      case 'checkpointed':
        if (event.epoch !== this.state.epoch || this.state.phase !== 'running') return;
        this.set({ checkpointed: event.round });
        return;
      case 'over':
        return this.end(event.ending, event.why);
      case 'delayed': {
        const seen = (seat: Seat) => Math.min(this.nowMs, seat.seenMs + event.ms);
        return this.set({ seats: this.state.seats.map((seat) => ({ ...seat, seenMs: seen(seat) })) });
      }
      case 'tick':
        return this.tick();
    }
  }

  private join(worker: WorkerId, name: string, wish: number | null): void {
    const { seats, spares } = this.state;
    if (spares.includes(worker)) {
      this.actions.push({ type: 'spare', worker });
      return;
    }
    const mine = this.seatOf(worker);
    if (mine) {
      // Asked twice: the same answer, and no new generation.
      this.change(mine, { link: 'up', seenMs: this.nowMs });
      this.actions.push({ type: 'seated', worker, seat: mine.seat, generation: mine.generation });
      return;
    }
    this.set({ names: new Map(this.state.names).set(worker, name) });
    const open = openSeatFor(this.state, name, wish);
    if (open) this.sit(open, worker);
    else {
      this.set({ spares: [...spares, worker] });
      // A holder that is unreachable is not waited for while another worker is here.
      const dark = seats.filter(({ link, closed }) => link === 'down' && !closed);
      const chosen = dark.find(({ lastName }) => lastName === name) ?? dark[0];
      if (chosen) this.vacate(chosen, 'it was unreachable, and another worker came');
      else this.actions.push({ type: 'spare', worker });
    }
    this.prepare();
  }

  private reopened(worker: WorkerId, generation: number): void {
    const seat = this.seatOf(worker);
    if (seat?.generation === generation) {
      this.change(seat, { link: 'up', seenMs: this.nowMs });
      this.actions.push({ type: 'resend', worker });
    } else this.actions.push({ type: 'rejoin', worker });
  }

  private closed(worker: WorkerId): void {
    const seat = this.seatOf(worker);
    if (!seat) return this.forget(worker);
    this.change(seat, { link: 'down' });
    if (this.state.spares.length > 0) this.vacate(this.seatOf(worker)!, 'it was unreachable, and a spare worker waits');
  }

  private gone(worker: WorkerId, why: string, died = false): void {
    const seat = this.seatOf(worker);
    if (!seat) return this.forget(worker);
    const { deaths, committed, phase } = this.state;
    if (died && phase === 'running') {
      const again = deaths.round === committed && deaths.seat === seat.seat;
      const count = again ? deaths.count + 1 : 1;
      this.set({ deaths: { round: committed, seat: seat.seat, count } });
      if (count >= MOST_DEATHS)
        return this.end(
          'failed',
          `worker-${seat.seat} ended ${count} times in round ${committed + 1}; its log may have the reason`,
        );
    }
    this.vacate(seat, why);
  }

  private tick(): void {
    const { options, seats, sinceMs } = this.state;
    for (const { seat } of seats) {
      const now = this.state.seats[seat]!;
      if (now.holder !== null && this.nowMs - now.seenMs > options.silentMs)
        this.vacate(now, `it sent nothing for workers.heartbeatMs = ${options.silentMs} ms`);
    }
    if (this.state.phase === 'gathering' && this.nowMs - sinceMs > options.waitMs) {
      const empty = this.state.seats.filter(({ holder, closed }) => holder === null && !closed);
      if (empty.length > 0)
        return this.end(
          'again',
          `no worker came for ${empty.map(({ seat }) => `worker-${seat}`).join(', ')} within workers.joinTimeoutMs = ${options.waitMs} ms`,
        );
    }
    if (this.state.phase === 'preparing' && this.nowMs - this.state.sinceMs > options.prepareMs)
      for (const { seat } of this.state.seats.filter(({ ready, closed }) => !ready && !closed))
        if (this.state.phase === 'preparing') this.vacate(this.state.seats[seat]!, 'it was not ready in time');
    this.prepare();
  }

  private sit(seat: Seat, worker: WorkerId): void {
    const generation = seat.generation + 1;
    const lastName = this.state.names.get(worker) ?? null;
    this.change(seat, { holder: worker, generation, ready: false, link: 'up', seenMs: this.nowMs, lastName });
    this.set({ spares: this.state.spares.filter((spare) => spare !== worker) });
    this.actions.push({ type: 'seated', worker, seat: seat.seat, generation });
  }

  /** The seat is open again, or closed permanently where the scenario continues without its clients. */
  private vacate(seat: Seat, why: string): void {
    const worker = seat.holder!;
    const { phase, options, spares } = this.state;
    const leavesPermanently = phase === 'running' && options.onLoss === 'absent';
    this.change(seat, { holder: null, ready: false, link: 'down', closed: leavesPermanently });
    const names = new Map(this.state.names);
    names.delete(worker);
    this.set({ names });
    this.actions.push({ type: 'vacated', worker, seat: seat.seat, why });
    if (leavesPermanently) {
      this.actions.push({ type: 'lost', seat: seat.seat, why });
      return;
    }
    if (phase === 'running' && options.onLoss === 'fail') return this.end('failed', `worker-${seat.seat}: ${why}`);
    const [spare] = spares;
    if (spare !== undefined) this.sit(this.state.seats[seat.seat]!, spare);
    if (phase === 'running' || phase === 'preparing') this.abandon(`worker-${seat.seat}: ${why}`);
  }

  /** The stretch is over: back to the newest checkpoint. */
  private abandon(why: string): void {
    const { epoch, checkpointed, barren } = this.state;
    this.actions.push({ type: 'abandon', epoch, why });
    const delayMs = barren === 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (barren - 1));
    this.set({
      epoch: epoch + 1,
      committed: checkpointed,
      seats: this.state.seats.map((seat) => ({ ...seat, ready: false })),
      phase: 'gathering',
      sinceMs: this.nowMs,
      barren: barren + 1,
      notBeforeMs: this.nowMs + delayMs,
    });
    this.prepare();
  }

  /** Every seat is assigned again: remaining workers discard what the abandoned rounds left in them. */
  private prepare(): void {
    const { phase, seats, notBeforeMs, epoch } = this.state;
    if (phase !== 'gathering' || this.nowMs < notBeforeMs) return;
    // A holder that is unreachable comes back or loses its seat, which would end an epoch that began without it.
    if (seats.some(({ holder, link, closed }) => !closed && (holder === null || link === 'down'))) return;
    this.set({ phase: 'preparing', sinceMs: this.nowMs });
    for (const { holder, seat, generation, closed } of seats)
      if (!closed) this.actions.push({ type: 'assign', worker: holder!, seat, epoch, generation });
  }

  private run(): void {
    this.set({ phase: 'running', sinceMs: this.nowMs });
    this.actions.push({ type: 'run', epoch: this.state.epoch, from: this.state.committed });
  }

  private end(ending: Ending, why: string): void {
    const workers = [...this.state.seats.flatMap(({ holder }) => holder ?? []), ...this.state.spares];
    this.set({ phase: 'over', ending });
    for (const worker of workers) this.actions.push({ type: 'release', worker, ending });
    this.actions.push({ type: 'end', ending, why });
  }

  private forget(worker: WorkerId): void {
    this.set({ spares: this.state.spares.filter((spare) => spare !== worker) });
  }

  private seatOf(worker: WorkerId): Seat | undefined {
    return this.state.seats.find(({ holder }) => holder === worker);
  }

  private change({ seat }: Seat, changes: Partial<Seat>): void {
    this.set({ seats: this.state.seats.map((one) => (one.seat === seat ? { ...one, ...changes } : one)) });
  }

  private set(changes: Partial<Seating>): void {
    this.state = { ...this.state, ...changes };
  }
}
