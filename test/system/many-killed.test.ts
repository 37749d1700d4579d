import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';
import { startCommand } from '../support/command-process.js';
import { temporaryFolder } from '../support/scripted-run.js';

const MANY = fileURLToPath(new URL('../support/many-workers.js', import.meta.url));
const TOKEN = 'a-token-of-sixteen';

const WORKERS = Number(process.env.GRADSWARM_WORKERS ?? 40);
const KILLED = Math.round(WORKERS * 0.3);

/** One epoch ends with the kills. More may end while workers die one by one in the sight of the coordinator, but not one for each. */
const MOST_EPOCHS = 5;

const input = {
  name: 'many',
  method: { name: 'scaffold', batchSize: 4 },
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  precision: 'float64',
  clients: WORKERS,
  rounds: 120,
  seed: 3,
  evaluation: { everyRounds: 10 },
};

/** A process that only computes. */
function burner(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}

describe(`${WORKERS} workers, ${KILLED} of them killed at once while other processes compute`, function () {
  this.timeout(600_000);

  it('continue as soon as others have come, with the digest of one process', async () => {
    const folder = temporaryFolder();
    const [file, token] = [join(folder, 'scenario.json'), join(folder, 'token')];
    const workers = { count: WORKERS, joinTimeoutMs: 300_000 };
    writeFileSync(file, JSON.stringify({ ...input, workers, checkpoints: { everyRounds: 10 } }));
    writeFileSync(token, TOKEN);
    const alone = startCommand('run', file, '--out', join(folder, 'alone'), '--workers', '0', '--quiet');
    expect(await alone.ended, alone.printed.err).to.equal(0);
    const out = join(folder, 'many');
    const run = startCommand('serve', file, '--out', out, '--listen', '127.0.0.1:0', '--token-file', token);
    await run.seen(/ws:\/\/127\.0\.0\.1:\d+/);
    const url = /ws:\/\/127\.0\.0\.1:\d+/.exec(run.printed.err)![0];
    const env = { ...process.env, GRADSWARM_TOKEN: TOKEN };
    const start = (count: number): ChildProcess =>
      spawn(process.execPath, [MANY, url, `${count}`], { env, stdio: 'ignore' });
    const half = Math.floor((WORKERS - KILLED) / 2);
    const processes = [start(KILLED), start(half), start(WORKERS - KILLED - half)];
    try {
      while (run.child.exitCode === null && !committed(out)) await pause(20);
      processes.push(...Array.from({ length: availableParallelism() }, burner));
      processes[0]!.kill('SIGKILL');
      processes.push(start(KILLED));
      expect(await run.ended, run.printed.err).to.equal(0);
    } finally {
      run.child.kill('SIGKILL');
      for (const each of processes) each.kill('SIGKILL');
    }
    const manifestIn = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
    expect(manifestIn(out).stateDigest)
      .to.be.a('string')
      .and.equal(manifestIn(join(folder, 'alone')).stateDigest);
    expect(manifestIn(out).lostClients).to.deep.equal([]);
    const events = readFileSync(join(out, 'session.jsonl'), 'utf8').trim().split('\n');
    const lost = events.map((line) => JSON.parse(line) as SessionEvent).filter((each) => each.event === 'lost');
    const last = lost.reduce((most, event) => Math.max(most, event.epoch), 0);
    console.log(`      ${lost.length} seats lost in ${last} epochs`);
    expect(last, events.join('\n')).to.be.at.most(MOST_EPOCHS);
    expect(lost.map(({ reason }) => reason).join('\n')).not.to.match(/closed its frame socket/);
  });
});

/** Is a checkpoint on the disk? */
function committed(out: string): boolean {
  const folder = join(out, 'checkpoints');
  return existsSync(folder) && readdirSync(folder).some((name) => /^round-\d+$/.test(name));
}
