import { WebSocket } from 'ws';
import { GradswarmError } from '../../../protocol/errors.js';
import { Door } from '../../../scenarios/conformance/script/door.js';
import type { Engine } from '../../../scenarios/conformance/script/engine.js';
import { drawn, proofOf } from '../../../scenarios/conformance/script/proof.js';
import { ScriptedRun } from '../../../scenarios/conformance/script/run.js';
import { scenarioOf, TRACKING } from '../../../scenarios/conformance/script/scenario.js';
import { runWorker } from '../../../worker/main.js';

/** How far the worker is when the other end turns. With a peer: that turns, and the coordinator stays as it is. */
export const WORKER_STATES = [
  'connected',
  'joined',
  'assigned',
  'introduced',
  'in a round',
  'in a round, with a hostile peer',
] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** What a worker in some state can be sent things over. */
export interface Lines {
  readonly control: Engine;
  readonly frames: WebSocket | null;
  /** Number of an event of the worker that waits for its acknowledgement. */
  readonly question: number | null;
}

const PEER = 'worker-1';
const KEY = 'key-of-what-the-peer-sends';
/** For what was sent last to be read. */
const READ_MS = 15;

interface Led {
  readonly lines: Lines;
  /** Of a peer: throws when the worker does not answer its coordinator any more. */
  check(): Promise<void>;
}

/**
 * The fate of a worker in this process whose coordinator, or peer, does its worst in a state and then leaves: 'ended', or the code of
 * the error that it ended with. Throws what is no GradswarmError.
 */
export async function fateOfWorker(state: WorkerState, worst: (lines: Lines) => void): Promise<string> {
  const door = await Door.open();
  const token = drawn();
  const abort = new AbortController();
  const fate = runWorker(door.url, {
    device: null,
    signal: abort.signal,
    peers: { port: 0, advertise: null, tls: null },
    token,
    trust: { ca: null },
    note: () => {},
  }).then(
    () => 'ended',
    (error: unknown) => {
      if (!(error instanceof GradswarmError)) throw error;
      return error.code;
    },
  );
  fate.catch(() => {});
  try {
    const { lines, check } = await led(door, state, token);
    worst(lines);
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
    await check();
    // While its port is open a worker that lost its control connection opens another.
    await door.close();
    return await fate;
  } finally {
    abort.abort();
    await door.close().catch(() => {});
  }
}

async function led(door: Door, state: WorkerState, token: string): Promise<Led> {
  const { knock, control } = await door.visits.next('control connection', () => true, 10_000);
  await control.serve(drawn(12));
  const hello = await control.event('hello');
  const alone = { check: async () => {} };
  if (state === 'connected') return { ...alone, lines: { control, frames: null, question: hello.id } };
  const [role, challenge, nonce] = ['role', 'challenge', 'nonce'].map((key) => knock.query.get(key) ?? '');
  control.answer(hello.id, { seat: 0, proof: proofOf(token, 'coordinator', role!, challenge!, nonce!) });
  if (state === 'joined') return { ...alone, lines: { control, frames: null, question: null } };

  const clients = [0];
  const [generation, epoch, key] = [1, 0, drawn(12)];
  const scenario = await scenarioOf(TRACKING);
  const workers = [
    { worker: 'worker-0', clients },
    { worker: PEER, clients: [1, 2] },
  ];
  const assign = { worker: 'worker-0', generation, epoch, token: key, scenario, clients, workers };
  const ready = await control.asked('assign', assign);
  const { socket } = await door.frames.next('frame socket', () => true, 10_000);
  const run = new ScriptedRun(control, socket, ready, assign);
  const lines = { control, frames: socket.socket, question: null };
  if (state === 'assigned') return { ...alone, lines };
  await run.introduce([{ worker: PEER, url: door.url }], [{ worker: PEER, outgoing: drawn(), incoming: KEY }]);
  if (state === 'introduced') return { ...alone, lines };
  run.begin({ cohort: [0, 1, 2] });
  if (state === 'in a round') return { ...alone, lines };

  const { port } = ready.peer as { port: number };
  const frames = new WebSocket(`ws://127.0.0.1:${port}/peers?key=${KEY}&worker=${PEER}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => frames.once('open', resolve).once('error', reject));
  frames.on('error', () => {});
  const check = async (): Promise<void> => {
    if (control.isClosed) throw new Error('the worker left its coordinator because of a peer');
    await run.waits();
    frames.terminate();
  };
  return { lines: { control, frames, question: null }, check };
}
