import { GradswarmError } from '../errors.js';
import type { Absence, ClientIndex, ReadonlyVector } from '../method.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import { allFinite } from '../wire/finite.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { type Dispatch, noBytes } from './dispatch.js';
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
}

/** The `at` of a coordinator's half over one server step: it offers, and reads arrivals. */
export class TaskStep extends PartyRound {
  readonly sent = noBytes();
  private readonly offers: Offer[] = [];
  private readonly desk: TaskDesk;
  private readonly out: Dispatch;

  constructor({ host, plan, desk, dispatch, coding, clockMs }: StepAttempt) {
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
        memories: {},
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

  arrivals(kind: string): AsyncIterable<AnyArrival> & { readonly absent: readonly Absence[] } {
    const layout = this.host.layouts.get(kind)!;
    const absent: Absence[] = [];
    const send = (each: KindLayout, frame: Frame): number => this.out.send(this, each, frame, this.sent);
    const read = async function* (step: TaskStep) {
      for (;;) {
        step.desk.fill(step.offers, step.index, step.clockMs, send);
        const outcome = await step.desk.nextOutcome();
        if (!outcome) return;
        step.desk.seen?.(outcome);
        step.clockMs = Math.max(step.clockMs, outcome.arrivesAtMs);
        const { client, lost, frame } = outcome;
        if (lost) step.miss(layout, 0, client, lost, absent);
        const opened: AnyArrival[] = [];
        if (frame) step.open(layout, frame, opened, absent);
        step.desk.conclude(outcome, opened.length > 0);
        const age = step.index - outcome.step;
        for (const message of opened) yield { ...message, age, arrivedMs: outcome.arrivesAtMs };
      }
    };
    return { absent, [Symbol.asyncIterator]: () => read(this) };
  }
}
