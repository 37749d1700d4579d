import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, repeated, rowOf } from './benchmark.js';
import { listenRaw, type PeerTask, RAW_BLOCK_BYTES, readRaw, writeRaw } from './raw-socket.js';
import { TransportEnd } from './transport-ends.js';

const PEER = fileURLToPath(new URL('./transport-peer.js', import.meta.url));
const SIZES = [
  { label: '64 kB', bytes: 64 << 10 },
  { label: '1 MB', bytes: 1 << 20 },
  { label: '40 MB', bytes: 40 << 20 },
] as const;
/** Bytes a timing; at least one vector. */
const VOLUME_BYTES = 80 << 20;
const BUDGET_MS = 6_000;

interface Pair {
  readonly end: TransportEnd;
  readonly raw: Socket;
  readonly peer: ChildProcess;
}

/** MB/s of one way of one direction. The time runs from the first byte requested to the last one read; vectors are made before it. */
async function speed({ end, raw, peer }: Pair, task: PeerTask, values: Float32Array): Promise<number> {
  const { over, direction, length, count, round } = task;
  const bytes = 4 * length * count;
  const block = Buffer.alloc(RAW_BLOCK_BYTES, 1);
  if (direction === 'up' && over === 'frames') {
    const made = once(peer, 'message');
    peer.send({ ...task, over: 'vector' } satisfies PeerTask);
    await made;
  }
  const done = once(peer, 'message');
  const begin = performance.now();
  peer.send(task);
  if (over === 'frames') await (direction === 'down' ? end.post(values, count, round) : end.take(count, round));
  else await (direction === 'down' ? writeRaw(raw, block, bytes) : readRaw(raw, bytes));
  if (direction === 'down') await done;
  const seconds = (performance.now() - begin) / 1000;
  await done;
  return bytes / 1e6 / seconds;
}

/** `isLocal`: both over Unix-domain sockets. Null: this system has none. */
async function withPair<T>(isLocal: boolean, work: (pair: Pair) => Promise<T>): Promise<T | null> {
  const { end, url, localPath, token } = await TransportEnd.coordinator();
  if (isLocal && localPath === null) {
    end.close();
    return null;
  }
  const { server, at, socket } = await listenRaw(isLocal ? `${localPath}-raw` : null);
  const args = [url, token, String(at), ...(isLocal ? [localPath!] : [])];
  const peer = fork(PEER, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(peer, 'exit').then(([code, signal]) => {
    const how = signal === null ? `with status ${code}` : `by ${signal}`;
    throw new GradswarmError('ERR_WORKER_LOST', `bench transport: its second process ended ${how} before its work did`);
  });
  // It ends with the work too, when no one waits for it.
  ended.catch(() => {});
  const measuring = async () => {
    await once(peer, 'message');
    const raw = await socket;
    raw.pause();
    return work({ end, raw, peer });
  };
  try {
    return await Promise.race([measuring(), ended]);
  } finally {
    if (peer.connected) peer.disconnect();
    end.close();
    void socket.then((raw) => raw.destroy());
    server.close();
  }
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const isLocal of [false, true]) rows.push(...((await ratios(options, isLocal)) ?? []));
  return rows;
}

async function ratios(options: BenchmarkOptions, isLocal: boolean): Promise<readonly BenchmarkRow[] | null> {
  return withPair(isLocal, async (pair) => {
    const rows: BenchmarkRow[] = [];
    for (const direction of ['down', 'up'] as const)
      for (const { label, bytes } of SIZES) {
        const length = bytes / 4;
        const count = Math.max(1, VOLUME_BYTES / bytes);
        const values = new Float32Array(length).fill(1);
        const timings = await repeated(options, BUDGET_MS, async () => {
          const round = pair.end.nextRound();
          const raw = await speed(pair, { over: 'raw', direction, length, count, round }, values);
          const frames = await speed(pair, { over: 'frames', direction, length, count, round }, values);
          return { raw, frames };
        });
        const way = direction === 'down' ? 'coordinator to worker' : 'worker to coordinator';
        const name = `transport${isLocal ? ' on one machine' : ''}, ${way}, ${label}`;
        rows.push(
          rowOf(
            name,
            'MB/s',
            timings.map(({ frames }) => frames),
          ),
          rowOf(
            name,
            isLocal ? 'x raw Unix socket' : 'x raw TCP',
            timings.map(({ frames, raw }) => frames / raw),
            { aim: { atLeast: isLocal ? 0.8 : direction === 'down' ? 0.6 : 0.4 } },
          ),
        );
      }
    return rows;
  });
}

export const transport: Benchmark = { name: 'transport', run: measure };
