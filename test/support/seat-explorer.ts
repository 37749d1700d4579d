import { RoundTally, type Stamp } from '../../coordinator/members/round-tally.js';
import { step } from '../../coordinator/members/seat-step.js';
import {
  newSeating,
  openSeatFor,
  type SeatAction,
  type SeatEvent,
  type Seating,
  type SeatingOptions,
} from '../../coordinator/members/seats.js';
import { LossyLine } from './lossy-line.js';
import { seededRandom } from './seeded-random.js';

/**
 * A simulated network, clock and disk, with worker processes and a coordinator around the real state machine and the real
 * tally. Everything that happens is drawn from one seed: crashes, restarts, freezes, cuts, goodbyes, surplus workers, crashes of
 * the coordinator, delayed copies, slow checkpoints. A client's record is a number that depends on every round in order.
 */

export const BUGS = [
  'epoch not compared',
  'generation not raised',
  'committed not taken back',
  'checkpointed before it is on the disk',
  'unacknowledged messages thrown away at a cut',
  'torn checkpoint',
  'survivor keeps its record',
  'round committed twice',
  'abandoned attempt kept',
  'vacated worker not notified',
] as const;
export type Bug = (typeof BUGS)[number];

export interface Outcome {
  /** null: all held, and it ended as it should. */
  readonly failure: string | null;
  readonly faults: readonly string[];
}

const ROUNDS = 9;
const SEATS = 3;
const EVERY = 3;
const NAMES = ['a', 'b', 'c', 'd'];
/** `blink`: a cut that is always over before the seat is lost. */
const FAULTS = ['crash', 'freeze', 'cut', 'blink', 'coordinator', 'goodbye', 'surplus'] as const;
const OPTIONS: SeatingOptions = { onLoss: 'replay', silentMs: 150, waitMs: 1e9, prepareMs: 800 };

type Record = readonly number[];
// biome-ignore lint/suspicious/noExplicitAny: messages of a model; their senders and readers stand side by side below.
type Message = { readonly type: string; readonly [field: string]: any };

interface Worker {
  readonly id: string;
  readonly name: string;
  alive: boolean;
  frozenUntil: number;
  cutUntil: number;
  linked: boolean;
  joined: boolean;
  leaving: boolean;
  /** What its new connection begins with: a join, or that it is back. */
  greeting: Message | null;
  line: LossyLine<Message>;
  seat: number | null;
  epoch: number;
  generation: number;
  record: number;
  pending: { readonly index: number; readonly attempt: number; readonly record: number } | null;
}

/** The rounds of one epoch. */
interface Loop {
  readonly epoch: number;
  round: number;
  attempt: number;
  tally: RoundTally<true> | null;
  /** Seats whose clients are absent from here on (`onLoss` absent). */
  readonly lost: Set<number>;
  /** Absent seats of each round that is done. */
  readonly log: (readonly number[])[];
  collecting: { readonly got: Map<number, number>; readonly want: Set<number>; at: number | null } | null;
}

interface Checkpoint {
  readonly records: Record;
  readonly lost: readonly number[];
  readonly log: readonly (readonly number[])[];
}

const START: Checkpoint = { records: [1, 1, 1], lost: [], log: [] };

const advanced = (value: number, round: number, seat: number, absent: readonly number[]) =>
  (Math.imul(value, 1_000_003) + round * 31 + seat * 7 + absent.reduce((sum, k) => sum + 101 * (k + 1), 1)) >>> 0;

/** What every record should be after the rounds of a log. */
function truth(log: readonly (readonly number[])[]): Record {
  const values = [...START.records];
  for (const [round, absent] of log.entries())
    for (let k = 0; k < SEATS; k++) if (!absent.includes(k)) values[k] = advanced(values[k]!, round, k, absent);
  return values;
}

