import { crc32 } from 'node:zlib';
import { GradswarmError } from '../errors.js';
import { type ChannelOptions, FrameChannel } from '../wire/frame-channel.js';
import type { MessageSocket } from '../wire/message-socket.js';
import { foldedCrc32 } from '../wire/simd/checksum-pieces.js';

/** Node's zlib has a table for it on these machines, and takes twice the time of the module; on others it may have an instruction. */
const checksum: ChannelOptions['crc32'] =
  process.arch === 'x64'
    ? (bytes, previous = 0) => foldedCrc32(bytes, previous, crc32)
    : (bytes, previous) => crc32(bytes, previous);

/** Frames over this socket, with this machine's checksum and Node's timing. */
export function channelOver(
  socket: MessageSocket,
  options: Omit<ChannelOptions, 'crc32' | 'defer' | 'room'>,
): FrameChannel {
  return new FrameChannel(socket, {
    ...options,
    crc32: checksum,
    defer: setImmediate,
    room: (bytes) => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer),
  });
}

/** What went wrong at a socket, typed. */
export function socketError(error: unknown): GradswarmError {
  if (error instanceof GradswarmError) return error;
  return new GradswarmError('ERR_PROTOCOL', error instanceof Error ? error.message : String(error), { cause: error });
}
