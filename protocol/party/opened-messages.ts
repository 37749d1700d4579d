import { MessageRefused } from '../errors.js';
import type { RunConstants } from '../method.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';

/**
 * The messages of a frame, decoded. Throws MessageRefused for what its kind's `most` and `fits` rule out, and what `decode` throws:
 * then none of them counts.
 */
export function openedMessages<M>(
  { name, kind: { fits, summed, most = summed ? 1 : Number.POSITIVE_INFINITY } }: KindLayout,
  { from, messages }: Frame,
  run: RunConstants<unknown>,
  decode: (position: number) => M,
): readonly M[] {
  if (messages.length > most) throw new MessageRefused(from, name, `at most ${most} in a step`);
  const opened = messages.map((_, position) => decode(position));
  if (fits && !opened.every((message) => fits(message, run)))
    throw new MessageRefused(from, name, 'lengths and numbers that the method sends');
  return opened;
}
