import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { LocalWorkers } from '../../scenarios/run/local-workers.js';
import { remoteFleet } from '../../scenarios/run/remote-fleet.js';
import { replayRun, resumeRun } from '../../scenarios/run/runtime.js';
import { runSession } from '../../scenarios/run/session.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { resolved, runInput, type ScriptedRun, temporaryFolder } from '../support/scripted-run.js';

const CLIENTS = 6;

const common: ScenarioInput = {
  name: 'common',
  method: 'fedbuff',
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: CLIENTS,
  rounds: 160,
  seed: 5,
  devices: logNormalDevices({ clients: CLIENTS, seed: 2, msPerExample: 2, msPerRound: 5, logStddev: 1.5 }),
  links: [{ latencyMs: 20, jitterMs: 10, bandwidthMbps: 10 }],
  faults: [{ fault: 'drop', probability: 0.05 }],
  evaluation: { everyRounds: 20 },
  checkpoints: { everyRounds: 15 },
};
const byzantine = (attack: {
  readonly name: string;
  readonly [setting: string]: string | number;
}): NonNullable<ScenarioInput['faults']> => [...common.faults!, { fault: 'byzantine', clients: [1, 2], attack }];
const METHODS: readonly ScenarioInput[] = [
  { ...common, name: 'fedbuff', method: { name: 'fedbuff', bufferSize: 3, batchSize: 10 } },
  { ...common, name: 'fedbuff-secure', method: { name: 'fedbuff-secure', bufferSize: 3, batchSize: 10 } },
  {
    ...common,
    name: 'fedasync-clipped',
    method: { name: 'fedasync', batchSize: 10 },
    faults: byzantine({ name: 'inner-product', strength: 3 }),
    aggregators: { local: { name: 'centered-clipping', radius: 1 } },
  },
  {
    ...common,
    name: 'fedat-medians',
    method: { name: 'fedat', tiers: 2, batchSize: 10 },
    faults: byzantine({ name: 'gaussian', stddev: 0.1 }),
    aggregators: { local: 'median' },
  },
  { ...common, name: 'ad-psgd', method: { name: 'ad-psgd', batchSize: 10 }, topology: { name: 'ring' } },
];

const settings = { listen: null, signal: new AbortController().signal } as const;
const rowsOf = (path: string) =>
  readFileSync(join(path, 'metrics.csv'), 'utf8')
    .split('\n')
    // All but the wall clock's column.
    .map((row) => row.split(',').slice(0, 7).join(','));
const manifestOf = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));

/** Over two worker processes; `act` after step `step`, with their pids. */
function overProcesses(
  input: ScenarioInput,
  step: number,
  act: (pids: readonly number[]) => void,
): Promise<ScriptedRun> {
  let launcher: LocalWorkers | null = null;
  let acted = false;
  const fleet: NonNullable<SessionOptions['fleet']> = (of, method, problem, options) => {
    launcher = new LocalWorkers(() => {}, { scenario: of, use: [], initial: null });
    return remoteFleet(of, method, problem, options, launcher);
  };
  return runInput(
    { ...input, workers: { count: 2, heartbeatMs: 5000 } },
    {
      fleet,
      watcher: {
        start: () => {},
        note: () => {},
        round: (row) => {
          if (acted || row.round < step) return;
          acted = true;
          act(launcher!.pids);
        },
      },
    },
  );
}

for (const input of METHODS)
  describe(`${input.name} over two worker processes`, function () {
    this.timeout(240_000);
    let whole: ScriptedRun;
    before(async () => {
      whole = await runInput({ ...input, workers: { count: 0 } });
    });

    it('has the bits, bytes and times of one process, and its replay confirms them', async () => {
      const { path, outcome } = await overProcesses(input, 1000, () => {});
      expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
      expect(rowsOf(path)).to.deep.equal(rowsOf(whole.path));
      const again = await replayRun(path, { ...settings, directory: join(temporaryFolder(), 'again') });
      expect(again.verdict.valid).to.equal(true);
    });

    it('goes back to its checkpoint when a worker is killed between checkpoints, and ends in the undisturbed bits', async () => {
      const { path, outcome } = await overProcesses(input, 52, ([pid]) => process.kill(pid!, 'SIGKILL'));
      expect(outcome.summary).to.include({ workersLost: 1, rollbacks: 1 });
      expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
      expect(rowsOf(path)).to.deep.equal(rowsOf(whole.path));
    });

    it('is resumed between checkpoints, in one process or in two, with the undisturbed bits', async () => {
      for (const count of [0, 2]) {
        const stop = new AbortController();
        const scenario = await resolved({ ...input, workers: { count, heartbeatMs: 5000 } });
        const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
        const { path } = directory;
        const stopped = runSession(scenario, directory, {
          ...settings,
          signal: stop.signal,
          watcher: {
            start: () => {},
            note: () => {},
            round: ({ round }) => {
              if (round === 52) stop.abort();
            },
          },
        });
        expect(await stopped.catch(({ message }) => message)).to.match(/^ERR_STOPPED: stopped after round 5/);
        await resumeRun(path, { ...settings, directory: null });
        expect(manifestOf(path).stateDigest).to.equal(whole.outcome.stateDigest);
        expect(rowsOf(path)).to.deep.equal(rowsOf(whole.path));
      }
    });
  });
