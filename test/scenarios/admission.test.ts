import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { ListenOptions } from '../../coordinator/members/host-options.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { provenQuery, type Role } from '../../protocol/sockets/admission.js';
import { fetchChallenge } from '../../protocol/sockets/challenge.js';
import { checked, progress } from '../../protocol/wire/control-messages.js';
import { unpack } from '../../protocol/wire/packing.js';
import { runWorker } from '../../worker/main.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';
import { socketRun } from '../support/socket-run.js';

const tracking: ScenarioInput = {
  name: 'admission',
  method: { name: 'gradient-tracking', stepSize: 0.1 },
  objective: { name: 'quadratic', dimension: 30 },
  data: 'none',
  clients: 6,
  rounds: 5,
  seed: 4,
  precision: 'float64',
  topology: 'ring',
};
const TRUST = { ca: null };

async function errorOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

/** The answer to an upgrade: 'open', or the status that refused it. */
function upgrade(url: string, options: { headers?: Record<string, string> } = {}): Promise<string> {
  const socket = new WebSocket(url, options);
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.close();
      resolve('open');
    });
    socket.on('error', ({ message }) => resolve(/\d{3}$/.exec(message)?.[0] ?? message));
  });
}

async function controlUrl(url: string, token: string, role: Role = 'worker'): Promise<string> {
  const { query } = provenQuery(token, role, await fetchChallenge(url, TRUST));
  return `${url}/socket.io/?${new URLSearchParams({ EIO: '4', transport: 'websocket', ...query })}`;
}

const worker = (url: string, token: string, ca: string | null = null) =>
  runWorker(url, {
    device: null,
    signal: new AbortController().signal,
    peers: { port: 0, advertise: null, tls: null },
    token,
    trust: { ca },
    note: () => {},
  });

describe('who may join', () => {
  it('who knows the token; another token, no token and a recorded join are refused, and the run is not disturbed', async () => {
    const alone = await runInput(tracking);
    const seen: string[] = [];
    const { outcome } = await socketRun(tracking, 2, {
      before: async (url, token) => {
        seen.push(await errorOf(worker(url, 'another token, as long')));
        seen.push(await upgrade(`${url}/socket.io/?EIO=4&transport=websocket`));
        const recorded = await controlUrl(url, token);
        seen.push(await upgrade(recorded));
        seen.push(await upgrade(recorded));
      },
    });
    expect(seen[0]).to.match(/^ERR_PROTOCOL: refused: the coordinator at .* has another token$/);
    expect(seen.slice(1)).to.deep.equal(['403', 'open', '403']);
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });

  it('web pages may not, unless their origin is allowed', async () => {
    const seen: string[] = [];
    const from = async (url: string, token: string, origin: string) =>
      seen.push(await upgrade(await controlUrl(url, token), { headers: { origin } }));
    const listen: ListenOptions = { host: '127.0.0.1', port: 0, origins: ['https://lab.example'] };
    await socketRun(
      tracking,
      2,
      {
        before: async (url, token) => {
          await from(url, token, 'https://lab.example');
          await from(url, token, 'https://evil.example');
        },
      },
      listen,
    );
    expect(seen).to.deep.equal(['open', '403']);
  });

  it('an observer is sent the progress, takes no place, and cannot say hello', async () => {
    const rounds: number[] = [];
    let answered = false;
    const { outcome } = await socketRun({ ...tracking, rounds: 200 }, 2, {
      before: async (url, token) => {
        const { query, answers } = provenQuery(token, 'observer', await fetchChallenge(url, TRUST));
        const socket = io(url.replace('ws', 'http'), { query, transports: ['websocket'], reconnection: false });
        socket.on('progress', (data) => rounds.push(checked(progress, unpack(data), 'progress').round));
        await new Promise<void>((resolve) =>
          socket.once('welcome', (data) => {
            expect(answers((unpack(data) as { proof: string }).proof)).to.equal(true);
            resolve();
          }),
        );
        socket.emit('hello', Buffer.from('80', 'hex'), () => {
          answered = true;
        });
      },
    });
    expect(outcome.summary.rounds).to.equal(200);
    expect(rounds.length).to.be.greaterThan(10);
    expect(rounds).to.deep.equal([...rounds].sort((a, b) => a - b));
    expect(answered).to.equal(false);
  });
});

describe('TLS', () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  const pem = (name: string) => readFileSync(file(name), 'utf8');

  before(() => {
    for (const name of ['own', 'other'])
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
          .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'])
          .concat(['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)]),
        { stdio: 'ignore' },
      );
  });

  it('covers control and frames; workers check the coordinator’s certificate; plain connections are refused', async () => {
    const alone = await runInput(tracking);
    const listen = { host: '127.0.0.1', port: 0, tls: { cert: pem('own.pem'), key: pem('own.key') } };
    const seen: string[] = [];
    const { outcome } = await socketRun(
      tracking,
      2,
      {
        before: async (url, token) => {
          seen.push(new URL(url).protocol);
          seen.push(await errorOf(worker(url, token)));
          seen.push(await errorOf(worker(url, token, pem('other.pem'))));
          seen.push(await errorOf(worker(url.replace('wss', 'ws'), token, pem('own.pem'))));
        },
        workers: {
          start: (count, url, _device, token) => {
            for (let i = 0; i < count; i++) void worker(url, token, pem('own.pem')).catch(() => {});
          },
          stop: async () => {},
        },
      },
      listen,
    );
    expect(seen[0]).to.equal('wss:');
    expect(seen[1]).to.match(/^ERR_WORKER_LOST: no coordinator at .*self-signed certificate/);
    expect(seen[2]).to.match(/^ERR_WORKER_LOST: no coordinator at /);
    expect(seen[3]).to.match(/^ERR_WORKER_LOST: no coordinator at /);
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });
});
