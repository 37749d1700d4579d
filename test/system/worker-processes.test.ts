import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { LocalWorkers } from '../../scenarios/run/local-workers.js';
import { remoteFleet } from '../../scenarios/run/remote-fleet.js';
import { replayRun, resumeRun } from '../../scenarios/run/runtime.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

/** Many short rounds, so that something can happen in the middle. */
const long: ScenarioInput = {
  name: 'processes',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 6,
  rounds: 2000,
  seed: 5,
  evaluation: { everyRounds: 1000 },
  checkpoints: { everyRounds: 20 },
  workers: { count: 2, heartbeatMs: 1500, onLoss: 'fail' },
};

/** Runs with real worker processes and calls `act` once `round` rounds are done, with their pids then and what happened to them by any later time. */
function withProcesses(
  input: ScenarioInput,
  round: number,
  act: (pids: readonly number[], happened: () => readonly SessionEvent[]) => void,
) {
  let workers: LocalWorkers | null = null;
  let acted = false;
  const events: SessionEvent[] = [];
  const fleet: NonNullable<SessionOptions['fleet']> = (scenario, method, problem, options) => {
    workers = new LocalWorkers(() => {}, { scenario, use: [], initial: null });
    const session = (event: SessionEvent): void => {
      events.push(event);
      options.session(event);
    };
    return remoteFleet(scenario, method, problem, { ...options, session }, workers);
  };
  return runInput(input, {
    fleet,
    watcher: {
      start: () => {},
      note: () => {},
      round: (row) => {
        if (acted || row.round < round) return;
        acted = true;
        act([...workers!.pids], () => events);
      },
    },
  });
}

