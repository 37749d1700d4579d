import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { childProcesses } from '../support/child-processes.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const TOKEN = 'the token of this test';

const input = {
  name: 'statuses',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 6,
  rounds: 150,
  seed: 5,
  evaluation: { everyRounds: 50 },
  checkpoints: { everyRounds: 10 },
} as const;

/** Too long to end by itself here. */
const ENDLESS = 200_000;

const running: ChildProcess[] = [];

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
}

function program(args: readonly string[], token = TOKEN): Program {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GRADSWARM_TOKEN: token },
  });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)), text: () => text };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 600) throw new Error(`waited 60 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const textIn = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const checkpointsIn = (out: string) =>
  existsSync(join(out, 'checkpoints')) ? readdirSync(join(out, 'checkpoints')) : [];

/** A coordinator for workers that are started by hand. */
class Place {
  readonly out = join(temporaryFolder(), 'run');
  private readonly file = join(temporaryFolder(), 'scenario.json');

  constructor(
    readonly port: number,
    private readonly more: object = {},
  ) {}

  serve(): Program {
    writeFileSync(this.file, JSON.stringify({ ...input, ...this.more }));
    return program(['serve', this.file, '--out', this.out, '--listen', `127.0.0.1:${this.port}`]);
  }

  worker(name: string, ...more: string[]): Program {
    return program(['worker', '--join', `ws://127.0.0.1:${this.port}`, '--name', name, ...more]);
  }

  session(): string {
    return textIn(join(this.out, 'session.jsonl'));
  }

  digest(): string {
    return JSON.parse(textIn(join(this.out, 'manifest.json'))).stateDigest;
  }

  async started(): Promise<void> {
    await until(() => checkpointsIn(this.out).length > 0, 'a checkpoint');
  }
}

