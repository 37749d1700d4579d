import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { LocalWorkers } from '../../scenarios/run/local-workers.js';
import { remoteFleet } from '../../scenarios/run/remote-fleet.js';
import { replayRun, resumeRun } from '../../scenarios/run/runtime.js';
import { runSession } from '../../scenarios/run/session.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { resolved, temporaryFolder } from '../support/scripted-run.js';

const clusters = {
  objective: 'softmax-regression',
  data: {
    name: 'gaussian-clusters',
    examples: 2000,
    testExamples: 200,
    partition: { name: 'dirichlet', alpha: 0.5 },
  },
} as const;

const ef21: ScenarioInput = {
  name: 'ef21',
  method: { name: 'sgd', batchSize: 32 },
  ...clusters,
  clients: 8,
  rounds: 400,
  seed: 1,
  codecs: { gradient: { codec: { name: 'top-k', fraction: 0.05 }, memory: 'ef21' } },
  checkpoints: { everyRounds: 20 },
  evaluation: { everyRounds: 10 },
};

const ring: ScenarioInput = {
  name: 'ring',
  method: { name: 'gradient-tracking', stepSize: 0.05 },
  objective: {
    name: 'quadratic',
    dimension: 3,
    matrices: [
      [0.5, 2, 1.1],
      [0.7, 0.6, 1.9],
      [1, 1.3, 0.5],
      [1.4, 0.9, 0.8],
      [1.8, 0.5, 1.5],
      [2, 1.7, 0.6],
      [0.6, 1.1, 1.2],
      [1.2, 0.8, 2],
    ],
    centres: [
      [3, -1, 2],
      [-2, 4, 0],
      [1, 1, -3],
      [0, -2, 5],
      [-4, 3, 1],
      [2, 0, -1],
      [5, -3, 2],
      [-1, 2, -4],
    ],
  },
  data: 'none',
  precision: 'float64',
  topology: 'ring',
  clients: 8,
  rounds: 600,
  seed: 1,
  checkpoints: { everyRounds: 50 },
  evaluation: { everyRounds: 10 },
};

const diff2: ScenarioInput = {
  name: 'diff2',
  method: {
    name: 'diff2',
    learningRate: 1,
    refreshRadius: 1.5,
    differenceRadius: 0.2,
    epsilon: 3,
    delta: 1e-5,
    rounds: 200,
    refreshPeriod: 10,
  },
  ...clusters,
  clients: 5,
  rounds: 200,
  seed: 1,
  checkpoints: { everyRounds: 10 },
  evaluation: { everyRounds: 10 },
};

const settings = { listen: null, signal: new AbortController().signal } as const;

/** Runs with two worker processes; one is killed in round `lossAt`, and the coordinator breaks off in round `breakAt`. */
async function disturbed(input: ScenarioInput, lossAt: number, breakAt: number | null) {
  const workers = { count: 2, heartbeatMs: 5000, onLoss: 'absent' as const };
  const scenario = await resolved({ ...input, workers });
  const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
  let launcher: LocalWorkers | null = null;
  const fleet: NonNullable<SessionOptions['fleet']> = (of, method, problem, options) => {
    launcher = new LocalWorkers(() => {}, { scenario: of, use: [], initial: null });
    return remoteFleet(of, method, problem, options, launcher);
  };
  const run = runSession(scenario, directory, {
    ...settings,
    fleet,
    watcher: {
      start: () => {},
      note: () => {},
      round: ({ round }) => {
        if (round === lossAt) process.kill(launcher!.pids[0]!, 'SIGKILL');
        if (round === breakAt) throw new Error('the coordinator breaks off');
      },
    },
  });
  const { path } = directory;
  const broken = await run.then(
    () => false,
    () => true,
  );
  expect(broken).to.equal(breakAt !== null);
  if (breakAt !== null) await resumeRun(path, { ...settings, directory: null });
  const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
  const { summary } = JSON.parse(readFileSync(join(path, 'figures.json'), 'utf8'));
  const verdict = JSON.parse(readFileSync(join(path, 'verdict.json'), 'utf8'));
  const rows = readFileSync(join(path, 'metrics.csv'), 'utf8').trim().split('\n').slice(1);
  return { path, manifest, summary, verdict, rows, session: readFileSync(join(path, 'session.jsonl'), 'utf8') };
}

describe('a worker lost permanently (onLoss: absent), then the coordinator', function () {
  this.timeout(600_000);

  for (const [input, why] of [
    [ef21, 'its memories of them stay as they were'],
    [ring, 'the trackers of the others keep their sum'],
  ] as const)
    it(`${input.name}: its clients stay lost when the run is resumed, and it ends like one that only lost them`, async () => {
      const resumed = await disturbed(input, 51, 150);
      const { summary } = await disturbed(input, 51, null);
      expect(resumed.manifest.lostClients, why).to.deep.equal([0, 2, 4, 6]);
      expect(resumed.verdict.valid).to.equal('unknown');
      expect(resumed.summary).to.include({ lostClients: 4, workersLost: 1 });
      expect(resumed.session).to.match(/"event":"lost".*"name"/);
      expect(resumed.rows).to.have.length(input.rounds!);
      expect(resumed.summary.finalLoss / summary.finalLoss).to.be.within(0.99, 1.01);
    });

  for (const input of [ring, diff2])
    it(`${input.name}: the replay of a run that lost a worker has its bits, bytes and times`, async () => {
      const { path, rows } = await disturbed(input, 47, null);
      const directory = join(temporaryFolder(), 'again');
      const { verdict } = await replayRun(path, { ...settings, directory });
      expect(verdict.expectations[0]!.detail).to.match(/^the recorded state/);
      const again = readFileSync(join(directory, 'metrics.csv'), 'utf8').trim().split('\n').slice(1);
      const timeless = (row: string) => row.split(',').slice(0, 7).join(',');
      expect(again.map(timeless)).to.deep.equal(rows.map(timeless));
    });
});
