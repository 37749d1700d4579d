import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';
import { CabledHosts } from './cabled-hosts.js';

/** Real processes on machines that only packets connect: what a network does to them is done to packets, below TCP. */

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const TOKEN = 'a-token-of-sixteen';
const PORT = 7700;
const WORKERS = [1, 2, 3] as const;
const HEARTBEAT_MS = 8000;

/** Not converged at its end, so that its bits depend on every round. */
const scenario = {
  name: 'cabled',
  method: { name: 'gradient-tracking', stepSize: 0.0005 },
  objective: { name: 'quadratic', dimension: 200 },
  data: 'none',
  clients: 6,
  precision: 'float64',
  topology: 'ring',
  seed: 3,
  evaluation: { everyRounds: 50 },
  checkpoints: { everyRounds: 20 },
  workers: { count: WORKERS.length, heartbeatMs: HEARTBEAT_MS, peerDownMs: 2000, joinTimeoutMs: 60_000 },
};

interface Watched {
  readonly out: string;
  readonly err: string;
  readonly ended: Promise<number | null>;
}

function watched(child: ChildProcess): Watched {
  const seen = { out: '', err: '' };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    seen.out += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    seen.err += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return Object.defineProperties(seen as unknown as Watched, { ended: { value: ended } });
}

describe('hosts on cables, without docker', function () {
  this.timeout(300_000);
  let hosts: CabledHosts | null = null;
  const left = new Set<ChildProcess>();

  before(async function () {
    hosts = await CabledHosts.make('gscable', '10.77.32', 1 + WORKERS.length);
    if (!hosts) this.skip();
  });
  after(() => {
    for (const child of left) child.kill('SIGKILL');
    hosts?.remove();
  });

  function start(host: number, ...args: readonly string[]): Watched {
    const child = hosts!.start(host, [CLI, ...args], { ...process.env, GRADSWARM_TOKEN: TOKEN });
    left.add(child);
    child.once('close', () => left.delete(child));
    return watched(child);
  }

  /** A run with the coordinator on host 0 and a worker on each other one, to which `act` does something once a round is done. */
  async function cabledRun(
    rounds: number,
    act: (round: () => number) => Promise<void>,
  ): Promise<{ readonly events: readonly string[]; readonly notes: string }> {
    const folder = temporaryFolder();
    const file = join(folder, 'scenario.json');
    writeFileSync(file, JSON.stringify({ ...scenario, rounds }));
    const alone = ['run', file, '--workers', '0', '--json', '--out', join(folder, 'alone')];
    const { stateDigest } = JSON.parse(
      execFileSync(process.execPath, [CLI, ...alone], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    hosts!.heal();
    const out = join(folder, 'out');
    const run = start(0, 'run', file, '--listen', `${hosts!.addressOf(0)}:${PORT}`, '--out', out);
    const workers = WORKERS.map((host) =>
      start(host, 'worker', '--join', `ws://${hosts!.addressOf(0)}:${PORT}`, '--slot', `${host - 1}`),
    );
    let over = false;
    void run.ended.then(() => {
      over = true;
    });
    const round = () => Number(/.*round (\d+)\//s.exec(run.err)?.[1] ?? 0);
    while (round() < 1 && !over) await sleep(5);
    expect(over, run.err).to.equal(false);
    await act(round);
    const status = await run.ended;
    const notes = `${run.err}\n${workers.map(({ err }) => err).join('\n')}`;
    expect(status, notes).to.equal(0);
    expect(run.out, notes).to.include(stateDigest);
    for (const worker of workers) expect(await worker.ended).to.equal(0);
    const events = readFileSync(join(out, 'session.jsonl'), 'utf8').trim().split('\n');
    return { events: events.map((line) => JSON.parse(line).event as string), notes };
  }

  it('40 ms of delay with 20 ms of jitter, 5 % of packets lost and 2 Mbit/s on every cable cost time and nothing else', async () => {
    const { events } = await cabledRun(60, async () => {
      for (const host of [0, ...WORKERS])
        hosts!.set(host, { delayMs: 40, jitterMs: 20, loss: 0.05, kbitPerSecond: 2000 });
    });
    expect(events).to.not.include('lost');
    expect(events).to.not.include('rolled-back');
  });

  it('a worker whose packets reach another one, which are not answered, sends through the coordinator', async () => {
    const { events, notes } = await cabledRun(2000, async (round) => {
      hosts!.set(1, { deny: [2] });
      await sleep(HEARTBEAT_MS);
      const before = round();
      while (round() < before + 100) await sleep(50);
      hosts!.heal();
    });
    expect(notes).to.include('frames to it go through the coordinator until the epoch ends');
    expect(events).to.not.include('lost');
  });

  it('the coordinator cut off for less than the heartbeat: no seat is lost', async () => {
    const { events } = await cabledRun(600, async () => {
      hosts!.set(0, { cut: true });
      await sleep(0.4 * HEARTBEAT_MS);
      hosts!.heal();
    });
    expect(events).to.not.include('lost');
  });

  it('a worker cut off for longer than the heartbeat: its seat is open, and it takes it again', async () => {
    const { events } = await cabledRun(600, async () => {
      hosts!.set(3, { cut: true });
      await sleep(1.5 * HEARTBEAT_MS);
      hosts!.heal();
    });
    expect(events).to.include('lost');
    expect(events).to.include('rolled-back');
  });
});