export class SeatExplorer {
  private readonly random: () => number;
  private readonly options: SeatingOptions;
  private readonly faults: string[] = [];
  private readonly workers = new Map<string, Worker>();
  private readonly disk = { checkpoints: new Map<number, Checkpoint>([[0, START]]), epoch: 0 };
  private readonly late: { readonly at: number; readonly worker: Worker; readonly message: Message }[] = [];
  private seating: Seating | null = null;
  private loop: Loop | null = null;
  private nowMs = 0;
  private faultCount = 0;
  private processes = 0;
  private restartAt: number | null = null;
  private failure: string | null = null;
  private ended: (SeatAction & { type: 'end' }) | null = null;

  /** `skip`: faults by number that do not happen, to shrink a history. */
  constructor(
    seed: number,
    onLoss: 'replay' | 'absent',
    private readonly bug: Bug | null = null,
    private readonly skip: ReadonlySet<number> = new Set(),
  ) {
    this.random = seededRandom(seed);
    this.options = { ...OPTIONS, onLoss };
  }

  run(): Outcome {
    this.startCoordinator();
    for (const name of NAMES.slice(0, SEATS)) this.spawn(name);
    while (this.nowMs < 20_000 && !this.ended && !this.failure) this.turn();
    if (!this.failure && !this.ended) this.failure = `it does not end: ${this.seating?.phase ?? 'no coordinator'}`;
    if (!this.failure && this.ended!.ending !== 'finished')
      this.failure = `it ended ${this.ended!.ending}: ${this.ended!.why}`;
    return { failure: this.failure, faults: this.faults };
  }

  private turn(): void {
    this.nowMs++;
    if (this.nowMs < 600 && this.random() < 0.02) this.fault();
    if (this.restartAt !== null && this.nowMs >= this.restartAt) this.startCoordinator();
    if (this.nowMs % 5 === 0) this.feed({ type: 'tick', nowMs: this.nowMs });
    for (const worker of [...this.workers.values()]) if (!worker.alive && this.random() < 0.05) this.spawn(worker.name);
    for (let i = this.late.length - 1; i >= 0; i--)
      if (this.late[i]!.at <= this.nowMs) {
        const [{ worker, message }] = this.late.splice(i, 1) as [(typeof this.late)[number]];
        this.received(worker, message);
      }
    const all = [...this.workers.values()];
    const worker = all[this.below(all.length)];
    if (worker?.alive && this.seating && worker.frozenUntil <= this.nowMs) this.act(worker);
    const { loop } = this;
    if (loop?.collecting?.at != null && this.nowMs >= loop.collecting.at) this.written(loop);
  }

  /** One thing that a worker process, or the network beside it, does. */
  private act(worker: Worker): void {
    if (!worker.linked) {
      if (worker.leaving) worker.alive = false;
      if (worker.leaving || worker.cutUntil > this.nowMs) return;
      worker.linked = true;
      worker.greeting = worker.joined ? { type: 'reopened', generation: worker.generation } : joinOf(worker);
      worker.joined = true;
      return;
    }
    if (this.random() < 0.3) worker.line.send('worker', { type: 'seen' });
    if (this.random() < 0.5) {
      const message = worker.greeting ?? worker.line.receive('worker');
      worker.greeting = null;
      if (!message) return;
      if (message.type === 'done' && this.random() < 0.2)
        this.late.push({ at: this.nowMs + this.below(300), worker, message });
      this.received(worker, message);
      if (message.type === 'goodbye') this.end(worker);
    } else {
      const message = worker.line.receive('coordinator');
      if (message) this.deliver(worker, message);
    }
  }

  /** The coordinator gets a message. */
  private received(worker: Worker, message: Message): void {
    if (!this.seating) return;
    const { loop } = this;
    if (message.type === 'done') {
      if (!loop?.tally) return;
      const stamp = message.stamp as Stamp;
      const accepted = loop.tally.accept(
        worker.id,
        this.bug === 'epoch not compared' ? { ...stamp, epoch: loop.epoch } : stamp,
        true,
      );
      if (accepted && stamp.epoch !== loop.epoch)
        this.failure ??= `round ${loop.round} has a report of epoch ${stamp.epoch} in epoch ${loop.epoch}`;
      if (loop.tally.complete && (accepted || this.bug === 'round committed twice')) this.commit(loop);
    } else if (message.type === 'records') {
      const { collecting } = loop ?? {};
      if (!collecting || message.epoch !== loop!.epoch || message.round !== loop!.round) return;
      if (collecting.want.delete(message.seat)) collecting.got.set(message.seat, message.record);
      this.startWriting(loop!);
    } else this.feed({ ...message, worker: worker.id, nowMs: this.nowMs } as unknown as SeatEvent);
  }

