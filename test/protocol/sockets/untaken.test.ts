import { expect } from 'chai';
import { provenQuery } from '../../../protocol/sockets/admission.js';
import type { ControlSocket } from '../../../protocol/sockets/control-socket.js';
import { ownSockets } from '../../../protocol/sockets/own-sockets.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';

const MESSAGES = 64;
const BYTES = 1 << 20;
/** Half of it without a sign of life would end a connection that is read. */
const HEARTBEAT_MS = 5000;
const TOKEN = 'a token of thirty-two characters';
const trust = { ca: null };
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What one end sends, and the other receives without taking it. */
interface Pair {
  send(message: Uint8Array): void;
  readonly received: number[];
  taken(messages: number): void;
  close(): Promise<void>;
}

async function messageSockets(numbered: boolean): Promise<Pair> {
  const listener = await ownSockets.listen({ host: '127.0.0.1', port: 0 });
  const received: number[] = [];
  let taken: (messages: number) => void = () => {};
  const acceptance = { path: '/x', parameters: ['key'], heartbeatMs: HEARTBEAT_MS, early: 'refused' } as const;
  const acceptor = listener.accept(acceptance, (_name, socket: MessageSocket) => {
    taken = socket.holdBack();
    socket.on('message', ([first]) => received.push(first!));
    socket.on('down', () => received.push(-1));
  });
  acceptor.admit(new Map([['a', 'a']]));
  const url = `ws://127.0.0.1:${listener.address.port}/x?key=a`;
  const { socket } = numbered
    ? await ownSockets.openLink({ url, heartbeatMs: HEARTBEAT_MS, openMs: 3000, trust })
    : await ownSockets.openPlain(url, 3000, trust);
  return {
    send: (message) => socket.send(message),
    received,
    taken: (messages) => taken(messages),
    close: async () => {
      socket.close();
      acceptor.close();
      await listener.close();
    },
  };
}

/** `from`: which end sends. */
async function controlSockets(from: 'coordinator' | 'worker'): Promise<Pair> {
  const listener = await ownSockets.listen({ host: '127.0.0.1', port: 0, token: TOKEN });
  const received: number[] = [];
  let taken: (messages: number) => void = () => {};
  const receive = (socket: ControlSocket): void => {
    taken = socket.holdBack();
    socket.listen({
      received: (_event, data) => received.push((data as Uint8Array)[0]!),
      seen: () => {},
      closed: () => received.push(-1),
    });
  };
  const other = new Promise<ControlSocket>((resolve) => {
    const joined = (socket: ControlSocket): void => {
      socket.admit();
      if (from === 'worker') receive(socket);
      resolve(socket);
    };
    listening = listener.control({ heartbeatMs: 20_000, maxBytes: 2 * BYTES }, joined);
  });
  const url = `ws://127.0.0.1:${listener.address.port}`;
  const { query } = provenQuery(TOKEN, 'worker', await ownSockets.challenge(url, trust, null));
  const socket = await ownSockets.openControl({ url, query, trust, openMs: 3000 });
  if (from === 'coordinator') receive(socket);
  const sender = from === 'worker' ? socket : await other;
  return {
    send: (message) => sender.send('abort', message),
    received,
    taken: (messages) => taken(messages),
    close: async () => {
      socket.close();
      await listening?.close();
      await listener.close();
    },
  };
}

let listening: { close(): Promise<void> } | null = null;

describe('what is received and not taken', function () {
  this.timeout(30_000);

  for (const [what, waitMs, open] of [
    ['a numbered link', 0.6 * HEARTBEAT_MS, () => messageSockets(true)],
    ['a plain socket', 500, () => messageSockets(false)],
    ["a worker's control connection", 500, () => controlSockets('coordinator')],
    ["a coordinator's control connection", 500, () => controlSockets('worker')],
  ] as const)
    it(`is bounded over ${what}, whose connection stays, and nothing of it is lost`, async () => {
      const { send, received, taken, close } = await open();
      for (let i = 0; i < MESSAGES; i++) send(new Uint8Array(BYTES).fill(i));
      const bound = Math.ceil(LIMITS.untakenBytes / BYTES);
      while (received.length < bound - 1) await wait(10);
      await wait(waitMs);
      expect(received.length).to.be.within(bound - 1, bound + 2);
      for (let acted = 0; acted < MESSAGES; await wait(5)) {
        taken(received.length - acted);
        acted = received.length;
      }
      expect(received).to.deep.equal(Array.from({ length: MESSAGES }, (_, i) => i));
      await close();
    });
});
