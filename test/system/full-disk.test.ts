import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

const input = {
  name: 'full',
  method: { name: 'scaffold', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 6,
  rounds: 200,
  seed: 5,
  evaluation: { everyRounds: 10 },
  checkpoints: { everyRounds: 20 },
} as const;

/** A disk of its own, kilobytes. */
class SmallDisk {
  readonly path = join(temporaryFolder(), 'disk');

  constructor(kilobytes: number) {
    mkdirSync(this.path);
    mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', this.path);
  }

  grow(): void {
    mount('-o', 'remount,size=64m', this.path);
  }

  remove(): void {
    spawnSync('umount', [this.path]);
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

function command(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  return {
    status,
    text: `${stdout}${stderr}`,
    errors: stderr.split('\n').filter((line) => /ERR_|Error|^ +at /.test(line)),
  };
}

describe('a run on a disk that is full', function () {
  this.timeout(240_000);
  let disk: SmallDisk | null = null;
  let digest = '';

  before(async function () {
    try {
      new SmallDisk(64).remove();
    } catch (error) {
      console.log(`  skipped: this user cannot mount a small disk: ${(error as Error).message.trim()}`);
      this.skip();
    }
    digest = (await runInput(input)).outcome.stateDigest;
  });

  afterEach(() => {
    disk?.remove();
    disk = null;
  });

  function begun(kilobytes: number, workers: number) {
    disk = new SmallDisk(kilobytes);
    const file = join(temporaryFolder(), 'scenario.json');
    writeFileSync(file, JSON.stringify(input));
    const out = join(disk.path, 'run');
    const serve = () => command('serve', file, '--out', out, '--workers', `${workers}`);
    return { out, serve, first: serve() };
  }

  const finished = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));

  it('ends with one sentence before anything was done, and begins when there is room', () => {
    const { out, serve, first } = begun(8, 0);
    expect(first.status).to.equal(2);
    expect(first.errors).to.have.length(1);
    expect(first.errors[0]).to.match(/^ERR_STOPPED: .*no space is left on the disk; nothing was computed yet/);
    disk!.grow();
    expect(serve().status).to.equal(0);
    expect(finished(out).stateDigest).to.equal(digest);
  });

  for (const [kilobytes, workers] of [
    [24, 0],
    [60, 0],
    [100, 0],
    [60, 2],
  ] as const)
    it(`of ${kilobytes} kB in the middle of the rounds, ${workers} worker processes: one sentence, and the undisturbed digest later`, () => {
      const { out, serve, first } = begun(kilobytes, workers);
      expect(first.status, first.text).to.equal(2);
      expect(first.errors, first.text).to.have.length(1);
      expect(first.errors[0]).to.match(
        /^ERR_STOPPED: .*no space is left on the disk; after repairing it, run 'gradswarm resume/,
      );
      expect(existsSync(join(out, 'lock'))).to.equal(false);
      // As long as it is full.
      const still = serve();
      expect(still.status).to.equal(2);
      expect(still.errors, still.text).to.have.length(1);
      disk!.grow();
      expect(serve().status).to.equal(0);
      expect(finished(out).stateDigest).to.equal(digest);
      expect(existsSync(join(out, 'report.html'))).to.equal(true);
    });

  it('while the report is drawn has the verdict and the digest already; the report is drawn when there is room', () => {
    const { out, serve, first } = begun(260, 0);
    expect(first.status, first.text).to.equal(2);
    expect(first.errors, first.text).to.have.length(1);
    expect(first.errors[0]).to.match(/the run is done and judged, verdict.json has it; 'gradswarm report/);
    expect(finished(out).stateDigest).to.equal(digest);
    expect(JSON.parse(readFileSync(join(out, 'verdict.json'), 'utf8')).valid).to.equal(true);
    disk!.grow();
    expect(serve().status).to.equal(0);
    expect(existsSync(join(out, 'report.html'))).to.equal(true);
    rmSync(join(out, 'report.html'));
    expect(command('report', out).status).to.equal(0);
    expect(existsSync(join(out, 'report.html'))).to.equal(true);
  });
});
