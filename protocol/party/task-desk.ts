import { GradswarmError } from '../errors.js';
import type { Absence, ClientIndex, Rng } from '../method.js';
import type { EncodedMessage } from '../wire/encoded-message.js';
import { type Frame, joinBody } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { RoundPlan, Seal } from '../wire/seal.js';
import type { CrewReport, Settlement } from './crew.js';

/** What an idle client is given: encoded once, kept by reference until the last task that began with it is back. */
export interface Offer {
  readonly step: number;
  readonly layout: KindLayout;
  readonly message: EncodedMessage;
  /** null: all clients. */
  readonly to: ReadonlySet<ClientIndex> | null;
  /** 'once': the clients that have begun a task with it, and get no other. null: idle clients get one again. */
  readonly given: Set<ClientIndex> | null;
}

/** One task as plain data: with the client's record before it, all that is needed to do it again. */
export interface TaskRecord {
  readonly number: number;
  readonly client: ClientIndex;
  readonly step: number;
  readonly startMs: number;
  readonly kindIndex: number;
  readonly body: Uint8Array;
}

export interface Agenda {
  readonly next: number;
  readonly tasks: readonly TaskRecord[];
  /** Clients without an answer, and when their last tasks were over: none is given another before simulated time has moved. */
  readonly resting: readonly (readonly [client: ClientIndex, sinceMs: number])[];
  /** The last tasks in a row that brought no answer. */
  readonly inVain: number;
}

/** So many tasks in a row without an answer, and ten for each place, end the run: nothing will arrive. */
const IN_VAIN_AT_MOST = 1000;

interface Task {
  readonly number: number;
  readonly client: ClientIndex;
  readonly startMs: number;
  /** No task takes less: the model's way, and what the device takes for a round as such. */
  floorMs: number;
  readonly offer: Offer;
  frame: Frame | null;
  /** Did the client's half return without an answer? */
  silent: boolean;
  report: CrewReport | null;
}

/** A task that is over: its answer, or why there is none. */
export interface Outcome {
  readonly client: ClientIndex;
  readonly number: number;
  readonly step: number;
  readonly arrivesAtMs: number;
  readonly frame: Frame | null;
  readonly lost: Absence['why'] | null;
  readonly report: CrewReport;
}

export interface DeskOptions {
  readonly clientCount: number;
  /** Clients at work at once. */
  readonly places: number;
  /** Kind index of the answers. */
  readonly answerKind: number;
  shared(step: number): Rng;
  /** Kept from starting in this step, or lost. */
  away(client: ClientIndex, step: number): boolean;
  /** A task takes at least so long, whatever it does. */
  floorMs(client: ClientIndex, step: number, startMs: number): number;
  start(plan: RoundPlan): Promise<CrewReport>;
  settle(settlement: Settlement, cohort: readonly ClientIndex[]): void;
}

/**
 * The agenda of tasks: which client works on what since when, and whose answer comes next. A task is run as soon as it is given, so that the
 * simulated time of its answer is a fact and no estimate; the answer is kept until its time has come. The next arrival is
 * returned only when no task that is still computing can come before it.
 */
export class TaskDesk {
  /** Planted fault of the contract suite: what is known first arrives first. */
  byRealArrival = false;
  private next = 0;
  private readonly tasks = new Map<number, Task>();
  private readonly busy = new Set<ClientIndex>();
  private readonly resting = new Map<ClientIndex, number>();
  private inVain = 0;
  private failure: unknown = null;
  private wake: (() => void) | null = null;

  /** Called with every task that is over, in the order of arrival. */
  seen: ((outcome: Outcome) => void) | null = null;

  constructor(private readonly options: DeskOptions) {}

  /** Is a task under way? */
  get isWorking(): boolean {
    return this.tasks.size > 0;
  }

