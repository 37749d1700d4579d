import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

/** A process in a container of its own, as far as its lock is concerned: other process numbers and another host name. */
const UNSHARE = ['--pid', '--uts', '--mount-proc', '--fork', '--kill-child'];

const input = {
  name: 'moved',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 6,
  rounds: 800,
  seed: 5,
  evaluation: { everyRounds: 1000 },
  checkpoints: { everyRounds: 50 },
} as const;

interface Container {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
  /** The process inside, by its number outside. */
  pid(): number;
}

const running: Container[] = [];

function container(host: string, file: string, out: string): Container {
  const serve = `hostname ${host} && exec ${process.execPath} ${CLI} serve ${file} --out ${out}`;
  const child = spawn('unshare', [...UNSHARE, 'sh', '-c', serve], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const pid = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  const made = { child, ended, text: () => text, pid };
  running.push(made);
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 600) throw new Error('waited 60 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const hasCheckpoint = (out: string) =>
  existsSync(join(out, 'checkpoints')) &&
  readdirSync(join(out, 'checkpoints')).some((name) => /^round-\d+$/.test(name));

describe('a run directory on a volume that two containers share', function () {
  this.timeout(240_000);

  before(function () {
    if (spawnSync('unshare', [...UNSHARE, 'sh', '-c', 'hostname x']).status === 0) return;
    console.log('  skipped: this user cannot make namespaces (unshare)');
    this.skip();
  });

  afterEach(() => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
  });

  async function begun(rounds: number) {
    const folder = temporaryFolder();
    const [file, out] = [join(folder, 'scenario.json'), join(folder, 'run')];
    writeFileSync(file, JSON.stringify({ ...input, rounds }));
    const first = container('first', file, out);
    await until(() => hasCheckpoint(out));
    return { file, out, first };
  }

  it('is not written to by a second one while the first lives', async () => {
    const { file, out } = await begun(40_000);
    const second = container('second', file, out);
    expect(await second.ended).to.equal(3);
    expect(second.text()).to.match(/process 1 on first held it last; waiting up to 30 s/);
    expect(second.text()).to.match(/ERR_CHECKPOINT: .*process 1 on first writes here/);
  });

  it('goes to the second one when the first is silent for 30 s, and the first, back to life, does not write again', async () => {
    const { file, out, first } = await begun(input.rounds);
    process.kill(first.pid(), 'SIGSTOP');
    const second = container('second', file, out);
    expect(await second.ended, second.text()).to.equal(0);
    expect(second.text()).to.match(/the lock of process 1 on first was not renewed for 30 s and is taken over/);
    const record = () => readdirSync(out).map((name) => [name, statSync(join(out, name)).mtimeMs]);
    const before = record();
    process.kill(first.pid(), 'SIGCONT');
    expect(await first.ended).to.equal(2);
    expect(first.text()).to.match(/ERR_STOPPED: .*another process writes here now/);
    expect(record()).to.deep.equal(before);
    const { stateDigest } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(stateDigest).to.equal((await runInput(input)).outcome.stateDigest);
    expect(readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n')).to.have.length(input.rounds + 1);
  });
});