  /** A worker gets a message. */
  private deliver(worker: Worker, message: Message): void {
    const mine = message.epoch === worker.epoch && message.generation === worker.generation;
    if (message.type === 'seated') [worker.seat, worker.generation] = [message.seat, message.generation];
    else if (message.type === 'assign') {
      const keeps = this.bug === 'survivor keeps its record' && worker.epoch >= 0 && worker.seat === message.seat;
      if (!keeps) worker.record = message.record;
      [worker.epoch, worker.generation, worker.seat, worker.pending] = [
        message.epoch,
        message.generation,
        message.seat,
        null,
      ];
      worker.line.send('worker', { type: 'ready', epoch: worker.epoch, generation: worker.generation });
    } else if (message.type === 'begin' && mine) {
      const { index, attempt, absent } = message;
      worker.pending = { index, attempt, record: advanced(worker.record, index, worker.seat!, absent) };
      worker.line.send('worker', {
        type: 'done',
        stamp: { epoch: worker.epoch, generation: worker.generation, index, attempt },
      });
    } else if (message.type === 'settle' && mine) {
      const keep = !message.abandoned || this.bug === 'abandoned attempt kept';
      if (keep && worker.pending?.index === message.index && worker.pending?.attempt === message.attempt)
        worker.record = worker.pending!.record;
      worker.pending = null;
    } else if (message.type === 'collect' && mine)
      worker.line.send('worker', {
        type: 'records',
        seat: worker.seat,
        epoch: worker.epoch,
        round: message.round,
        record: worker.record,
      });
  }

  private feed(event: SeatEvent): void {
    if (!this.seating || this.failure) return;
    const before = this.seating;
    let { state, actions } = step(before, event);
    if (this.bug === 'generation not raised')
      state = { ...state, seats: state.seats.map((seat) => ({ ...seat, generation: 1 })) };
    if (this.bug === 'committed not taken back' && state.epoch > before.epoch)
      state = { ...state, committed: before.committed };
    this.seating = state;
    const [rule] = brokenRules(before, state);
    if (rule) this.failure = rule;
    for (const action of actions) this.perform(action);
  }

  private perform(action: SeatAction): void {
    const worker = 'worker' in action ? this.workers.get(action.worker) : undefined;
    const { disk } = this;
    if (action.type === 'vacated') {
      if (worker && this.bug !== 'vacated worker not notified') [worker.linked, worker.line] = [false, new LossyLine()];
    } else if (action.type === 'assign') {
      const checkpoint = disk.checkpoints.get(this.seating!.committed);
      if (!checkpoint)
        this.failure ??= `assigned from round ${this.seating!.committed}, of which there is no checkpoint`;
      else worker?.line.send('coordinator', { ...action, record: checkpoint.records[action.seat] });
      disk.epoch = Math.max(disk.epoch, action.epoch);
    } else if (action.type === 'run') {
      const { lost, log } = disk.checkpoints.get(action.from)!;
      const { epoch, from: round } = action;
      this.loop = { epoch, round, attempt: 0, tally: null, lost: new Set(lost), log: [...log], collecting: null };
      this.next(this.loop);
    } else if (action.type === 'abandon') this.loop = null;
    else if (action.type === 'lost') this.lose(action.seat);
    else if (action.type === 'end') this.ended = action;
    else if (action.type === 'resend') worker?.line.resume();
    else if (action.type === 'rejoin') {
      if (worker) [worker.line, worker.greeting, worker.pending] = [new LossyLine(), joinOf(worker), null];
    } else worker?.line.send('coordinator', action);
  }

