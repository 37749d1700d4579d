import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { type CommandProcess, startCommand, startProgram } from '../support/command-process.js';
import { temporaryFolder } from '../support/scripted-run.js';

/** Real processes: one that computes for long in one call is alive, one that is frozen is not. */

const HEARTBEAT_MS = 2000;
const CALL_MS = 10_000;

const input: ScenarioInput = {
  name: 'liveness',
  method: { name: 'sgd', batchSize: 1 },
  objective: { name: 'blocking', dimension: 5 },
  data: 'none',
  clients: 4,
  rounds: 30,
  seed: 2,
  evaluation: { everyRounds: 1 },
  workers: { count: 2, heartbeatMs: HEARTBEAT_MS, onLoss: 'fail' },
};

/** What `--listen` and `--join` are given: the same token. */
function tokenFlags(): readonly string[] {
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, 'a-token-of-sixteen');
  return ['--token-file', file];
}

function scenarioFile(
  objective: object,
  changes: Partial<ScenarioInput> = {},
): { readonly file: string; readonly out: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'scenario.json');
  writeFileSync(
    file,
    JSON.stringify({ ...input, ...changes, objective: { name: 'blocking', dimension: 5, ...objective } }),
  );
  return { file, out: join(folder, 'out') };
}

const manifestIn = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Worker processes that a coordinator has started. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

async function until(isSo: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await new Promise((next) => setTimeout(next, 50)))
    if (isSo()) return true;
  return isSo();
}

