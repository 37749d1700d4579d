import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';
import { pythonWith } from './python.js';

// The compiled tests lie one folder deeper than their sources.
const source = (path: string) => fileURLToPath(new URL(`../../../test/${path}`, import.meta.url));
const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const TOKEN = 'a token that all three processes know';

const { runs } = JSON.parse(readFileSync(source('vectors/runs.json'), 'utf8')) as {
  runs: { scenario: { method: { name: string }; precision: string }; stateDigest: string }[];
};

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function start(program: string, args: string[], cwd: string): ChildProcess {
  return spawn(program, args, { cwd, env: { ...process.env, GRADSWARM_TOKEN: TOKEN, PYTHONDONTWRITEBYTECODE: '1' } });
}

/** What a process printed, when it has ended. */
function ended(child: ChildProcess): Promise<{ code: number | null; out: string; errors: string }> {
  let out = '';
  let errors = '';
  child.stdout!.on('data', (part) => (out += part));
  child.stderr!.on('data', (part) => (errors += part));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, errors })));
}

/** Resolves when the coordinator prints that it waits for workers. */
function waiting(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (part) => String(part).includes('waiting for') && resolve());
    child.on('close', () => reject(new Error('the coordinator ended')));
  });
}

async function runWith(python: string, scenario: object, mixed: boolean): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'scenario.json'),
    JSON.stringify({ name: 'python-worker', data: 'none', ...scenario }, null, 2),
  );
  const url = `127.0.0.1:${await freePort()}`;
  const args = ['run', 'scenario.json', '--listen', url, '--workers', mixed ? '2' : '1', '--out', 'out', '--json'];
  const children: ChildProcess[] = [start(process.execPath, [CLI, ...args], folder)];
  try {
    const result = ended(children[0]!);
    await waiting(children[0]!);
    children.push(start(python, [source('conformance/python-worker/worker.py'), `ws://${url}`], folder));
    if (mixed) children.push(start(process.execPath, [CLI, 'worker', '--join', `ws://${url}`, '--quiet'], folder));
    const worker = ended(children[1]!);
    // A worker that fails first ends the test: the coordinator would wait for another one.
    const first = await Promise.race([worker, result]);
    expect(first.code, first.errors).to.equal(0);
    const { code, out, errors } = await result;
    expect(code, errors).to.equal(0);
    expect((await worker).code, (await worker).errors).to.equal(0);
    const { verdict, stateDigest, summary } = JSON.parse(out);
    expect(verdict.valid).to.equal(true);
    expect(summary.transport).to.include('websockets');
    return stateDigest;
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  }
}

const METHODS: Readonly<Record<string, { settings: object; peers: boolean }>> = {
  sgd: { settings: { batchSize: 4 }, peers: false },
  fedavg: { settings: { batchSize: 4, localEpochs: 2, clientLearningRate: 0.05 }, peers: false },
  'gradient-tracking': { settings: { batchSize: 4, stepSize: 0.05 }, peers: true },
};

const PROBLEMS = {
  'a linear objective': {
    data: { name: 'linear-regression', features: 5, examples: 90, testExamples: 20 },
    objective: { name: 'linear-regression', l2: 0.01 },
  },
  'a softmax objective': {
    data: { name: 'gaussian-clusters', classes: 3, features: 4, examples: 90, testExamples: 20 },
    objective: 'softmax-regression',
  },
};

const TOP = { name: 'top-k', fraction: 0.4 };
const softmax = PROBLEMS['a softmax objective'];

/** Codecs with what the sender or the receiver keeps of them, beside a worker of ours. */
const CODED: Readonly<Record<string, object>> = {
  'sgd with error feedback, tensor by tensor': {
    method: { name: 'sgd', batchSize: 4 },
    codecs: { gradient: { codec: TOP, memory: 'error-feedback', scope: 'tensor' } },
    ...softmax,
  },
  'fedavg with EF21 both ways': {
    method: { name: 'fedavg', ...METHODS.fedavg!.settings },
    codecs: {
      update: { codec: TOP, memory: 'ef21' },
      model: { codec: 'bf16', memory: 'ef21' },
    },
    ...softmax,
  },
  'sgd with momentum of what was not sent': {
    method: { name: 'sgd', batchSize: 4 },
    codecs: { gradient: { codec: TOP, memory: { name: 'dgc', momentum: 0.5 } } },
    ...softmax,
  },
  'sgd with an adaptive codec, tensor by tensor': {
    method: { name: 'sgd', batchSize: 4 },
    codecs: {
      gradient: {
        codec: {
          name: 'adaptive',
          ladder: [16, 4, 1].map((levels) => ({ name: 'qsgd', levels, coding: 'entropy' })),
          share: 0.5,
          everyRounds: 2,
        },
        scope: 'tensor',
      },
    },
    ...softmax,
  },
  'gradient-tracking with an adaptive codec': {
    method: { name: 'gradient-tracking', ...METHODS['gradient-tracking']!.settings },
    codecs: { iterate: { name: 'adaptive', ladder: ['bf16', 'fp16'], everyRounds: 1 } },
    topology: 'ring',
    ...softmax,
  },
};

async function inOneProcess(scenario: object): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ name: 'python-worker', ...scenario }));
  const { out } = await ended(start(process.execPath, [CLI, 'run', 'scenario.json', '--out', 'out', '--json'], folder));
  return (JSON.parse(out) as { stateDigest: string }).stateDigest;
}

describe('a worker in Python, written from docs/protocol*.md', function () {
  this.timeout(400_000);
  let python: string | null;

  before(function () {
    python = pythonWith(['numpy', 'aiohttp', 'msgpack']);
    if (!python) this.skip();
  });

  for (const { scenario, stateDigest } of runs)
    for (const mixed of [false, true])
      it(`${scenario.method.name} in ${scenario.precision}, ${mixed ? 'beside a worker of ours' : 'alone'}: the digest of one process`, async function () {
        this.timeout(300_000);
        expect(await runWith(python!, scenario, mixed)).to.equal(stateDigest);
      });

  for (const [name, method] of Object.entries(METHODS))
    for (const [what, problem] of Object.entries(PROBLEMS))
      for (const precision of ['float64', 'float32'])
        it(`${name} with ${what} in ${precision}, beside a worker of ours: the digest of one process`, async () => {
          const scenario = {
            seed: 5,
            rounds: 4,
            clients: 4,
            precision,
            method: { name, ...method.settings },
            ...problem,
          };
          const whole = method.peers ? { ...scenario, topology: 'ring' } : scenario;
          expect(await runWith(python!, whole, true)).to.equal(await inOneProcess(whole));
        });

  for (const [name, coded] of Object.entries(CODED))
    it(`${name}, beside a worker of ours: the digest of one process`, async () => {
      const scenario = { seed: 5, rounds: 6, clients: 4, precision: 'float32', ...coded };
      expect(await runWith(python!, scenario, true)).to.equal(await inOneProcess(scenario));
    });
});