  private next(loop: Loop): void {
    const { epoch, round: index, attempt } = loop;
    const absent = [...loop.lost].sort();
    if (absent.length === SEATS)
      return this.feed({ type: 'over', ending: 'finished', why: 'all lost', nowMs: this.nowMs });
    const invited = this.seating!.seats.filter(({ seat, holder }) => holder !== null && !loop.lost.has(seat));
    loop.tally = new RoundTally(
      { epoch, index, attempt },
      invited.map(({ holder, generation }) => [holder!, generation]),
    );
    for (const { holder, generation } of invited)
      this.workers.get(holder!)?.line.send('coordinator', { type: 'begin', epoch, generation, index, attempt, absent });
  }

  private commit(loop: Loop): void {
    this.settle(loop, false);
    loop.log.push([...loop.lost].sort());
    if (loop.log.length !== loop.round + 1) this.failure ??= `round ${loop.round} was committed twice`;
    loop.round++;
    loop.attempt = 0;
    if (this.bug !== 'round committed twice') loop.tally = null;
    this.feed({ type: 'committed', epoch: loop.epoch, round: loop.round, nowMs: this.nowMs });
    if (loop.round % EVERY > 0) return this.next(loop);
    const want = this.seating!.seats.filter(({ seat, holder }) => holder !== null && !loop.lost.has(seat));
    loop.collecting = { got: new Map(), want: new Set(want.map(({ seat }) => seat)), at: null };
    for (const { holder, generation } of want)
      this.workers
        .get(holder!)
        ?.line.send('coordinator', { type: 'collect', epoch: loop.epoch, generation, round: loop.round });
  }

  private settle({ epoch, round: index, attempt }: Loop, abandoned: boolean): void {
    for (const { holder, generation } of this.seating!.seats)
      if (holder !== null)
        this.workers
          .get(holder)
          ?.line.send('coordinator', { type: 'settle', epoch, generation, index, attempt, abandoned });
  }

  private startWriting(loop: Loop): void {
    const { collecting } = loop;
    if (!collecting || collecting.at !== null || collecting.want.size > 0) return;
    collecting.at = this.nowMs + this.below(20);
    if (this.bug === 'checkpointed before it is on the disk')
      this.feed({ type: 'checkpointed', epoch: loop.epoch, round: loop.round, nowMs: this.nowMs });
  }

  private written(loop: Loop): void {
    const { got } = loop.collecting!;
    const { checkpoints } = this.disk;
    const older = checkpoints.get(Math.max(...checkpoints.keys()))!;
    const torn = (seat: number) => this.bug === 'torn checkpoint' && seat === SEATS - 1;
    const records = older.records.map((old, seat) => (torn(seat) ? old : (got.get(seat) ?? old)));
    checkpoints.set(loop.round, { records, lost: [...loop.lost], log: [...loop.log] });
    loop.collecting = null;
    this.feed({ type: 'checkpointed', epoch: loop.epoch, round: loop.round, nowMs: this.nowMs });
    if (loop.round < ROUNDS) return this.next(loop);
    const expected = truth(loop.log);
    for (const [seat, record] of got)
      if (!loop.lost.has(seat) && record !== expected[seat]) this.failure ??= `seat ${seat} ends in another state`;
    this.feed({ type: 'over', ending: 'finished', why: 'all rounds are done', nowMs: this.nowMs });
  }

  /** `onLoss` absent: the attempt is abandoned and repeated without these clients. */
  private lose(seat: number): void {
    const { loop } = this;
    if (!loop) return;
    const wasHere = !loop.lost.has(seat);
    loop.lost.add(seat);
    if (loop.collecting) {
      loop.collecting.want.delete(seat);
      this.startWriting(loop);
    } else if (wasHere && loop.tally) {
      this.settle(loop, true);
      loop.attempt++;
      this.next(loop);
    }
  }

