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
  const { messageCount, bodyBytes: _bytes, checksum: _checksum, chunkStream: _stream, ...address } = header;
  const receivedBytes = body.byteLength + FRAME_BYTES + MESSAGE_BYTES * messageCount;
  if (!intact) return { ...address, receivedBytes, lost: 'rejected', messages: [] };
  try {
    return { ...address, release, receivedBytes, messages: layouts[header.kindIndex]!.split(body, messageCount) };
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    return { ...address, receivedBytes, lost: 'rejected', messages: [] };
  }
}
