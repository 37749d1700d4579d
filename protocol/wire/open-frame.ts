import { GradswarmError } from '../errors.js';
import type { Frame } from './frame.js';
import type { Incoming } from './frame-receiver.js';
import type { KindLayout } from './layout.js';

/** Memory of a frame and of a message beside their bodies, about. */
const FRAME_BYTES = 512;
const MESSAGE_BYTES = 256;

/** The frame with its body cut into messages. One that was changed on its way, or whose lengths do not fit, is refused. */
export function openFrame(
  { header, body, intact, release }: Incoming & { type: 'frame' },
  layouts: readonly KindLayout[],
): Frame {
  const { messageCount } = header;
  const receivedBytes = body.byteLength + FRAME_BYTES + MESSAGE_BYTES * messageCount;
  const { kindIndex, round, attempt, step, from, to, arrivesAtMs, lost } = header;
  const rejected = (): Frame => {
    return { kindIndex, round, attempt, step, from, to, arrivesAtMs, receivedBytes, lost: 'rejected', messages: [] };
  };
  if (!intact) return rejected();
  try {
    const messages = layouts[kindIndex]!.split(body, messageCount);
    // Field by field: a spread costs more than the rest of a small frame.
    return { kindIndex, round, attempt, step, from, to, arrivesAtMs, lost, release, receivedBytes, messages };
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    return rejected();
  }
}