  /** Gives every free place to a client, at this simulated time. */
  fill(
    offers: readonly Offer[],
    step: number,
    nowMs: number,
    send: (layout: KindLayout, frame: Frame) => number,
  ): void {
    const { clientCount, places } = this.options;
    const left = places - this.tasks.size;
    if (left <= 0) return;
    let idle: ClientIndex[] = [];
    for (let client = 0; client < clientCount; client++)
      if (!this.busy.has(client) && offerFor(offers, client) && !this.options.away(client, step)) idle.push(client);
    // A task whose model was lost takes no time: its client would be given one after the other in the same instant.
    const rested = idle.filter((client) => !((this.resting.get(client) ?? Number.NEGATIVE_INFINITY) >= nowMs));
    // Time moves only while a task is under way. If none is, they try again.
    if (rested.length > 0 || this.tasks.size > 0) idle = rested;
    const chosen =
      idle.length <= left
        ? idle
        : Array.from(
            this.options.shared(step).derive('task', this.next).batch(idle.length, left).sort(),
            (i) => idle[i]!,
          );
    for (const client of chosen) this.begin(this.next++, client, nowMs, offerFor(offers, client)!, send);
  }

  private begin(
    number: number,
    client: ClientIndex,
    startMs: number,
    offer: Offer,
    send: (layout: KindLayout, frame: Frame) => number,
  ): void {
    const floorMs = this.options.floorMs(client, offer.step, startMs);
    const task: Task = { number, client, startMs, floorMs, offer, frame: null, silent: false, report: null };
    this.tasks.set(number, task);
    this.busy.add(client);
    offer.given?.add(client);
    const plan: RoundPlan = {
      index: offer.step,
      attempt: number,
      cohort: [client],
      absent: [],
      forgotten: [],
      inclusion: 1,
      startMs,
      task: true,
    };
    this.options.start(plan).then(
      (report) => {
        task.report = report;
        this.awake();
      },
      (error: unknown) => this.fail(error),
    );
    task.floorMs += send(offer.layout, {
      kindIndex: offer.layout.index,
      round: offer.step,
      attempt: number,
      step: 0,
      from: 'coordinator',
      to: client,
      arrivesAtMs: startMs,
      lost: null,
      messages: [offer.message],
    });
  }

  receive(frame: Frame | undefined, seal: Seal | undefined): void {
    const { attempt, round, from } = (frame ?? seal)!;
    const task = this.tasks.get(attempt);
    // An answer that comes twice, or is of another task.
    if (!task || task.offer.step !== round || task.client !== from) return;
    if (frame && frame.kindIndex === this.options.answerKind && frame.step === 0) task.frame ??= frame;
    if (seal && (seal.counts[this.options.answerKind] ?? 0) === 0) task.silent = true;
    this.awake();
  }

