import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { handOver } from '../../coordinator/members/hand-over.js';
import { archiveOf } from '../../coordinator/run-directory/archive.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type * as control from '../../protocol/wire/control-messages.js';
import { pack } from '../../protocol/wire/packing.js';
import { fetchRun } from '../../scenarios/remote-run/fetch-run.js';
import { isAlive } from '../../scenarios/remote-run/is-alive.js';
import { observeRun } from '../../scenarios/remote-run/observe-run.js';
import { finishedRun } from '../../scenarios/run/continue-run.js';
import { runWorker } from '../../worker/main.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';
import { socketRun } from '../support/socket-run.js';

const input: ScenarioInput = {
  name: 'remote',
  method: { name: 'sgd' },
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  clients: 5,
  rounds: 400,
  seed: 4,
};
const TRUST = { ca: null };
const TOKEN = 'a token of some length';
const { signal } = new AbortController();

async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

async function handing(path: string, until: AbortSignal): Promise<{ handed: Promise<boolean>; url: string }> {
  const listen = { host: '127.0.0.1', port: 0, token: TOKEN };
  return new Promise((resolve, reject) => {
    const handed: Promise<boolean> = handOver({
      listen,
      archive: (checkpoints) => archiveOf(path, checkpoints),
      forMs: 60_000,
      signal: until,
      listening: (port) => setImmediate(() => resolve({ handed, url: `ws://127.0.0.1:${port}` })),
    });
    handed.catch(reject);
  });
}

/** Where an impostor listens, which answers as `answer` does and takes any connection. */
async function impostorAt<T>(
  answer: (url: string, socket: NodeJS.WritableStream) => void,
  meet: (socket: { emit(event: string, data: Uint8Array): void }) => void,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const http = createServer((request) => answer(request.url ?? '', request.socket));
  http.on('connection', (socket) => socket.on('error', () => {}));
  const server = new Server(http, { serveClient: false, transports: ['websocket'] });
  server.on('connection', meet);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  } finally {
    http.closeAllConnections();
    await server.close();
  }
}

const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const CHALLENGE = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx';

describe('an impostor in the place of a coordinator', () => {
  it('is not followed: what it sends an observer before the proof ends the connection', async () => {
    const shown: unknown[] = [];
    const observer = { progress: () => shown.push(1), seats: () => shown.push(2) };
    const error = await impostorAt(
      (_url, socket) => void socket.write(CHALLENGE),
      (socket) => socket.emit('over', pack({ ending: 'finished' })),
      (url) => errorOf(observeRun({ url, token: TOKEN, trust: TRUST }, observer, { signal, retryForMs: 0 })),
    );
    expect(error).to.match(/^ERR_PROTOCOL: .*before the proof/);
    expect(shown).to.deep.equal([]);
  });

  it('holds no client up with an upgrade that was not asked for', async () => {
    const path = join(temporaryFolder(), 'copy');
    const upgrading = <T>(use: (url: string) => Promise<T>) =>
      impostorAt(
        (url, socket) => void socket.write(url === '/challenge' ? CHALLENGE : UPGRADE),
        () => {},
        use,
      );
    expect(await upgrading((url) => errorOf(fetchRun({ url, token: TOKEN, trust: TRUST }, path)))).to.match(
      /^ERR_WORKER_LOST: /,
    );
    expect(await upgrading(isAlive)).to.equal(false);
  });
});

describe('a run on another machine', () => {
  it('an observer is sent the seats and the rounds; the folder can be fetched during the run, with the token', async () => {
    const tables: control.Seats[] = [];
    const rounds: number[] = [];
    const copy = join(temporaryFolder(), 'copy');
    let refused = '';
    let fetched = '';
    const stop = new AbortController();
    let watching: Promise<unknown> = Promise.resolve();
    const { path } = await socketRun(input, 2, {
      before: async (url, token) => {
        const address = { url, token, trust: TRUST };
        watching = observeRun(
          address,
          { progress: ({ round }) => rounds.push(round), seats: (table) => tables.push(table) },
          { signal: stop.signal, retryForMs: 100 },
        ).catch(() => {});
        // The first table comes within a second.
        while (tables.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      },
      after: async ({ server: { url, token } }) => {
        refused = await errorOf(fetchRun({ url, token: 'another token, as long', trust: TRUST }, copy));
        await fetchRun({ url, token, trust: TRUST }, copy);
        fetched = readFileSync(join(copy, 'scenario.json'), 'utf8');
      },
    });
    stop.abort();
    await watching;
    expect(refused).to.match(/^ERR_USAGE: .*: expected the run's token, got another one$/);
    expect(fetched).to.equal(readFileSync(join(path, 'scenario.json'), 'utf8'));
    expect(existsSync(join(copy, 'lock'))).to.equal(false);
    expect(rounds.at(-1)).to.equal(400);
    expect(
      tables[0]!.seats.map(({ seat, state, clients, generation }) => ({ seat, state, clients, generation })),
    ).to.deep.equal([
      { seat: 0, state: 'open', clients: 3, generation: 0 },
      { seat: 1, state: 'open', clients: 2, generation: 0 },
    ]);
    expect(tables[0]).to.include({ phase: 'gathering', round: 0, rounds: 400 });
  });

  it('after the run: joining workers and observers are notified that it is over, and the folder is sent once', async () => {
    const { path, outcome } = await runInput({ ...input, rounds: 3 });
    const copy = join(temporaryFolder(), 'copy');
    const { handed, url } = await handing(path, signal);
    const address = { url, token: TOKEN, trust: TRUST };
    const over = await observeRun(address, { progress: () => {}, seats: () => {} }, { signal, retryForMs: 10_000 });
    expect(over).to.deep.equal({ ending: 'finished' });
    await runWorker(address.url, { device: null, signal, peers: null, token: TOKEN, trust: TRUST, note: () => {} });
    await fetchRun(address, copy);
    expect(await handed).to.equal(true);
    expect((await finishedRun(copy)).outcome.stateDigest).to.equal(outcome.stateDigest);
    expect(await errorOf(fetchRun(address, join(copy, 'again')))).to.match(/^ERR_WORKER_LOST: no coordinator at /);
  });

  it('a worker whose device the objective does not have leaves with ERR_DEVICE, and another takes its seat', async () => {
    const alone = await runInput({ ...input, rounds: 3 });
    let left = '';
    const { outcome } = await socketRun({ ...input, rounds: 3 }, 1, {
      before: async (url, token) => {
        const options = { device: 'wasm', signal, peers: null, token, trust: TRUST, retryForMs: 60_000 };
        left = await errorOf(runWorker(url, { ...options, note: () => {} }));
      },
    });
    expect(left).to.equal(
      "ERR_DEVICE: device: expected none or 'auto' with objective 'quadratic', which has no device but its plain loops, got 'wasm'",
    );
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });

  it('a wrong token is refused to an observer at once, not tried again', async () => {
    const end = new AbortController();
    const { handed, url } = await handing(temporaryFolder(), end.signal);
    const address = { url, token: 'another token, as long', trust: TRUST };
    expect(
      await errorOf(observeRun(address, { progress: () => {}, seats: () => {} }, { signal, retryForMs: 60_000 })),
    ).to.match(/^ERR_USAGE: .*: expected the run's token, got another one$/);
    end.abort();
    expect(await handed).to.equal(false);
  });
});
