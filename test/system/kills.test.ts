import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { childProcesses } from '../support/child-processes.js';
import { temporaryFolder } from '../support/scripted-run.js';
import { seededRandom } from '../support/seeded-random.js';

/**
 * Real processes, killed and frozen at random: `gradswarm serve` in a loop, as a supervisor runs it, with its worker processes. Each
 * run has to end by itself with the digest of the undisturbed run. `npm run soak` sets GRADSWARM_KILLS and a seed of its own.
 */

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const KILLS = Number(process.env.GRADSWARM_KILLS ?? 60);
const FREEZES = Math.ceil(KILLS / 3);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);

const clusters = { data: { name: 'gaussian-clusters', partition: 'iid' } } as const;
const quadratic = { objective: { name: 'quadratic', dimension: 40 }, data: 'none', precision: 'float64' } as const;
const posterior = {
  objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'published-setting' },
  data: 'none',
  clients: 10,
  precision: 'float64',
} as const;

/** One of each kind: server, control variates, memories of error feedback, peers, compressed peers, chains, private, secure sums. */
const RUNS: readonly { readonly workers: number; readonly input: ScenarioInput }[] = [
  { workers: 2, input: { name: 'scaffold', method: { name: 'scaffold', batchSize: 10 }, ...clusters, rounds: 600 } },
  {
    workers: 3,
    input: {
      name: 'error-feedback',
      method: { name: 'sgd', batchSize: 8, optimizer: { name: 'adam', learningRate: 0.01 } },
      ...clusters,
      codecs: { gradient: { codec: { name: 'top-k', count: 3 }, memory: 'error-feedback' } },
      rounds: 1500,
    },
  },
  {
    workers: 2,
    input: {
      name: 'tracking',
      method: { name: 'gradient-tracking', stepSize: 0.05 },
      ...quadratic,
      topology: 'ring',
      rounds: 3000,
    },
  },
  {
    workers: 4,
    input: {
      name: 'choco',
      method: { name: 'choco-sgd', stepSize: 0.05 },
      ...quadratic,
      topology: 'ring',
      codecs: { residual: { name: 'top-k', count: 10 } },
      rounds: 2500,
    },
  },
  {
    workers: 2,
    input: {
      name: 'fsgld',
      method: { name: 'fsgld', stepSize: 1e-4, batchSize: 10, chains: 8, burnInSteps: 1000, thin: 7, delay: 10 },
      ...posterior,
      rounds: 800,
    },
  },
  { workers: 3, input: { name: 'qlsd', method: { name: 'qlsd' }, ...posterior, rounds: 800 } },
  { workers: 2, input: { name: 'dp', method: { name: 'dp-fedavg', batchSize: 10 }, ...clusters, rounds: 500 } },
  {
    workers: 2,
    input: { name: 'secure-sum', method: { name: 'dp-fedavg-secure', batchSize: 10 }, ...clusters, rounds: 150 },
  },
];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Disturbed {
  readonly digest: string | null;
  readonly kills: number;
  readonly freezes: number;
  /** Kills while a checkpoint was written. */
  readonly writes: number;
  readonly starts: number;
  readonly log: readonly string[];
}

function start(args: readonly string[]): ChildProcess & { readonly ended: Promise<number | null> } {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr!.resume();
  return Object.assign(child, {
    ended: new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code))),
  });
}

/** Round of the newest checkpoint. */
function newestRound(out: string): number {
  const folder = join(out, 'checkpoints');
  if (!existsSync(folder)) return -1;
  return readdirSync(folder).reduce(
    (newest, name) => Math.max(newest, Number(/^round-(\d+)$/.exec(name)?.[1] ?? -1)),
    -1,
  );
}

/** Resolves when a checkpoint is being written, or after a while without one. */
function checkpointWrite(out: string): Promise<boolean> {
  const folder = join(out, 'checkpoints');
  if (!existsSync(folder)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const watcher = watch(folder, (_event, name) => {
      if (name?.endsWith('.partial')) end(true);
    });
    const timer = setTimeout(() => end(false), 3000);
    function end(seen: boolean): void {
      clearTimeout(timer);
      watcher.close();
      resolve(seen);
    }
  });
}