  /** The next task to be over in simulated time; null when no client is at work. */
  async nextOutcome(): Promise<Outcome | null> {
    for (;;) {
      if (this.failure) throw this.failure;
      if (this.tasks.size === 0) return null;
      let first: Outcome | null = null;
      let horizon = Number.POSITIVE_INFINITY;
      for (const task of this.tasks.values()) {
        const outcome = outcomeOf(task);
        if (!outcome) horizon = Math.min(horizon, task.startMs + task.floorMs);
        else if (!first || isBefore(outcome, first)) first = outcome;
      }
      if (first && (this.byRealArrival || first.arrivesAtMs < horizon)) {
        this.tasks.delete(first.number);
        return first;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Ends the task of an outcome. `used`: its answer was read. Throws ERR_STALLED when none has been for many tasks. */
  conclude({ number, client, step, arrivesAtMs, lost, frame }: Outcome, used: boolean): void {
    this.busy.delete(client);
    // A client that had nothing to answer keeps its state; one whose answer was not used goes back.
    const voided = !used && (lost || frame) ? [client] : [];
    this.options.settle({ round: step, attempt: number, abandoned: false, voided, undelivered: [] }, [client]);
    if (used) {
      this.resting.delete(client);
      this.inVain = 0;
      return;
    }
    this.resting.set(client, arrivesAtMs);
    const limit = Math.max(IN_VAIN_AT_MOST, 10 * this.options.places);
    if (++this.inVain < limit) return;
    const why = lost ?? (frame ? 'rejected' : 'its model did not arrive, or it has no examples');
    throw new GradswarmError(
      'ERR_STALLED',
      `step ${step}: expected an answer in ${limit} tasks, got none (the last, of client ${client}: ${why}); ` +
        "'faults', 'links' and 'data' must let some client get a model, train and answer",
    );
  }

  /** Waits until no client computes any more; what is on its way stays there. */
  async quiet(): Promise<void> {
    while (!this.failure && [...this.tasks.values()].some((task) => !outcomeOf(task)))
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    if (this.failure) throw this.failure;
  }

  agenda(): Agenda {
    const bodies = new Map<Offer, Uint8Array>();
    const bodyOf = (offer: Offer): Uint8Array => {
      let body = bodies.get(offer);
      if (!body) bodies.set(offer, (body = joinBody({ messages: [offer.message] })));
      return body;
    };
    return {
      next: this.next,
      resting: [...this.resting],
      inVain: this.inVain,
      tasks: [...this.tasks.values()].map(({ number, client, startMs, offer }) => ({
        number,
        client,
        step: offer.step,
        startMs,
        kindIndex: offer.layout.index,
        body: bodyOf(offer),
      })),
    };
  }

  /** Tasks that were under way are done again from what they were given: the same number, so the same bits. */
  restore(agenda: Agenda, layouts: readonly KindLayout[], send: (layout: KindLayout, frame: Frame) => number): void {
    this.next = agenda.next;
    this.inVain = agenda.inVain;
    for (const [client, sinceMs] of agenda.resting) this.resting.set(client, sinceMs);
    const offers = new Map<string, Offer>();
    for (const { number, client, step, startMs, kindIndex, body } of agenda.tasks) {
      const layout = layouts[kindIndex]!;
      const key = `${step} ${kindIndex}`;
      let offer = offers.get(key);
      if (!offer)
        offers.set(key, (offer = { step, layout, message: layout.split(body, 1)[0]!, to: null, given: null }));
      this.begin(number, client, startMs, offer, send);
    }
  }

  /** What waits for an arrival fails. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.awake();
  }

  private awake(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}

function offerFor(offers: readonly Offer[], client: ClientIndex): Offer | null {
  const offer = offers.findLast(({ to }) => to === null || to.has(client)) ?? null;
  return offer?.given?.has(client) ? null : offer;
}

/** null: still computing, or its answer has not come in yet. */
function outcomeOf({ number, client, startMs, floorMs, offer, frame, silent, report }: Task): Outcome | null {
  if (!report || (!frame && !silent)) return null;
  const whenMs = frame?.arrivesAtMs ?? report.parties[0]!.clockMs;
  const arrivesAtMs = Math.max(whenMs, startMs + floorMs);
  const lost = frame?.lost ?? null;
  return { client, number, step: offer.step, arrivesAtMs, frame: lost ? null : frame, lost, report };
}

function isBefore(a: Outcome, b: Outcome): boolean {
  return a.arrivesAtMs < b.arrivesAtMs || (a.arrivesAtMs === b.arrivesAtMs && a.number < b.number);
}

export function checkTaskKinds(kinds: readonly { readonly from: string; readonly to: string }[]): void {
  const down = kinds.filter(({ from, to }) => from === 'coordinator' && to === 'cohort').length;
  const up = kinds.filter(({ from, to }) => from === 'clients' && to === 'coordinator').length;
  if (down !== 1 || up !== 1 || kinds.length !== 2)
    throw new GradswarmError('ERR_PROTOCOL', 'a method of tasks has one kind to the cohort and one to the coordinator');
}
