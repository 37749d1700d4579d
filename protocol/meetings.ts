/** Asynchronous methods of peers: two clients meet whenever one of them has finished a gradient. */

import type { ClientRound, Half, HalfOrMaker, MessageKinds, Method, Objective } from './method.js';
import { extension } from './settings/extension.js';

/** A meeting as one of the two sees it: `links` are those of the pair, and of a client by itself where no neighbour is there to meet. */
export interface ClientMeeting<H, M extends MessageKinds, O extends Objective = Objective>
  extends ClientRound<H, M, O> {
  /** Has this client finished its gradient? The other one averages, and continues with its own. */
  readonly isReady: boolean;
}

/**
 * A method of peers alone whose rounds are meetings: of the client whose gradient is finished first in simulated time, and a neighbour drawn
 * uniformly. In round 0 every client is ready and by itself. What a ready client computes is finished when its half returns; what it
 * sends before that is sent at the meeting.
 */
export function defineMeetings<H, const M extends MessageKinds, C>(
  method: Omit<Method<H, M, C, never, Objective>, 'coordinator' | 'client' | 'schedule' | 'cohort'> & {
    readonly client: HalfOrMaker<H, Half<C, ClientMeeting<H, M>, H>>;
  },
): Method<H, M, C, never, Objective> {
  return extension('method', { ...method, schedule: 'meetings' } as unknown as Method<H, M, C, never, Objective>);
}
