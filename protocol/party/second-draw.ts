import { GradswarmError } from '../errors.js';
import type { PartyId } from '../method.js';
import type { RoundPlan } from '../wire/seal.js';
import type { RoundMailbox } from './mailbox.js';
import type { MessageCoding } from './message-coding.js';
import type { PartyServices } from './party-services.js';
import type { PartyRecord } from './record.js';
import { PartyRound } from './round.js';
import type { RoundEvents } from './round-host.js';

/** What was missed is reported by the first draw. */
const SILENT: RoundEvents = { absence() {}, refused() {} };

/**
 * Runs a party's round once more with other random numbers: the same state and received messages, nothing sent. What it
 * encodes is an independent draw of what was sent. `mailbox` must have kept what was read. Returns the clock at its end.
 */
export async function secondDraw(
  party: PartyId,
  services: PartyServices,
  record: PartyRecord,
  plan: RoundPlan,
  mailbox: RoundMailbox,
  clockMs: number,
): Promise<{ readonly coding: MessageCoding; readonly clockMs: number }> {
  const { host, dispatch } = services;
  const coding = services.coding(party, record);
  const round = new PartyRound(
    host,
    party,
    plan,
    mailbox,
    { send: () => 0, deadline: (receiver) => dispatch.deadline(receiver) },
    {
      coding,
      events: SILENT,
      stream: () => host.streamOf(party, plan.index).derive('repeat'),
      objective: (at) => services.objective(party, at),
      privacy: () => {
        throw new GradswarmError(
          'ERR_PRIVACY',
          "a codec that chooses its level, such as 'adaptive', does a client's round twice, which would be a second " +
            'release; choose another codec',
        );
      },
      memories: record.memories,
      undelivered: record.undelivered,
      msPerRound: 0,
    },
    clockMs,
  );
  // biome-ignore lint/suspicious/noExplicitAny: the round serves both sides; the method's own types are narrower.
  await host.halfOf(party).round(record.state as any, round as any);
  return { coding, clockMs: round.clockMs };
}
