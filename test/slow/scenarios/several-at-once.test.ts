import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));

const SWEEP = {
  sweep: 'at-once',
  base: {
    method: { name: 'sgd', batchSize: 4 },
    data: { name: 'gaussian-clusters', examples: 60, testExamples: 20 },
    clients: 3,
    rounds: 4,
  },
  seeds: 2,
};

describe('a sweep with --jobs', () => {
  let folder: string;
  const gradswarm = (...args: string[]) =>
    spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' });
  const index = (out: string) =>
    JSON.parse(readFileSync(join(folder, out, 'index.json'), 'utf8')).points.map(
      ({ directory, valid, stateDigest }: Record<string, unknown>) => ({ directory, valid, stateDigest }),
    );
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-at-once-'));
    writeFileSync(join(folder, 'sweep.json'), JSON.stringify({ ...SWEEP, over: { rounds: [4, 5] } }));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has the points of the same sweep one after the other, in order and with equal bits', () => {
    const file = join(folder, 'sweep.json');
    const plain = gradswarm('run', file, '--out', 'plain', '--json');
    expect(plain.status, plain.stderr).to.equal(0);
    const together = gradswarm('run', file, '--out', 'together', '--jobs', '3');
    expect(together.status, together.stderr).to.equal(0);
    expect(together.stderr).to.match(/at-once, 3 at once round 18\/18/);
    expect(index('together')).to.deep.equal(index('plain'));
    expect(index('plain')).to.have.length(4);
  });

  it('says at once which point is not valid, and the whole ends with 1', () => {
    const base = { ...SWEEP.base, expect: [{ name: 'above', of: 'finalAccuracy', value: 1.5 }] };
    const file = join(folder, 'wrong.json');
    writeFileSync(file, JSON.stringify({ ...SWEEP, base, over: {}, seeds: 2 }));
    const { status, stderr } = gradswarm('run', file, '--out', 'wrong', '--jobs', '2');
    expect(status).to.equal(1);
    for (const seed of [1, 2]) expect(stderr).to.match(new RegExp(`NOT VALID {2}seed=${seed}: not met above: `));
  });

  it('that was stopped continues with the points that are missing', () => {
    rmSync(join(folder, 'together', 'report.html'));
    rmSync(join(folder, 'together', 'point-002-rounds=5,-seed=1'), { recursive: true });
    const { status, stderr } = gradswarm('resume', 'together', '--jobs', '2');
    expect(status, stderr).to.equal(0);
    expect(stderr).to.match(/round 5\/5/);
    expect(index('together')).to.deep.equal(index('plain'));
  });

  it('cannot wait for workers of elsewhere', () => {
    const { status, stderr } = gradswarm('run', 'sweep.json', '--jobs', '2', '--listen', ':0', '--workers', '1');
    expect(stderr).to.include('--jobs: expected it without --listen');
    expect(status).to.equal(3);
  });
});
