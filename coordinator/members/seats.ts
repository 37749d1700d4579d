/**
 * Who hosts which clients, as a pure state machine: events in, actions out; no socket, clock or randomness. Clients are dealt to
 * W seats once and for all (seat k: clients k, k + W, …); workers, each one process, come and go.
 *
 * `generation` of a seat: rises with each holder. `epoch`: one stretch of the run, from one checkpoint on; rises with each loss
 * that sends the run back. What carries another generation or epoch is ignored.
 */

/** One worker process, by a text that it draws at its start. */
export type WorkerId = string;

export interface Seat {
  readonly seat: number;
  readonly holder: WorkerId | null;
  readonly generation: number;
  /** The holder has its clients, data and connections for this epoch. */
  readonly ready: boolean;
  readonly link: 'up' | 'down';
  /** When the holder last gave a sign of life. */
  readonly seenMs: number;
  /** Name of the last holder: two processes may share one. */
  readonly lastName: string | null;
  /** Its clients are absent for the rest of the run (`onLoss` absent). */
  readonly closed: boolean;
}

export interface SeatingOptions {
  readonly onLoss: 'replay' | 'absent' | 'fail';
  /** A holder that gives no sign of life for longer loses its seat. */
  readonly silentMs: number;
  /** For workers to take all seats. */
  readonly waitMs: number;
  /** For all holders to load their data. */
  readonly prepareMs: number;
}

/** The epoch that begins, and the rounds that its checkpoint holds. */
export interface SeatingStart {
  readonly epoch: number;
  readonly round: number;
  readonly nowMs: number;
}

/** How a run ended; `again`: the same run may be continued. */
export type Ending = 'finished' | 'failed' | 'again';

export interface Seating {
  readonly options: SeatingOptions;
  readonly phase: 'gathering' | 'preparing' | 'running' | 'over';
  readonly epoch: number;
  /** Rounds that are done, and those of them that a checkpoint on the disk holds. */
  readonly committed: number;
  readonly checkpointed: number;
  readonly seats: readonly Seat[];
  readonly spares: readonly WorkerId[];
  /** What workers that are here like to be called. */
  readonly names: ReadonlyMap<WorkerId, string>;
  /** Since when the phase lasts. */
  readonly sinceMs: number;
  /** The next epoch does not begin before, so that a flapping connection does not make all others load for nothing. */
  readonly notBeforeMs: number;
  /** Epochs in a row in which no round was done. */
  readonly barren: number;
  /** The last seats whose process ended in a running round: repeated ends of one seat are no accident. */
  readonly deaths: { readonly round: number; readonly seat: number; readonly count: number };
  readonly ending: Ending | null;
}

export type SeatEvent = { readonly nowMs: number } & (
  | { readonly type: 'join'; readonly worker: WorkerId; readonly name: string; readonly seat: number | null }
  /** A worker that was cut off is back and has lost nothing. */
  | { readonly type: 'reopened'; readonly worker: WorkerId; readonly generation: number }
  | { readonly type: 'goodbye' | 'closed' | 'seen'; readonly worker: WorkerId }
  /** Its process has ended, or its connection is lost. */
  | { readonly type: 'died'; readonly worker: WorkerId; readonly why: string }
  | { readonly type: 'ready'; readonly worker: WorkerId; readonly epoch: number; readonly generation: number }
  /** The worker is refused: its data or version differs. */
  | { readonly type: 'unfit'; readonly worker: WorkerId; readonly why: string }
  /** It broke the protocol, or did not answer in time. */
  | { readonly type: 'broke'; readonly worker: WorkerId; readonly why: string }
  | { readonly type: 'committed' | 'checkpointed'; readonly epoch: number; readonly round: number }
  | { readonly type: 'over'; readonly ending: Ending; readonly why: string }
  /** This process did not run for so long: no worker counts as silent in that time. */
  | { readonly type: 'delayed'; readonly ms: number }
  | { readonly type: 'tick' }
);

/** `Omit` of each member of a union: an event before its time is known. */
export type WithoutTime<E> = E extends unknown ? Omit<E, 'nowMs'> : never;

export type SeatAction =
  | { readonly type: 'seated'; readonly worker: WorkerId; readonly seat: number; readonly generation: number }
  | { readonly type: 'spare' | 'rejoin' | 'resend'; readonly worker: WorkerId }
  | { readonly type: 'refuse'; readonly worker: WorkerId; readonly why: string }
  | { readonly type: 'release'; readonly worker: WorkerId; readonly ending: Ending }
  /** Its connections have to be closed: otherwise the worker waits without end. */
  | { readonly type: 'vacated'; readonly worker: WorkerId; readonly seat: number; readonly why: string }
  | {
      readonly type: 'assign';
      readonly worker: WorkerId;
      readonly seat: number;
      readonly epoch: number;
      readonly generation: number;
    }
  /** All are ready: the rounds after `from` may begin. */
  | { readonly type: 'run'; readonly epoch: number; readonly from: number }
  | { readonly type: 'abandon'; readonly epoch: number; readonly why: string }
  /** The seat's clients are absent from now on. */
  | { readonly type: 'lost'; readonly seat: number; readonly why: string }
  | { readonly type: 'end'; readonly ending: Ending; readonly why: string };

/** Deaths of one seat's process in the same round, after which the run ends. */
export const MOST_DEATHS = 5;

export function newSeating(seatCount: number, options: SeatingOptions, start: SeatingStart): Seating {
  const seat = {
    holder: null,
    generation: 0,
    ready: false,
    link: 'down',
    seenMs: 0,
    lastName: null,
    closed: false,
  } as const;
  return {
    options,
    phase: 'gathering',
    epoch: start.epoch,
    committed: start.round,
    checkpointed: start.round,
    seats: Array.from({ length: seatCount }, (_, index) => ({ ...seat, seat: index })),
    spares: [],
    names: new Map(),
    sinceMs: start.nowMs,
    notBeforeMs: start.nowMs,
    barren: 0,
    deaths: { round: -1, seat: -1, count: 0 },
    ending: null,
  };
}

/** The seat that a newcomer takes: the wished one, else the one last held under its name, else one never held, else the first. */
export function openSeatFor(seating: Seating, name: string, wish: number | null): Seat | undefined {
  const open = seating.seats.filter(({ holder, closed }) => holder === null && !closed);
  return (
    open.find(({ seat }) => seat === wish) ??
    open.find(({ lastName }) => lastName === name) ??
    open.find(({ lastName }) => lastName === null) ??
    open[0]
  );
}