async function errorOf(run: Promise<unknown>): Promise<Error> {
  try {
    await run;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, got none');
}

describe('worker processes', function () {
  this.timeout(60_000);

  it('a killed worker ends the run with ERR_WORKER_LOST that names it (workers.onLoss: fail)', async () => {
    const error = await errorOf(withProcesses(long, 20, ([pid]) => process.kill(pid!, 'SIGKILL')));
    expect(error.message).to.match(/^ERR_WORKER_LOST: worker-[01] \(.*\) was lost: .*; it hosted 3 clients/);
  });

  it('with onLoss: absent its clients are absent as crashed, the attempt is run again, and the rest finish; replay gives the same bits', async () => {
    const input = { ...long, rounds: 120, workers: { ...long.workers, onLoss: 'absent' as const, allowAbsent: true } };
    const { path, record } = await withProcesses(input, 20, ([pid]) => process.kill(pid!, 'SIGKILL'));
    expect(record.rows.at(-1)!.round).to.equal(120);
    const events = readFileSync(join(path, 'events.jsonl'), 'utf8');
    expect(readFileSync(join(path, 'session.jsonl'), 'utf8')).to.match(/"event":"lost"/);
    expect(events).to.match(/"event":"absent".*"why":"crashed"/);
    const again = await replayRun(path, {
      directory: join(temporaryFolder(), 'again'),
      listen: null,
      signal: new AbortController().signal,
    });
    expect(again.verdict.expectations[0]!.detail).to.include(record.stateDigest);
    expect(again.verdict.valid).to.equal(true);
  });

  it('with onLoss: replay, the default, a killed worker is started again and the run ends in the undisturbed bits', async () => {
    const input = { ...long, rounds: 150, workers: { count: 2, heartbeatMs: 5000 } };
    const { path, outcome } = await withProcesses(input, 50, ([pid]) => process.kill(pid!, 'SIGKILL'));
    const whole = await runInput({ ...input, workers: { count: 0 } });
    expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
    expect(outcome.verdict.valid).to.equal(true);
    expect(outcome.summary).to.include({ workersLost: 1, rollbacks: 1, bytesUp: whole.outcome.summary.bytesUp });
    const session = readFileSync(join(path, 'session.jsonl'), 'utf8');
    for (const event of ['started', 'joined', 'lost', 'abandoned', 'rolled-back', 'ended'])
      expect(session).to.include(`"event":"${event}"`);
    const columns = (file: string) =>
      readFileSync(join(file, 'metrics.csv'), 'utf8')
        .split('\n')
        .map((row) => row.split(',').slice(0, 7).join(','));
    expect(columns(path)).to.deep.equal(columns(whole.path));
  });

  it('a second worker that is killed while the seats are assigned after the loss of the first is replaced too', async () => {
    const input = { ...long, rounds: 150, workers: { count: 2, heartbeatMs: 10_000 } };
    const { path, outcome } = await withProcesses(input, 50, async ([first, second], happened) => {
      // Frozen, it holds up the epoch that begins after the loss, until it is killed.
      process.kill(second!, 'SIGSTOP');
      process.kill(first!, 'SIGKILL');
      while (!happened().some((one) => one.event === 'joined' && one.epoch === 2)) await pause(20);
      process.kill(second!, 'SIGKILL');
    });
    const whole = await runInput({ ...input, workers: { count: 0 } });
    expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
    expect(outcome.summary).to.include({ workersLost: 2, rollbacks: 1 });
    const session = readFileSync(join(path, 'session.jsonl'), 'utf8');
    expect(session.match(/"event":"lost","epoch":\d+/g)).to.deep.equal([
      '"event":"lost","epoch":1',
      '"event":"lost","epoch":2',
    ]);
    expect(session).to.match(/"event":"joined","epoch":3/);
  });

  it('a run that ended without some clients is not called valid, and says why', async () => {
    const input = { ...long, rounds: 120, workers: { ...long.workers, onLoss: 'absent' as const } };
    const { outcome } = await withProcesses(input, 20, ([pid]) => process.kill(pid!, 'SIGKILL'));
    expect(outcome.verdict.valid).to.equal('unknown');
    expect(outcome.verdict.expectations.at(-1)!.detail).to.match(/^3 of 6 clients were lost/);
  });

  it('with onLoss: absent and every worker lost, one after the other, it ends with one sentence that names the setting', async () => {
    const input = { ...long, checkpoints: { everyRounds: 1 }, workers: { ...long.workers, onLoss: 'absent' as const } };
    const error = await errorOf(
      withProcesses(input, 20, ([first, second]) => {
        process.kill(first!, 'SIGKILL');
        setTimeout(() => process.kill(second!, 'SIGKILL'), 500);
      }),
    );
    expect(error.message).to.match(
      /^ERR_WORKER_LOST: round \d+: all 6 clients were lost with their workers, and workers.onLoss = 'absent' continues without them/,
    );
  });

  it('a worker that hangs (SIGSTOP) is lost after the heartbeat, not waited for without end', async () => {
    let stopped = 0;
    const error = await errorOf(
      withProcesses(long, 20, ([pid]) => {
        stopped = pid!;
        process.kill(pid!, 'SIGSTOP');
        // The launcher ends what it started, but a stopped process needs a signal that it cannot hold back.
        setTimeout(() => ended(pid!), 6000).unref();
      }),
    );
    expect(stopped).to.be.above(0);
    expect(error.message).to.match(/^ERR_WORKER_LOST/);
  });

  it('under the wall clock a paused worker is late, not lost: the round continues with a quorum, and replay gives the same bits', async () => {
    const input: ScenarioInput = {
      ...long,
      rounds: 120,
      clock: 'wall',
      // A checkpoint waits for every worker's states, a paused one's too.
      checkpoints: { everyRounds: null },
      links: [{ latencyMs: 0, bandwidthMbps: null }],
      participation: { deadlineMs: 150, quorum: { count: 3 } },
      workers: { count: 2, heartbeatMs: 8000, onLoss: 'fail' },
    };
    const { path, record } = await withProcesses(input, 40, ([pid]) => {
      process.kill(pid!, 'SIGSTOP');
      setTimeout(() => process.kill(pid!, 'SIGCONT'), 900);
    });
    expect(record.rows.at(-1)!.round).to.equal(120);
    expect(readFileSync(join(path, 'deliveries.jsonl'), 'utf8')).to.match(/"why":"late"/);
    const again = await replayRun(path, {
      directory: join(temporaryFolder(), 'again'),
      listen: null,
      signal: new AbortController().signal,
    });
    expect(again.verdict.valid).to.equal(true);
  });

  it('Ctrl-C ends cleanly with a checkpoint and the command to resume; resumed, the run ends in the bits of an undisturbed one', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'scenario.json');
    const input = { ...long, rounds: 120 };
    writeFileSync(file, JSON.stringify(input));
    const directory = join(folder, 'run');
    const child = spawn(process.execPath, [CLI, 'run', file, '--out', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = collected(child);
    await until(() => checkpointsIn(directory).some((name) => name >= 'round-000020'));
    child.kill('SIGINT');
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    expect(text()).to.match(/ERR_STOPPED: stopped after round \d+ of 120; run 'gradswarm resume .*' to continue/);
    expect(code).to.equal(2);
    const resumed = await resumeRun(directory, {
      directory: null,
      listen: null,
      signal: new AbortController().signal,
    });
    const whole = await runInput({ ...input, workers: { count: 0 } });
    expect(resumed.stateDigest).to.equal(whole.outcome.stateDigest);
    expect(readFileSync(join(directory, 'metrics.csv'), 'utf8').trim().split('\n')).to.have.length(121);
  });

  it('--listen waits for workers that join by address, gives the bits of one process, and ends though a process without a token holds a connection', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'scenario.json');
    const input = { ...long, rounds: 30 };
    writeFileSync(file, JSON.stringify(input));
    const coordinator = spawn(
      process.execPath,
      [CLI, 'run', file, '--listen', '127.0.0.1:0', '--json', '--out', join(folder, 'run')],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const out = collected(coordinator);
    const exit = new Promise((resolve) => coordinator.once('exit', resolve));
    const { token, url } = await untilValue(
      () => /GRADSWARM_TOKEN=(?<token>\S+) gradswarm worker --join (?<url>ws:\S+)/.exec(out())?.groups,
    );
    const intruder = connect(Number(new URL(url!).port), '127.0.0.1').on('error', () => {});
    const env = { ...process.env, GRADSWARM_TOKEN: token };
    const workers = [1, 2].map(() =>
      spawn(process.execPath, [CLI, 'worker', '--join', url!], { stdio: 'ignore', env }),
    );
    const codes = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
    expect(await exit).to.equal(0);
    expect(await codes).to.deep.equal([0, 0]);
    intruder.destroy();
    const whole = await runInput({ ...input, workers: { count: 0 } });
    expect(out()).to.include(whole.outcome.stateDigest);
  });
});

/** Kills the process unless it has ended by itself. */
function ended(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

/** Names of the checkpoint folders so far; old ones are removed. */
function checkpointsIn(directory: string): string[] {
  const folder = join(directory, 'checkpoints');
  return existsSync(folder) ? readdirSync(folder) : [];
}

function collected(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return () => text;
}

async function until(condition: () => boolean): Promise<void> {
  await untilValue(() => condition() || undefined);
}

async function untilValue<T>(value: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = value();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('waited 30 s in vain');
}