describe('exit statuses and signals of real processes', function () {
  this.timeout(600_000);
  let digest = '';

  before(async () => {
    digest = (await runInput(input)).outcome.stateDigest;
  });

  afterEach(() => {
    for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  });

  it('bench transport ends with an error when its second process is killed', async () => {
    const bench = program(['bench', 'transport', '--repeats', '100']);
    await until(() => childProcesses(bench.child.pid!).length > 0, 'the second process');
    for (const pid of childProcesses(bench.child.pid!)) process.kill(pid, 'SIGKILL');
    expect(await bench.ended).to.equal(2);
    expect(bench.text()).to.include('ERR_WORKER_LOST').and.include('its second process ended by SIGKILL');
  });

  it('worker: 75 where no coordinator is, 3 with a wrong token', async () => {
    const place = new Place(await freePort(), { workers: { count: 1 } });
    const alone = place.worker('alone', '--retry-for', '0');
    expect(await alone.ended, alone.text()).to.equal(75);
    const coordinator = place.serve();
    await until(() => coordinator.text().includes('waiting for 1 workers'), 'the coordinator');
    const wrong = program(['worker', '--join', `ws://127.0.0.1:${place.port}`, '--retry-for', '60'], 'another token');
    expect(await wrong.ended, wrong.text()).to.equal(3);
  });

  it('workers that come first wait for the coordinator, and all end with 0 after the run', async () => {
    const place = new Place(await freePort(), { workers: { count: 2 } });
    const workers = [place.worker('a'), place.worker('b')];
    await until(() => workers.every(({ text }) => text().includes('trying again')), 'two tries in vain');
    const coordinator = place.serve();
    expect(await coordinator.ended, coordinator.text()).to.equal(0);
    for (const { ended, text } of workers) expect(await ended, text()).to.equal(0);
    expect(place.digest()).to.equal(digest);
  });

  it('a worker says goodbye to SIGTERM: status 0, its seat is open at once, a spare worker takes it', async () => {
    const place = new Place(await freePort(), { workers: { count: 2 }, rounds: 600 });
    const coordinator = place.serve();
    const [leaves, stays] = [place.worker('leaves'), place.worker('stays')];
    await place.started();
    const spare = place.worker('spare');
    await until(() => spare.text().includes('all seats are taken, waiting for one'), 'the spare worker');
    leaves.child.kill('SIGTERM');
    expect(await leaves.ended, leaves.text()).to.equal(0);
    expect(await coordinator.ended, coordinator.text()).to.equal(0);
    for (const { ended, text } of [stays, spare]) expect(await ended, text()).to.equal(0);
    expect(place.session()).to.match(/"event":"lost".*"name":"leaves".*"reason":"it left"/);
    expect(place.session()).to.match(/"event":"joined".*"name":"spare"/);
  });

  it('a worker that leaves before the start frees its place', async () => {
    const place = new Place(await freePort(), { workers: { count: 2 } });
    const coordinator = place.serve();
    const early = place.worker('early');
    await until(() => early.text().includes('joined'), 'the early worker');
    early.child.kill('SIGTERM');
    expect(await early.ended).to.equal(0);
    const workers = [place.worker('a'), place.worker('b')];
    expect(await coordinator.ended, coordinator.text()).to.equal(0);
    for (const { ended, text } of workers) expect(await ended, text()).to.equal(0);
    expect(place.digest()).to.equal(digest);
  });

  it('serve on SIGTERM: a checkpoint, status 2, and its workers wait; the same command ends in the undisturbed bits', async () => {
    const more = { workers: { count: 2 }, rounds: 300 };
    const place = new Place(await freePort(), more);
    const first = place.serve();
    const workers = [place.worker('a'), place.worker('b')];
    await place.started();
    first.child.kill('SIGTERM');
    expect(await first.ended, first.text()).to.equal(2);
    const stopped = /ERR_STOPPED: stopped after round (?<round>\d+) of 300/.exec(first.text())?.groups?.round;
    expect(checkpointsIn(place.out)).to.include(`round-${stopped!.padStart(6, '0')}`);
    expect(workers.map(({ child }) => child.exitCode)).to.deep.equal([null, null]);
    const second = place.serve();
    expect(await second.ended, second.text()).to.equal(0);
    for (const { ended, text } of workers) expect(await ended, text()).to.equal(0);
    expect(place.digest()).to.equal((await runInput({ ...input, rounds: 300 })).outcome.stateDigest);
    expect(await place.serve().ended).to.equal(0);
  });

  for (const workers of [0, 2])
    it(`run with ${workers} worker processes on SIGTERM: a checkpoint, status 2, no process stays`, async () => {
      const file = join(temporaryFolder(), 'scenario.json');
      const out = join(temporaryFolder(), 'run');
      writeFileSync(file, JSON.stringify({ ...input, rounds: ENDLESS }));
      const { child, ended, text } = program(['run', file, '--out', out, '--workers', `${workers}`]);
      await until(() => checkpointsIn(out).length > 0, 'a checkpoint');
      const pids = childProcesses(child.pid!);
      child.kill('SIGTERM');
      expect(await ended, text()).to.equal(2);
      expect(text()).to.match(/ERR_STOPPED: stopped .*; run 'gradswarm resume/);
      expect(textIn(join(out, 'session.jsonl'))).to.match(/"event":"ended".*"how":"stopped"/);
      expect(pids).to.have.length(workers);
      for (const pid of pids) expect(existsSync(`/proc/${pid}/exe`), `worker ${pid}`).to.equal(false);
      expect(existsSync(join(out, 'lock'))).to.equal(false);
    });

  it('a local worker process that is killed again and again is started again, later and later', async () => {
    const file = join(temporaryFolder(), 'scenario.json');
    const out = join(temporaryFolder(), 'run');
    writeFileSync(file, JSON.stringify({ ...input, rounds: ENDLESS }));
    const { child, text } = program(['run', file, '--out', out, '--workers', '1']);
    // Others, such as git that is asked for the commit, are no workers.
    const isWorker = (pid: number) => textIn(`/proc/${pid}/cmdline`).includes('\0worker\0');
    const kids = () => childProcesses(child.pid!).filter(isWorker);
    const delays: number[] = [];
    for (let kill = 0; kill < 4; kill++) {
      await until(() => kids().length > 0, 'a worker process');
      process.kill(kids()[0]!, 'SIGKILL');
      const killedMs = performance.now();
      await until(() => kids().length === 0, 'its end');
      await until(() => kids().length > 0, 'the next');
      delays.push(performance.now() - killedMs);
    }
    const notes = () => text().match(/worker process \d+ \(worker-0\) ended \(SIGKILL\)/g) ?? [];
    await until(() => notes().length === 4, 'a note of each');
    expect(delays[3]! - delays[0]!, delays.join(' ')).to.be.above(600);
  });
});
