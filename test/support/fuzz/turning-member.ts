import { WebSocket } from 'ws';
import type { Assign, Hello } from '../../../protocol/wire/control-messages.js';
import { PROTOCOL_VERSION } from '../../../protocol/wire/limits.js';
import { pack, unpack } from '../../../protocol/wire/packing.js';
import { RawMember } from './raw-member.js';

/** How far a member is let before it turns. */
export const STATES = [
  'connected',
  'seated',
  'assigned',
  'assigned, with a numbered link',
  'prepared',
  'in a round',
  'asked for records',
] as const;
export type State = (typeof STATES)[number];

/** What a member can reach in the state that it is in. */
export interface Reach {
  readonly member: RawMember;
  /** From the state 'assigned' on. */
  readonly frames: WebSocket | null;
  readonly assign: Assign | null;
  /** The question that waits for its answer: the id of its acknowledgement. */
  readonly question: string | null;
}

/** A member that was led to a state and then did its worst. */
export interface Turned {
  /** Its control connection was closed by the coordinator. */
  readonly closed: boolean;
  /** Closes what it still has. */
  leave(): Promise<void>;
}

/** Joins, behaves until it is in the state, and turns. Resolves when the coordinator has read all of it or has closed the connection. */
export async function turningMember(
  url: string,
  token: string,
  state: State,
  worst: (reach: Reach) => void | Promise<void>,
  readyOf: (assign: Assign) => unknown,
): Promise<Turned> {
  const member = await RawMember.join(url, token);
  if (!member) throw new Error('a member that knows the token was not let in');
  const got: { frames: WebSocket | null; assign: Assign | null } = { frames: null, assign: null };
  const linked = state === 'assigned, with a numbered link';
  const turned = new Promise<void>((resolve, reject) => {
    member.socket.once('close', () => resolve());
    const turn = (question: string | null) =>
      void Promise.resolve(worst({ member, question, ...got })).then(() => resolve(), reject);
    member.onEvent = ({ name, data, id }) => {
      if (name === 'assign') {
        const assign = unpack(data) as Assign;
        got.assign = assign;
        if (state === 'seated') return turn(id);
        const frames = new WebSocket(`${url}/frames?token=${assign.token}${linked ? '&have=0' : ''}`, {
          perMessageDeflate: false,
        });
        got.frames = frames;
        frames.on('error', () => {});
        frames.once('open', () => {
          if (state === 'assigned' || linked) return turn(id);
          void Promise.resolve(readyOf(assign)).then((ready) => member.answer(id, pack(ready)));
        });
      } else if (name === 'introduce') {
        if (state === 'prepared') return turn(id);
        member.answer(id, pack({ unreachable: [] }));
      } else if ((name === 'begin' && state === 'in a round') || (name === 'collect' && state === 'asked for records'))
        turn(id);
    };
  });
  if (state === 'connected') await worst({ member, question: null, ...got });
  else {
    const hello: Hello = {
      version: PROTOCOL_VERSION,
      name: 'm',
      pid: 1,
      process: 'm',
      seat: null,
      ...(linked && { resumes: null }),
    };
    await member.ask('hello', hello);
    await turned;
  }
  const sockets = [member.socket, ...(got.frames ? [got.frames] : [])];
  await Promise.all(sockets.map(read));
  return {
    closed: member.closed,
    async leave() {
      await Promise.all(sockets.map(closed));
    },
  };
}

/** What was sent has been read when the answer to a ping comes back, or the connection is closed. */
function read(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.once('close', () => resolve());
    socket.once('pong', () => resolve());
    socket.ping();
  });
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    socket.once('close', () => setImmediate(resolve));
    socket.close();
  });
}