  private fault(): void {
    const kind = FAULTS[this.below(FAULTS.length)]!;
    const name = NAMES[this.below(NAMES.length)]!;
    const extra = this.below(400);
    const id = this.faultCount++;
    if (this.skip.has(id)) return;
    const worker = [...this.workers.values()].find((one) => one.name === name);
    this.faults.push(`${this.nowMs} #${id} ${kind}${kind === 'coordinator' ? '' : ` ${name}`}`);
    if (kind === 'crash' && worker?.alive) {
      this.end(worker);
      if (worker.joined)
        this.feed({
          type: this.random() < 0.5 ? 'closed' : 'died',
          worker: worker.id,
          why: 'crash',
          nowMs: this.nowMs,
        });
    } else if (kind === 'freeze' && worker?.alive) worker.frozenUntil = this.nowMs + extra;
    else if ((kind === 'cut' || kind === 'blink') && worker?.alive && worker.linked) {
      worker.linked = false;
      worker.cutUntil = this.nowMs + (kind === 'cut' ? extra : extra / 8);
      worker.line.cut();
      if (this.bug === 'unacknowledged messages thrown away at a cut') worker.line = new LossyLine();
      this.feed({ type: 'closed', worker: worker.id, nowMs: this.nowMs });
    } else if (kind === 'coordinator') {
      [this.seating, this.loop] = [null, null];
      this.restartAt = this.nowMs + 5 + extra;
    } else if (kind === 'goodbye' && worker?.alive && worker.linked) {
      worker.line.send('worker', { type: 'goodbye' });
      worker.leaving = true;
    } else if (kind === 'surplus' && !worker) this.spawn(name);
  }

  private startCoordinator(): void {
    this.restartAt = null;
    const epoch = ++this.disk.epoch;
    const round = Math.max(...this.disk.checkpoints.keys());
    this.seating = newSeating(SEATS, this.options, { epoch, round, nowMs: this.nowMs });
    for (const worker of this.workers.values())
      [worker.line, worker.greeting, worker.linked] = [new LossyLine(), null, false];
  }

  private spawn(name: string): void {
    for (const [id, worker] of this.workers) if (worker.name === name) this.workers.delete(id);
    const id = `${name}${++this.processes}`;
    const fresh = { alive: true, frozenUntil: 0, cutUntil: 0, linked: false, joined: false, leaving: false };
    const empty = {
      greeting: null,
      line: new LossyLine<Message>(),
      seat: null,
      epoch: -1,
      generation: -1,
      record: 0,
      pending: null,
    };
    this.workers.set(id, { id, name, ...fresh, ...empty });
  }

  private end(worker: Worker): void {
    [worker.alive, worker.linked] = [false, false];
    worker.line.cut();
  }

  private below(count: number): number {
    return Math.floor(this.random() * count);
  }
}

function joinOf({ name, seat }: Worker): Message {
  return { type: 'join', name, seat };
}

/** What must hold after every step; each broken rule in words. */
function brokenRules(before: Seating, after: Seating): readonly string[] {
  const broken: string[] = [];
  const holders = after.seats.flatMap(({ holder }) => (holder === null ? [] : [holder]));
  if (new Set(holders).size !== holders.length) broken.push('a worker holds two seats');
  if (after.spares.some((worker) => holders.includes(worker))) broken.push('a spare worker holds a seat');
  if (after.phase !== 'over' && after.spares.length > 0 && openSeatFor(after, '', null))
    broken.push('a seat is open while a spare worker waits');
  for (const [i, seat] of after.seats.entries()) {
    const was = before.seats[i]!;
    if (seat.generation < was.generation) broken.push('a generation fell');
    if (seat.holder !== null && seat.holder !== was.holder && seat.generation === was.generation)
      broken.push('a new holder without a new generation');
  }
  if (after.epoch < before.epoch) broken.push('the epoch fell');
  if (after.checkpointed > after.committed) broken.push('a checkpoint of a round that is not done');
  if (after.committed < before.committed && after.epoch === before.epoch)
    broken.push('a round was taken back within an epoch');
  if (
    after.phase === 'running' &&
    after.seats.some(({ holder, ready, closed }) => !closed && (holder === null || !ready))
  )
    broken.push('rounds run while a seat is empty');
  return broken;
}
