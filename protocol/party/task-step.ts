import { GradswarmError } from '../errors.js';
import type { Absence, ClientIndex, ReadonlyVector } from '../method.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import { allFinite } from '../wire/finite.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { ArrivalRules } from './arrival-rules.js';
import { type Dispatch, noBytes } from './dispatch.js';
import type { InboxMemory, OpenedMessage } from './inbox-rules.js';
import { RoundMailbox } from './mailbox.js';
import type { MessageCoding } from './message-coding.js';
import { PartyRound } from './round.js';
import type { Attempt } from './round-host.js';
import type { Offer, TaskDesk } from './task-desk.js';

// biome-ignore lint/suspicious/noExplicitAny: as in round.ts.
type AnyArrival = any;

function isFloats(value: AnyPayload[string]): value is ReadonlyVector {
  return value instanceof Float64Array || value instanceof Float32Array;
}

export interface StepAttempt extends Pick<Attempt, 'host' | 'plan' | 'clockMs'> {
  readonly desk: TaskDesk;
  readonly dispatch: Dispatch;
  readonly coding: MessageCoding;
  /** Of the coordinator's record. */
  readonly memories: Attempt['tools']['memories'];
}

/** The `at` of a coordinator's half over one server step: it offers, and reads arrivals. */
export class TaskStep extends PartyRound {
  readonly sent = noBytes();
  private readonly offers: Offer[] = [];
  private readonly desk: TaskDesk;
  private readonly out: Dispatch;
  /** By kind; made with the first arrival. */
  private readonly rules = new Map<string, ArrivalRules>();
  private readonly memories: StepAttempt['memories'];

  constructor({ host, plan, desk, dispatch, coding, memories, clockMs }: StepAttempt) {
    const noMailbox = new RoundMailbox('coordinator', plan.index, plan.attempt, { blocked() {}, released() {} });
    super({
      party: 'coordinator',
      host,
      plan,
      mailbox: noMailbox,
      dispatch,
      tools: {
        coding,
        events: host,
        stream: () => host.streamOf('coordinator', plan.index),
        memories,
        objective: () => {
          throw new GradswarmError('ERR_OBJECTIVE', 'the coordinator has no data');
        },
        privacy: () => {
          throw new GradswarmError('ERR_PRIVACY', 'expected a method of rounds: releases of tasks are not accounted');
        },
        undelivered: [],
        msPerRound: 0,
      },
      clockMs,
    });
    this.desk = desk;
    this.out = dispatch;
    this.memories = memories;
  }

  offer(
    kind: string,
    payload: AnyPayload,
    options: { readonly to?: readonly ClientIndex[]; readonly times?: 'once' | 'again' } = {},
  ): AnyPayload {
    const { layout, step } = this.kinds.outgoing(kind);
    // It would be refused by every client, and without an answer no later step could mend it.
    for (const vector of Object.values(payload))
      if (isFloats(vector) && !allFinite(vector))
        throw new GradswarmError(
          'ERR_NOT_FINITE',
          `coordinator, step ${this.index}, '${kind}': expected finite numbers; the run diverged: lower the step size or clip`,
        );
    const { message, delivered } = this.coding.encode(layout, step, null, payload, this);
    this.offers.push({
      step: this.index,
      layout,
      message,
      to: options.to ? new Set(options.to) : null,
      given: options.times === 'once' ? new Set() : null,
    });
    return delivered;
  }

  override post(kind: string): AnyPayload {
    throw this.kinds.misuse(`cannot post '${kind}': a method of tasks offers it`);
  }

  arrivals(
    kind: string,
    {
      together = null,
      around = null,
    }: { readonly together?: number | null; readonly around?: ReadonlyVector | null } = {},
  ): AsyncIterable<AnyArrival> & { readonly absent: readonly Absence[] } {
    const layout = this.host.layouts.get(kind)!;
    const absent: Absence[] = [];
    const send = (each: KindLayout, frame: Frame): number => this.out.send(this, each, frame, this.sent);
    const rules = this.rulesOf(kind);
    const folds = together !== null && rules?.hasSum;
    const read = async function* (step: TaskStep) {
      let kept: AnyArrival[] = [];
      for (;;) {
        step.desk.fill(step.offers, step.index, step.clockMs, send);
        const outcome = await step.desk.nextOutcome();
        if (!outcome) break;
        step.desk.seen?.(outcome);
        step.clockMs = Math.max(step.clockMs, outcome.arrivesAtMs);
        const { client, lost, frame, number } = outcome;
        if (lost) step.miss(layout, 0, client, lost, absent);
        const opened: AnyArrival[] = [];
        if (frame) step.open(layout, frame, opened, absent);
        step.desk.conclude(outcome, opened.length > 0);
        const age = step.index - outcome.step;
        for (const each of opened) {
          const message = rules?.arrived(each, { given: outcome.step, number }, around) ?? each;
          const arrival = { ...message, age, arrivedMs: outcome.arrivesAtMs };
          if (!folds) {
            step.remember(kind);
            yield arrival;
          } else if (kept.push(arrival) === together) {
            yield* step.fold(kind, kept, around);
            kept = [];
          }
        }
      }
      // No more can come: a fold of fewer.
      yield* step.fold(kind, kept, around);
    };
    return { absent, [Symbol.asyncIterator]: () => read(this) };
  }

  robustSum(
    kind: string,
  ): ((messages: readonly OpenedMessage[], around?: ReadonlyVector) => readonly OpenedMessage[]) | null {
    if (!this.rulesOf(kind)?.hasSum) return null;
    return (messages, around) => this.fold(kind, messages, around ?? null);
  }

  private fold<T extends OpenedMessage>(
    kind: string,
    messages: readonly T[],
    around: ReadonlyVector | null,
  ): readonly T[] {
    const folded = this.rulesOf(kind)?.fold(messages, around) ?? messages;
    this.remember(kind);
    return folded;
  }

  private rulesOf(kind: string): ArrivalRules | null {
    const { inboxRules, layouts } = this.host;
    if (!inboxRules) return null;
    let rules = this.rules.get(kind);
    if (!rules) {
      const address = { receiver: 'coordinator' as const, round: this.index, layout: layouts.get(kind)!, step: 0 };
      rules = new ArrivalRules(inboxRules, address, (this.memories[memoryKey(kind)] ?? null) as InboxMemory | null);
      this.rules.set(kind, rules);
    }
    return rules;
  }

  private remember(kind: string): void {
    const memory = this.rules.get(kind)?.memory;
    if (memory && (memory.aggregate || Object.keys(memory.forgers).length > 0))
      this.inboxMemories[memoryKey(kind)] = memory;
  }
}

/** As of a kind that is taken in the first step of a round. */
function memoryKey(kind: string): string {
  return `inbox ${kind}/0`;
}
