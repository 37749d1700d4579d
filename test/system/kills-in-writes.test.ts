import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { temporaryFolder } from '../support/scripted-run.js';

/** Kills at random points seldom fall into the few milliseconds of a checkpoint's write; these are placed inside it. */

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const KILLER = new URL('../support/kill-in-write.js', import.meta.url).href;
const POINTS = ['states', 'fsync', 'index', 'rename'] as const;

const RUNS: readonly ScenarioInput[] = [
  {
    name: 'error-feedback',
    method: { name: 'sgd', batchSize: 8, optimizer: { name: 'adam', learningRate: 0.01 } },
    data: { name: 'gaussian-clusters', partition: 'iid' },
    codecs: { gradient: { codec: { name: 'top-k', count: 3 }, memory: 'error-feedback' } },
  },
  {
    name: 'choco',
    method: { name: 'choco-sgd', stepSize: 0.05 },
    objective: { name: 'quadratic', dimension: 40 },
    data: 'none',
    precision: 'float64',
    topology: 'ring',
    codecs: { residual: { name: 'top-k', count: 10 } },
  },
  {
    name: 'private',
    method: { name: 'dp-fedavg', batchSize: 10 },
    data: { name: 'gaussian-clusters', partition: 'iid' },
  },
];

function ended(args: readonly string[], point?: string): Promise<number | string | null> {
  const hook = point === undefined ? [] : ['--import', KILLER];
  const env = { ...process.env, GRADSWARM_KILL_IN_WRITE: point };
  const child = spawn(process.execPath, [...hook, CLI, ...args, '--quiet'], { env, stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
}

describe('coordinators that are killed inside the write of a checkpoint', function () {
  this.timeout(600_000);

  for (const input of RUNS)
    it(`${input.name}: the same command continues after each of ${POINTS.length} points and ends with the undisturbed digest`, async () => {
      const folder = temporaryFolder();
      const file = join(folder, 'scenario.json');
      const often = { evaluation: { everyRounds: 50 }, checkpoints: { everyRounds: 5 } };
      writeFileSync(file, JSON.stringify({ clients: 8, seed: 3, rounds: 60, ...input, ...often }));
      const digest = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).stateDigest;
      await ended(['run', file, '--out', join(folder, 'whole')]);
      const out = join(folder, 'killed');
      const serve = ['serve', file, '--out', out, '--workers', '2'];
      for (const point of POINTS) {
        expect(await ended(serve, point), point).to.equal('SIGKILL');
        const unfinished = readdirSync(join(out, 'checkpoints')).filter((name) => name.endsWith('.partial'));
        expect(unfinished, point).to.have.length(1);
      }
      expect(await ended(serve)).to.equal(0);
      expect(digest(out)).to.match(/^[\da-f]{64}$/);
      expect(digest(out)).to.equal(digest(join(folder, 'whole')));
    });
});
