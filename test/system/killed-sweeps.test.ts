import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type CommandProcess, startCommand } from '../support/command-process.js';
import { temporaryFolder } from '../support/scripted-run.js';

const SEEDS = [1, 2, 3];
const ROUNDS = 400;

const sweep = {
  sweep: 'killed',
  base: {
    name: 'killed',
    method: { name: 'scaffold', batchSize: 4 },
    objective: { name: 'quadratic', dimension: 20 },
    data: 'none',
    clients: 20,
    rounds: ROUNDS,
    seed: 1,
    evaluation: { everyRounds: 100 },
    checkpoints: { everyRounds: 40 },
  },
  over: { seed: SEEDS },
};

/** Checkpoints of all points. */
function progress(out: string): number {
  if (!existsSync(out)) return 0;
  return readdirSync(out, { recursive: true }).filter((name) => /checkpoints\/round-\d+$/.test(`${name}`)).length;
}

const index = (out: string) => readFileSync(join(out, 'index.csv'), 'utf8').trim().split('\n');

/** Digests of the points, by their folders. */
function digests(out: string): Record<string, string> {
  const manifests = readdirSync(out, { recursive: true }).map(String);
  const points = manifests.filter((name) => /.+\/manifest\.json$/.test(name)).sort();
  const digest = (name: string) => JSON.parse(readFileSync(join(out, name), 'utf8')).stateDigest as string;
  return Object.fromEntries(points.map((name) => [name, digest(name)]));
}

describe('a sweep whose process is killed', function () {
  this.timeout(600_000);
  let running: CommandProcess | null = null;

  afterEach(() => void running?.child.kill('SIGKILL'));

  for (const jobs of [1, 2])
    it(`again and again is continued by 'resume', with the undisturbed digests (${jobs} at once)`, async () => {
      const folder = temporaryFolder();
      const [file, out, whole] = [join(folder, 'sweep.json'), join(folder, 'out'), join(folder, 'whole')];
      writeFileSync(file, JSON.stringify(sweep));
      const undisturbed = startCommand('run', file, '--out', whole, '--quiet');
      expect(await undisturbed.ended, undisturbed.printed.err).to.be.oneOf([0, 2]);
      running = startCommand('run', file, '--out', out, '--jobs', `${jobs}`, '--quiet');
      let kills = 0;
      for (; kills < 4; kills++) {
        const before = progress(out);
        while (running.child.exitCode === null && progress(out) === before) await pause(10);
        if (running.child.exitCode !== null) break;
        running.child.kill('SIGKILL');
        await running.ended;
        running = startCommand('resume', out, '--quiet');
      }
      expect(await running.ended, running.printed.err).to.be.oneOf([0, 2]);
      expect(kills).to.be.above(1);
      expect(Object.keys(digests(out))).to.have.length(SEEDS.length);
      expect(digests(out)).to.deep.equal(digests(whole));
      expect(index(out)).to.have.length(1 + SEEDS.length);
    });
});
