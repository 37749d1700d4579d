import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLI, folderWith } from '../support/own-modules.js';

const MARK = 'TEST_EARLY_WORKERS';

/**
 * Data that each process notes when it reads it. The coordinator then waits for its two workers to have read it too, and with `ENDS` is killed. Were
 * workers started after the coordinator has read its data, it would wait in vain.
 */
const MODULE = `import { defineDataset, defineSettings, NO_TARGETS } from 'gradswarm/dataset';
import { readdirSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const examples = (count) => ({
  count, targets: NO_TARGETS,
  features: Float32Array.from({ length: 2 * count }, (_, i) => Math.sqrt(i) % 1),
  labels: Int32Array.from({ length: count }, (_, i) => i % 2),
});
export default defineDataset({
  name: 'noted', summary: 'notes who reads it', settings: defineSettings({}),
  async load() {
    const folder = process.env.${MARK};
    writeFileSync(folder + '/' + process.pid, '');
    for (let tries = 0; process.argv.includes('run') && readdirSync(folder).length < 3; tries++) {
      if (tries > 1000) throw new Error('no worker has read the data');
      await setTimeout(20);
    }
    if (process.argv.includes('run') && process.env.ENDS) process.kill(process.pid, 'SIGKILL');
    return { name: 'noted', source: 'here', featureShape: [2], classCount: 2, train: examples(40), test: examples(20) };
  },
});
`;

const SCENARIO = {
  method: { name: 'fedavg', batchSize: 4 },
  objective: { name: 'softmax-regression' },
  data: { name: 'noted' },
  use: ['./noted.ts'],
  clients: 4,
  rounds: 3,
};

/** A folder with the module and a scenario, one for the notes in it, and the environment of a command in it. */
function place(scenario: object, more: Readonly<Record<string, string>> = {}) {
  const folder = folderWith({ 'noted.ts': MODULE, 'scenario.json': scenario });
  const notes = join(folder, 'notes');
  mkdirSync(notes);
  return { folder, notes, env: { ...process.env, [MARK]: notes, ...more } };
}

/** Processes with this folder of notes in their environment. */
function marked(notes: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARK}=${notes}\0`);
      } catch {
        return false;
      }
    });
}

describe('worker processes that a run starts', function () {
  this.timeout(120_000);

  const run = (at: ReturnType<typeof place>, ...args: string[]) =>
    spawnSync(process.execPath, [CLI, 'run', 'scenario.json', '--json', ...args], {
      cwd: at.folder,
      env: at.env,
      encoding: 'utf8',
    });

  it('open its problem while the coordinator does, once each, and give the bits of one process', () => {
    const at = place(SCENARIO);
    const two = run(at, '--workers', '2', '--out', 'two');
    expect(two.status, two.stderr).to.equal(0);
    expect(readdirSync(at.notes)).to.have.length(3);
    const { stateDigest } = JSON.parse(two.stdout);
    expect(stateDigest).to.match(/^[\da-f]{64}$/);
    // The notes of before are those that it waits for.
    expect(JSON.parse(run(at, '--out', 'alone').stdout).stateDigest).to.equal(stateDigest);
    expect(marked(at.notes)).to.deep.equal([]);
  });

  it('are no more when the coordinator cannot open the problem, whose error and status are those of one process', () => {
    const data = { name: 'csv-table', path: '/nowhere/none.csv' };
    const at = place({ ...SCENARIO, use: [], data });
    const alone = run(at, '--out', 'alone');
    expect([alone.status, JSON.parse(alone.stdout).error.code]).to.deep.equal([3, 'ERR_DATA_MISSING']);
    const two = run(at, '--workers', '2', '--out', 'two');
    expect([two.status, two.stdout]).to.deep.equal([alone.status, alone.stdout]);
    expect(marked(at.notes)).to.deep.equal([]);
    expect(readdirSync(at.folder)).not.to.include('two');
  });

  it('end when the coordinator is killed before it listens', async () => {
    const at = place(SCENARIO, { ENDS: 'yes' });
    const child = spawn(process.execPath, [CLI, 'run', 'scenario.json', '--workers', '2', '--out', 'two'], {
      cwd: at.folder,
      env: at.env,
      stdio: 'ignore',
    });
    const [, signal] = await once(child, 'exit');
    expect(signal).to.equal('SIGKILL');
    expect(readdirSync(at.notes)).to.have.length(3);
    for (let tries = 0; marked(at.notes).length > 0 && tries < 600; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(marked(at.notes)).to.deep.equal([]);
  });
});
