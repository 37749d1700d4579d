import { LIMITS } from '../wire/limits.js';
import { WebSocket } from './required-ws.js';

/** Event and answer with binary content: socket.io's packets 5 and 6, with how many messages follow. */
const BINARY = /^4[56](\d*)/;

/** socket.io's packets of a namespace: none is used, and each request for one is answered. */
const NAMESPACE = /^4\d(\d*-)?\//;

/** socket.io's request to connect, of either end: one a connection. */
const CONNECT = /^40/;

/**
 * A websocket of the control connection. Its text is refused before socket.io parses it: JSON of a few bytes can stand for many
 * objects, and a packet may announce several binary messages, which are kept until the last has come.
 */
export class ControlWebSocket extends WebSocket {
  private connects = 0;

  // biome-ignore lint/suspicious/noExplicitAny: as EventEmitter declares it.
  override emit(event: string | symbol, ...content: any[]): boolean {
    if (event !== 'message' || content[1] === true) return super.emit(event as never, ...(content as never[]));
    const why = this.refused(content[0] as Buffer);
    if (why === null) return super.emit(event as never, ...(content as never[]));
    super.emit('error', new RangeError(why));
    this.terminate();
    return true;
  }

  private refused(packet: Buffer): string | null {
    if (packet.byteLength > LIMITS.textBytes) return `a text packet of ${packet.byteLength} bytes`;
    const text = packet.toString('latin1');
    if (NAMESPACE.test(text)) return 'a packet of a namespace';
    if (CONNECT.test(text) && ++this.connects > 1) return 'a second connect packet';
    const binary = BINARY.exec(text);
    return binary && binary[1] !== '1' ? `a packet with ${binary[1] || 'no'} binary messages` : null;
  }
}
