import type { MessageKinds, PartyId } from '../../protocol/method.js';
import { PostOffice, type PostOfficeOptions } from '../../protocol/party/post-office.js';
import type { AnyPayload } from '../../protocol/wire/encoded-message.js';
import type { Frame } from '../../protocol/wire/frame.js';
import { type KindLayout, layoutsOf } from '../../protocol/wire/layout.js';

/** Kinds for tests of boxes and offices. By name: `gradient` has index 0, `model` 1. */
export const KINDS: MessageKinds = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'] },
};
export const LAYOUTS: ReadonlyMap<string, KindLayout> = layoutsOf(KINDS, 'float64');
export const GRADIENT = 0;
export const MODEL = 1;

/** A gradient of one number from client 0 to the coordinator, by default. */
export function gradientFrame(from: PartyId, value: number, more: Partial<Frame> = {}): Frame {
  const payload: AnyPayload = { gradient: Float64Array.of(value), examples: 1 };
  return {
    kindIndex: GRADIENT,
    round: 0,
    attempt: 0,
    step: 0,
    from,
    to: 'coordinator',
    arrivesAtMs: 0,
    lost: null,
    messages: [LAYOUTS.get('gradient')!.encode(payload, null)],
    ...more,
  };
}

/** The number that `gradientFrame` put in. */
export function numberIn(frame: Frame): number {
  const message = LAYOUTS.get('gradient')!.decode(frame.messages[0]!, frame.from, null);
  return (message.gradient as Float64Array)[0]!;
}

export function office(more: Partial<PostOfficeOptions> = {}): PostOffice {
  return new PostOffice(LAYOUTS.values(), { mode: 'fast', remote: null, shuffle: null, ...more });
}
