import type { ClientOptions } from 'ws';
import { LIMITS } from '../wire/limits.js';
import { ControlWebSocket } from './control-websocket.js';
import { NodeWebSocket } from './required-client.js';

/** The websocket of a control connection at the end that opened it: what comes is refused as at the other end, before it is parsed. */
export class ControlTransport extends NodeWebSocket {
  override createSocket(
    url: string,
    protocols: string | string[] | undefined,
    options: ClientOptions,
  ): ControlWebSocket {
    const { coordinatorBytes: maxPayload, messageFragments: maxFragments } = LIMITS;
    return new ControlWebSocket(url, protocols ?? [], {
      ...options,
      perMessageDeflate: false,
      maxPayload,
      maxFragments,
    });
  }
}
