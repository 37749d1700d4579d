import type { MessageKind } from '../../../protocol/method.js';
import type { Network, Passage } from '../../../protocol/party/dispatch.js';
import type { Frame } from '../../../protocol/wire/frame.js';

const UNHARMED: Passage = { delayMs: 0, lost: null, duplicated: false, heldMs: 0, corruptedBit: null };

/** Every frame comes once, at once. */
export const everythingOnce: Network = { passage: () => UNHARMED };

/** Every frame comes twice. */
export const everythingTwice: Network = { passage: () => ({ ...UNHARMED, duplicated: true }) };

/** Each losable frame is lost with this probability, by a coin of its own address. */
export function lossyNetwork(probability: number): Network {
  return {
    passage: (_frame, layout, _bytes, streamOf) =>
      isLosable(layout.kind) && streamOf('loss').uniform() < probability ? { ...UNHARMED, lost: 'dropped' } : null,
  };
}

/** Flips one bit of each losable frame with content that `hits` names, and counts what it hit. */
export function corruptingNetwork(hits: (frame: Frame) => boolean): {
  readonly network: Network;
  readonly corrupted: () => number;
} {
  let corrupted = 0;
  return {
    corrupted: () => corrupted,
    network: {
      passage(frame, layout) {
        if (!isLosable(layout.kind) || frame.messages.length === 0 || !hits(frame)) return null;
        corrupted++;
        return { ...UNHARMED, corruptedBit: 12345 };
      },
    },
  };
}

export const isLosable = (kind: MessageKind): boolean => kind.losable !== 'no';
