import { WebSocket } from 'ws';
import { LIMITS } from '../wire/limits.js';

/** Event and answer with binary content: socket.io's packets 5 and 6, with how many messages follow. */
const BINARY = /^4[56](\d*)/;

/**
 * A websocket of the control connection. Its text is refused before socket.io parses it: JSON of a few bytes can stand for many
 * objects, and a packet may announce several binary messages, which are kept until the last has come.
 */
export class ControlWebSocket extends WebSocket {
  // biome-ignore lint/suspicious/noExplicitAny: as EventEmitter declares it.
  override emit(event: string | symbol, ...content: any[]): boolean {
    if (event !== 'message' || content[1] === true) return super.emit(event as never, ...(content as never[]));
    const why = refused(content[0] as Buffer);
    if (why === null) return super.emit(event as never, ...(content as never[]));
    super.emit('error', new RangeError(why));
    this.terminate();
    return true;
  }
}

function refused(text: Buffer): string | null {
  if (text.byteLength > LIMITS.textBytes) return `a text packet of ${text.byteLength} bytes`;
  const binary = BINARY.exec(text.toString('latin1'));
  return binary && binary[1] !== '1' ? `a packet with ${binary[1] || 'no'} binary messages` : null;
}
