import { GradswarmError } from '../errors.js';
import type { MessageCoding } from './message-coding.js';
import type { PartyServices } from './party-services.js';
import type { PartyRecord } from './record.js';
import { PartyRound } from './round.js';
import type { Attempt, RoundEvents } from './round-host.js';

/** What was missed is reported by the first draw. */
const SILENT: RoundEvents = { absence() {}, refused() {} };

/** The draw that was sent, and the record that it began with. */
export interface FirstDraw extends Pick<Attempt, 'party' | 'plan' | 'mailbox' | 'clockMs'> {
  readonly record: PartyRecord;
}

/**
 * Runs a party's round once more with other random numbers: the same state and received messages, nothing sent. What it
 * encodes is an independent draw of what was sent. `mailbox` must have kept what was read. Returns the clock at its end.
 */
export async function secondDraw(
  services: PartyServices,
  { party, record, plan, mailbox, clockMs }: FirstDraw,
): Promise<{ readonly coding: MessageCoding; readonly clockMs: number }> {
  const { host, dispatch } = services;
  const coding = services.coding(party, record);
  const round = new PartyRound({
    party,
    host,
    plan,
    mailbox,
    dispatch: { send: () => 0, deadline: (receiver) => dispatch.deadline(receiver), lostSentMs: () => 0 },
    tools: {
      coding,
      events: SILENT,
      stream: () => host.streamOf(party, plan.index).derive('repeat'),
      objective: (at) => services.objective(party, at),
      privacy: () => {
        throw new GradswarmError(
          'ERR_PRIVACY',
          "a codec that chooses its level by measurements does a client's round twice, which would be a second release; " +
            'choose a codec of one level',
        );
      },
      memories: record.memories,
      undelivered: record.undelivered,
      msPerRound: 0,
    },
    clockMs,
  });
  // biome-ignore lint/suspicious/noExplicitAny: the round serves both sides; the method's own types are narrower.
  await host.halfOf(party).round(record.state as any, round as any);
  services.released(round);
  return { coding, clockMs: round.clockMs };
}
