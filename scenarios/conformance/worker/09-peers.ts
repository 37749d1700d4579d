import { WebSocket } from 'ws';
import { type Chapter, equal, expected, NotApplicable, NotReached, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { FrameSocket } from '../script/frame-socket.js';
import { bodyOf, doubles } from '../script/frames.js';
import type { ScriptedRun } from '../script/run.js';
import { TRACKING } from '../script/scenario.js';

const section = 'Workers among themselves';
const ITERATE = 2;
const [OUTGOING, INCOMING] = ['key-of-what-the-worker-sends', 'key-of-what-the-peer-sends'];
const PEER = 'worker-1';
const LEAVE_MS = 8000;

const iterate = (x: number, y: number) => bodyOf([doubles(x, x, x), doubles(y, y, y)], []);

interface Peering {
  readonly run: ScriptedRun;
  /** What the worker opened to the peer. */
  readonly outgoing: FrameSocket;
  readonly query: URLSearchParams;
  /** Where the worker listens for the peer. */
  readonly url: string;
}

/** The worker hosts client 0, the peer that the kit plays clients 1 and 2. */
async function peering(it: Coordinator): Promise<Peering> {
  const run = await it.assigned(TRACKING, { clients: [0] });
  const { peer } = run.ready as { peer: { host: string | null; port: number; tls: boolean } | null };
  if (peer === null)
    throw new NotApplicable('the worker has no socket for peers: its frames go through the coordinator');
  const answer = await run.introduce(
    [{ worker: PEER, url: it.door.url }],
    [{ worker: PEER, outgoing: OUTGOING, incoming: INCOMING }],
  );
  equal(answer, { unreachable: [] }, 'the peer can be reached');
  const { knock, socket } = await it.door.peers.next('peer socket', () => true, 5000);
  return { run, outgoing: socket, query: knock.query, url: `ws://${peer.host ?? '127.0.0.1'}:${peer.port}` };
}

/** A connection to the worker’s port for peers; null: refused. */
async function dial(url: string, key: string): Promise<FrameSocket | null> {
  const socket = new WebSocket(`${url}/peers?key=${key}&worker=${PEER}`, { perMessageDeflate: false });
  const frames = new FrameSocket(socket);
  return new Promise((resolve) => {
    socket.once('open', () => resolve(frames));
    socket.once('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}

async function dialled(peer: Peering): Promise<FrameSocket> {
  const socket = await dial(peer.url, INCOMING);
  if (!socket) throw new NotReached('the worker refused the peer’s key');
  return socket;
}

export default {
  title: '9 Workers among themselves',
  cases: [
    {
      id: '9.1.1',
      title: 'opens a socket to each peer, with its key and its own name',
      section,
      async run(it) {
        const { query } = await required('a socket to the peer', 'one socket for each direction', peering(it));
        equal([query.get('key'), query.get('worker')], [OUTGOING, 'worker-0'], '/peers?key=OUTGOING&worker=OWN');
      },
    },
    {
      id: '9.1.2',
      title: 'sends frames and seals for a peer’s clients to that peer, and none to the coordinator',
      section,
      async run(it) {
        const peer = await peering(it);
        peer.run.begin({ cohort: [0, 1, 2] });
        for (const to of [1, 2]) {
          const frame = await required(
            `an iterate for client ${to}`,
            'used by the one that opened it',
            peer.outgoing.frame((one) => one.to === to),
          );
          equal(frame.body, iterate(0.5, 1), 'the initial parameters and their gradient');
        }
        const incoming = await dialled(peer);
        for (const from of [1, 2]) incoming.sendFrame({ kind: ITERATE, from, to: 0 }, iterate(0.5, 1));
        await peer.run.done();
        await required('a seal', 'on the same sockets as the frames', peer.outgoing.packed('seals'));
        const toCoordinator = peer.run.frames.received.take(() => true);
        equal(toCoordinator, [], 'nothing for clients of a peer goes through the coordinator');
      },
    },
    {
      id: '9.1.3',
      title: 'takes what a peer sends to it with its key',
      section,
      async run(it) {
        const peer = await peering(it);
        const incoming = await required(
          'an open socket',
          'incoming: what opens the socket from the peer',
          dialled(peer),
        );
        peer.run.begin({ cohort: [0, 1, 2] });
        for (const from of [1, 2]) incoming.sendFrame({ kind: ITERATE, from, to: 0 }, iterate(0.5, 1));
        const { absences } = await required('a report', 'the iterates of both neighbours have come', peer.run.done());
        equal(absences, [], 'both were used');
      },
    },
    {
      id: '9.1.4',
      title: 'takes what a peer sends through the coordinator as well',
      section,
      async run(it) {
        const run = await it.running(TRACKING, { clients: [0] });
        run.begin({ cohort: [0, 1, 2] });
        for (const from of [1, 2]) run.frames.sendFrame({ kind: ITERATE, from, to: 0 }, iterate(0.5, 1));
        await required('a report', 'the coordinator passes frames on unchanged', run.done());
      },
    },
    {
      id: '9.2.1',
      title: 'refuses a peer with another key',
      section,
      async run(it) {
        const peer = await peering(it);
        const socket = await dial(peer.url, 'another-key-than-was-introduced');
        expected(socket === null, 'a refused connection', 'an open one', 'keys open the sockets');
      },
    },
    {
      id: '9.2.2',
      title: 'closes a peer’s connection at a frame of a party that the peer does not host, and continues',
      section,
      async run(it) {
        const peer = await peering(it);
        const incoming = await dialled(peer);
        incoming.sendFrame({ kind: ITERATE, from: 0, to: 0 }, iterate(9, 9));
        await required(
          'the connection closed',
          'a frame of a party that its sender does not host',
          incoming.closes(LEAVE_MS),
        );
      },
    },
    {
      id: '9.2.3',
      title: 'closes a peer’s connection at a seal of a party that the peer does not host',
      section,
      async run(it) {
        const peer = await peering(it);
        const incoming = await dialled(peer);
        incoming.sendPacked({
          type: 'seals',
          seals: [{ round: 0, attempt: 0, from: 'coordinator', counts: [0, 0, 0], to: [0] }],
        });
        await required(
          'the connection closed',
          'a seal of a party that its sender does not host',
          incoming.closes(LEAVE_MS),
        );
      },
    },
  ],
} satisfies Chapter<Coordinator>;
