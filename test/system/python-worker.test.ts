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
  writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ name: 'python-worker', data: 'none', ...scenario }));
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

describe('a worker in Python, written from docs/protocol*.md alone', function () {
  this.timeout(400_000);
  let python: string | null;

  before(function () {
    python = pythonWith(['python-socketio', 'aiohttp', 'msgpack']);
    if (!python) this.skip();
  });

  for (const { scenario, stateDigest } of runs)
    for (const mixed of [false, true])
      it(`${scenario.method.name} in ${scenario.precision}, ${mixed ? 'beside a worker of ours' : 'alone'}: the digest of one process`, async function () {
        this.timeout(300_000);
        expect(await runWith(python!, scenario, mixed)).to.equal(stateDigest);
      });
});
