import { crc32 } from 'node:zlib';
import { GradswarmError } from '../errors.js';
import { type ChannelOptions, FrameChannel } from '../wire/frame-channel.js';
import type { MessageSocket } from '../wire/message-socket.js';

/** Frames over this socket, with Node's checksum and timing. */
export function channelOver(
  socket: MessageSocket,
  options: Omit<ChannelOptions, 'crc32' | 'defer' | 'room'>,
): FrameChannel {
  return new FrameChannel(socket, {
    ...options,
    crc32: (bytes, previous) => crc32(bytes, previous),
    defer: setImmediate,
    room: (bytes) => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer),
  });
}

/** What went wrong at a socket, typed. */
export function socketError(error: unknown): GradswarmError {
  if (error instanceof GradswarmError) return error;
  return new GradswarmError('ERR_PROTOCOL', error instanceof Error ? error.message : String(error), { cause: error });
}