describe('liveness', function () {
  this.timeout(180_000);
  const running: CommandProcess[] = [];
  const start = (...args: readonly string[]): CommandProcess => {
    const started = startCommand(...args);
    running.push(started);
    return started;
  };

  afterEach(() => {
    for (const { child } of running.splice(0)) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  });

  it(`a worker and a coordinator that compute for ${CALL_MS} ms in one call are not lost under a heartbeat of ${HEARTBEAT_MS} ms: equal bits`, async () => {
    const long = scenarioFile({ gradientMs: CALL_MS, evaluationMs: CALL_MS, call: 5 });
    const short = scenarioFile({});
    const [disturbed, undisturbed] = [long, short].map(({ file, out }) => start('run', file, '--out', out));
    expect([await disturbed!.ended, await undisturbed!.ended], disturbed!.printed.err).to.deep.equal([0, 0]);
    expect(manifestIn(long.out).stateDigest).to.be.a('string').and.equal(manifestIn(short.out).stateDigest);
    expect(readFileSync(join(long.out, 'session.jsonl'), 'utf8')).not.to.match(/"(lost|abandoned|reopened)"/);
  });

  it('of a program that calls the library likewise: it computes on its own thread, and so do its callbacks', async () => {
    const folder = temporaryFolder();
    const of = (out: string, objective: object, workers: object) => ({
      scenario: { ...input, objective: { name: 'blocking', dimension: 5, ...objective }, workers },
      directory: join(folder, out),
    });
    const long = { gradientMs: CALL_MS, evaluationMs: CALL_MS, call: 5 };
    const runs = [of('long', long, { ...input.workers }), of('short', {}, { count: 0 })];
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `import { run } from ${JSON.stringify(new URL('../../scenarios/api/index.js', import.meta.url).href)};
      let blocked = false;
      const round = ({ round }) => {
        for (const until = performance.now() + ${CALL_MS}; round === 10 && !blocked && performance.now() < until; );
        blocked ||= round === 10;
      };
      const watcher = { start() {}, note() {}, round };
      const [long, short] = ${JSON.stringify(runs)};
      const outcomes = [];
      for (const { scenario, directory } of [long, short]) outcomes.push(await run(scenario, { directory, watcher }));
      console.log(JSON.stringify(outcomes.map(({ stateDigest }) => stateDigest)));`,
    );
    const called = startProgram(program);
    running.push(called);
    expect(await called.ended, called.printed.err).to.equal(0);
    const [disturbed, undisturbed] = JSON.parse(called.printed.out.trim().split('\n').at(-1)!);
    expect(disturbed).to.be.a('string').and.equal(undisturbed);
    expect(readFileSync(join(folder, 'long', 'session.jsonl'), 'utf8')).not.to.match(/"(lost|abandoned|reopened)"/);
  });

  it('a frozen worker is noticed within the heartbeat, which the error names; workers that compute at that time are not', async () => {
    const { file, out } = scenarioFile({ gradientMs: 60_000, call: 10 });
    const run = start('run', file, '--out', out);
    await run.seen('round 9/30');
    // The one that has client 0 computes; the other waits.
    const frozen = childrenOf(run.child.pid!)[1]!;
    const sentMs = performance.now();
    process.kill(frozen, 'SIGSTOP');
    try {
      await run.seen(`nothing for workers.heartbeatMs = ${HEARTBEAT_MS} ms`);
      expect(performance.now() - sentMs).to.be.within(HEARTBEAT_MS / 2, 5 * HEARTBEAT_MS);
      expect(await run.ended).to.equal(2);
      expect(run.printed.err).to.match(/ERR_WORKER_LOST: worker-1 /);
    } finally {
      if (isAlive(frozen)) process.kill(frozen, 'SIGKILL');
    }
  });

  it('a frozen coordinator is noticed by a worker that computes, and the worker ends when it may not retry', async () => {
    const port = await freePort();
    const token = tokenFlags();
    const { file, out } = scenarioFile(
      { gradientMs: 4 * HEARTBEAT_MS, call: 10 },
      { workers: { ...input.workers, count: 1 } },
    );
    const run = start('run', file, '--out', out, '--listen', `127.0.0.1:${port}`, ...token);
    await run.seen('waiting for 1 workers');
    const worker = start('worker', '--join', `ws://127.0.0.1:${port}`, '--retry-for', '1', ...token);
    await run.seen('round 9/30');
    run.child.kill('SIGSTOP');
    expect(await worker.ended).to.equal(75);
    expect(worker.printed.err).to.match(/ERR_WORKER_LOST/);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`${signal} to a coordinator whose worker computes ends it and leaves no worker behind`, async () => {
      const { file, out } = scenarioFile({ gradientMs: 60_000, call: 10 });
      const run = start('run', file, '--out', out);
      await run.seen('round 9/30');
      const children = childrenOf(run.child.pid!);
      const sentMs = performance.now();
      run.child.kill(signal);
      expect(await run.ended).to.equal(2);
      expect(performance.now() - sentMs).to.be.lessThan(10_000);
      expect(run.printed.err).to.match(/ERR_STOPPED: stopped .*'gradswarm resume .*out'/);
      expect(await until(() => !children.some(isAlive), 5000)).to.equal(true);
    });

  for (const [what, gradientMs] of [
    ['computes', 60_000],
    ['waits', 0],
  ] as const)
    it(`SIGTERM to a worker that ${what}, whose coordinator is frozen, ends it with 0`, async () => {
      const port = await freePort();
      const token = tokenFlags();
      const rounds = gradientMs > 0 ? input.rounds! : 100_000_000;
      const workers = { ...input.workers, count: 1, heartbeatMs: 20_000 };
      const { file, out } = scenarioFile({ gradientMs, call: 10 }, { workers, rounds });
      const run = start('run', file, '--out', out, '--listen', `127.0.0.1:${port}`, ...token);
      await run.seen('waiting for 1 workers');
      const worker = start('worker', '--join', `ws://127.0.0.1:${port}`, ...token);
      await run.seen(/round (9|\d\d+)\//);
      run.child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 500));
      const sentMs = performance.now();
      worker.child.kill('SIGTERM');
      expect(await worker.ended).to.equal(0);
      expect(performance.now() - sentMs).to.be.lessThan(10_000);
    });

  it('SIGTERM to a coordinator that computes ends it, and its workers, which wait', async () => {
    const { file, out } = scenarioFile({ evaluationMs: 60_000, call: 10 });
    const run = start('run', file, '--out', out);
    await run.seen('round 9/30');
    const children = childrenOf(run.child.pid!);
    const sentMs = performance.now();
    run.child.kill('SIGTERM');
    expect(await run.ended).to.equal(2);
    expect(performance.now() - sentMs).to.be.lessThan(10_000);
    expect(await until(() => !children.some(isAlive), 5000)).to.equal(true);
  });

  it('the lock of a run directory is renewed while one call computes', async () => {
    const { file, out } = scenarioFile({ evaluationMs: 60_000, call: 10 }, { workers: { count: 0 } });
    const run = start('run', file, '--out', out);
    await run.seen('round 9/30');
    const renewed = () => statSync(join(out, 'lock')).mtimeMs;
    const before = renewed();
    expect(await until(() => renewed() > before, 20_000)).to.equal(true);
    const again = renewed();
    expect(await until(() => renewed() > again, 20_000)).to.equal(true);
    run.child.kill('SIGINT');
    expect(await run.ended).to.equal(2);
  });

  it('Ctrl-C to a worker that computes ends it with 0, and its seat is open at once', async () => {
    const port = await freePort();
    const token = tokenFlags();
    const { file, out } = scenarioFile({ gradientMs: 60_000, call: 10 }, { workers: { ...input.workers, count: 1 } });
    const run = start('run', file, '--out', out, '--listen', `127.0.0.1:${port}`, ...token);
    await run.seen('waiting for 1 workers');
    const worker = start('worker', '--join', `ws://127.0.0.1:${port}`, ...token);
    await run.seen('round 9/30');
    const sentMs = performance.now();
    worker.child.kill('SIGINT');
    expect(await worker.ended).to.equal(0);
    expect(performance.now() - sentMs).to.be.lessThan(10_000);
    expect(await run.ended).to.equal(2);
    expect(run.printed.err).to.match(/worker-0 .* was lost: it left/);
  });
});