/** Runs until it is over, whatever is killed: the coordinator is started again like a supervisor does it. */
async function disturbed(
  file: string,
  workers: number,
  out: string,
  random: () => number,
  plan: { kills: number; freezes: number },
): Promise<Disturbed> {
  const log: string[] = [];
  const done = { kills: 0, freezes: 0, writes: 0 };
  let starts = 0;
  let round = -1;
  while (starts < 60 + 2 * plan.kills) {
    starts++;
    const coordinator = start([
      'serve',
      file,
      '--out',
      out,
      '--workers',
      `${workers}`,
      '--quiet',
      '--set',
      'workers.heartbeatMs=3000',
    ]);
    let over = false;
    void coordinator.ended.then(() => {
      over = true;
    });
    while (!over) {
      // Most wait for a checkpoint, so that a slow machine gets on at all; others fall into starts and assignments.
      const mayBeEarly = random() < 0.25;
      for (let waited = 0; !over && !mayBeEarly && newestRound(out) <= round && waited < 30_000; waited += 50)
        await pause(50);
      await pause(150 + 900 * random());
      if (over || done.kills + done.freezes >= plan.kills + plan.freezes) continue;
      const kids = childProcesses(coordinator.pid!);
      const target =
        random() < 0.25 || kids.length === 0 ? coordinator.pid! : kids[Math.floor(random() * kids.length)]!;
      const freeze = done.freezes < plan.freezes && (done.kills >= plan.kills || random() < 0.25);
      const who = target === coordinator.pid ? 'coordinator' : `worker process ${target}`;
      const writes = !freeze && random() < 0.4 && (await checkpointWrite(out));
      if (over) continue;
      try {
        if (freeze) {
          process.kill(target, 'SIGSTOP');
          const ms = random() < 0.5 ? 700 : 4500;
          setTimeout(() => {
            try {
              process.kill(target, 'SIGCONT');
            } catch {}
          }, ms);
          done.freezes++;
          log.push(`froze ${who} for ${ms} ms`);
        } else {
          process.kill(target, 'SIGKILL');
          done.kills++;
          if (writes) done.writes++;
          round = newestRound(out);
          log.push(`killed ${who}${writes ? ' during the write of a checkpoint' : ''}`);
        }
      } catch {}
    }
    if ((await coordinator.ended) === 0) break;
  }
  const manifest = join(out, 'manifest.json');
  const digest = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).stateDigest : null;
  return { digest, ...done, starts, log };
}

describe('runs whose processes are killed and frozen', function () {
  this.timeout(900_000 + 60_000 * KILLS);
  const random = seededRandom(SEED);
  const total = { kills: 0, freezes: 0, writes: 0, starts: 0 };

  for (const { workers, input } of RUNS)
    it(`${input.name}, ${workers} worker processes: ends by itself with the undisturbed digest`, async () => {
      const folder = temporaryFolder();
      const file = join(folder, 'scenario.json');
      const scenario = {
        clients: 8,
        seed: 3,
        ...input,
        evaluation: { everyRounds: 200 },
        checkpoints: { everyRounds: 25 },
        workers: { joinTimeoutMs: 60_000 },
      };
      writeFileSync(file, JSON.stringify(scenario));
      await start(['run', file, '--out', join(folder, 'whole'), '--quiet']).ended;
      const { stateDigest } = JSON.parse(readFileSync(join(folder, 'whole', 'manifest.json'), 'utf8'));
      expect(stateDigest).to.match(/^[\da-f]{64}$/);
      const plan = { kills: Math.ceil(KILLS / RUNS.length), freezes: Math.ceil(FREEZES / RUNS.length) };
      let left = plan;
      // A run may be over before all have fallen: then it is run again.
      for (let tries = 0; tries < 8 + KILLS / 10 && left.kills + left.freezes > 0; tries++) {
        const result = await disturbed(file, workers, join(folder, `run-${tries}`), random, left);
        expect(result.digest, `seed ${SEED}, ${input.name}:\n${result.log.join('\n')}`).to.equal(stateDigest);
        left = { kills: left.kills - result.kills, freezes: left.freezes - result.freezes };
        total.kills += result.kills;
        total.freezes += result.freezes;
        total.writes += result.writes;
        total.starts += result.starts;
        const partial = readdirSync(join(folder, `run-${tries}`)).filter((name) => name === 'lock');
        expect(partial).to.deep.equal([]);
      }
    });

  after(() =>
    console.log(
      `  ${total.kills} kills, ${total.writes} of them during the write of a checkpoint, ${total.freezes} freezes, ${total.starts} starts of a coordinator`,
    ),
  );
});
