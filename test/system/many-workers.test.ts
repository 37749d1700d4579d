import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startCommand } from '../support/command-process.js';
import { residentMB } from '../support/resident-memory.js';
import { temporaryFolder } from '../support/scripted-run.js';

const MANY = fileURLToPath(new URL('../support/many-workers.js', import.meta.url));
const TOKEN = 'a-token-of-sixteen';
const WORKERS = 200;
const PROCESSES = 4;

/** Of a coordinator with so many workers. */
const BOUND_MB = 400;

const input = {
  name: 'many',
  method: { name: 'scaffold', batchSize: 4 },
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  precision: 'float64',
  clients: WORKERS,
  rounds: 40,
  seed: 3,
  evaluation: { everyRounds: 10 },
};

describe(`${WORKERS} workers with connections of their own`, function () {
  this.timeout(600_000);

  it('join at once and end in the digest of one process', async () => {
    const folder = temporaryFolder();
    const [file, token] = [join(folder, 'scenario.json'), join(folder, 'token')];
    const workers = { count: WORKERS, joinTimeoutMs: 120_000 };
    writeFileSync(file, JSON.stringify({ ...input, workers, checkpoints: { everyRounds: 10 } }));
    writeFileSync(token, TOKEN);
    const alone = startCommand('run', file, '--out', join(folder, 'alone'), '--workers', '0', '--quiet');
    expect(await alone.ended, alone.printed.err).to.equal(0);
    const out = join(folder, 'many');
    const run = startCommand('serve', file, '--out', out, '--listen', '127.0.0.1:0', '--token-file', token);
    await run.seen(/ws:\/\/127\.0\.0\.1:\d+/);
    const url = /ws:\/\/127\.0\.0\.1:\d+/.exec(run.printed.err)![0];
    const env = { ...process.env, GRADSWARM_TOKEN: TOKEN };
    const start = (): ChildProcess =>
      spawn(process.execPath, [MANY, url, `${WORKERS / PROCESSES}`], { env, stdio: 'ignore' });
    const processes = Array.from({ length: PROCESSES }, start);
    let peak = 0;
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentMB(run.child.pid!) ?? 0);
    }, 100);
    try {
      expect(await run.ended, run.printed.err).to.equal(0);
    } finally {
      clearInterval(sampling);
      run.child.kill('SIGKILL');
      for (const each of processes) each.kill('SIGKILL');
    }
    const manifestIn = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
    expect(manifestIn(out).stateDigest)
      .to.be.a('string')
      .and.equal(manifestIn(join(folder, 'alone')).stateDigest);
    expect(manifestIn(out).lostClients).to.deep.equal([]);
    console.log(`      ${WORKERS} workers: resident memory of the coordinator at most ${peak.toFixed(0)} MB`);
    expect(peak).to.be.below(BOUND_MB);
  });
});
