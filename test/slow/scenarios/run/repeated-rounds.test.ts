import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseLedgerEntries } from '../../../../coordinator/run-directory/ledger-entries.js';
import { RunDirectory } from '../../../../coordinator/run-directory/run-directory.js';
import { Ledger } from '../../../../protocol/privacy/accounting/ledger.js';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { resumeRun } from '../../../../scenarios/run/runtime.js';
import { runSession } from '../../../../scenarios/run/session.js';
import { resolved, runInput, temporaryFolder } from '../../../support/scripted-run.js';

const signal = new AbortController().signal;
const clusters = {
  objective: 'softmax-regression',
  data: {
    name: 'gaussian-clusters',
    examples: 1000,
    testExamples: 100,
    partition: { name: 'dirichlet', alpha: 0.5 },
  },
  checkpoints: { everyRounds: 10 },
  evaluation: { everyRounds: 10 },
} as const;

const dpFedavg: ScenarioInput = {
  name: 'dp-fedavg',
  method: { name: 'dp-fedavg' },
  ...clusters,
  clients: 8,
  rounds: 40,
  seed: 3,
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
  data: { ...clusters.data, examples: 2000, testExamples: 200 },
  clients: 5,
  rounds: 70,
  seed: 1,
};

/** The process ends in round `lastly`, four rounds after a checkpoint, and the run is resumed. */
async function resumedAfter(input: ScenarioInput, lastly: number) {
  const scenario = await resolved(input);
  const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
  const broken = await runSession(scenario, directory, {
    listen: null,
    signal,
    watcher: {
      start: () => {},
      note: () => {},
      round: ({ round }) => {
        if (round === lastly) throw new Error('the process ends');
      },
    },
  }).catch((error: Error) => error.message);
  expect(broken).to.equal('the process ends');
  const outcome = await resumeRun(directory.path, { directory: null, listen: null, signal });
  return { outcome, path: directory.path };
}

/** By name of the column. */
function columns(path: string, ...names: string[]): string[][] {
  const [header, ...rows] = readFileSync(join(path, 'metrics.csv'), 'utf8')
    .trim()
    .split('\n')
    .map((row) => row.split(','));
  return rows.map((row) => names.map((name) => row[header!.indexOf(name)]!));
}

describe('rounds that are done again after the newest checkpoint, with seeded noise', function () {
  this.timeout(120_000);

  // The epsilons that were 36.73 and 1.6503 when releases after the checkpoint were charged again.
  for (const [input, lastly, at, epsilon] of [
    [dpFedavg, 24, 21, 29.3398],
    [diff2, 64, 61, 1.6385],
  ] as const)
    it(`${input.name}: are charged once, and bytes, times and every epsilon are those of the undisturbed run`, async () => {
      const whole = await runInput(input);
      const { outcome, path } = await resumedAfter(input, lastly);
      const same = ['round', 'loss', 'bytesUp', 'bytesDown', 'simulatedMs', 'epsilon'];
      expect(columns(path, ...same)).to.deep.equal(columns(whole.path, ...same));
      expect(Number(columns(path, 'epsilon')[at - 1]![0])).to.be.closeTo(epsilon, 1e-4);
      for (const name of ['bytesUp', 'bytesDown', 'finalEpsilon', 'simulatedMs'])
        expect(outcome.summary[name], name).to.equal(whole.outcome.summary[name]).and.not.to.equal(undefined);
      expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
    });

  it('with fresh noise diff2 made for 70 rounds ends before its epsilon is passed', async () => {
    const method = { ...(diff2.method as object), name: 'diff2', rounds: 70 };
    const input = { ...diff2, method, privacy: { noise: 'secure' as const } };
    const { outcome, path } = await resumedAfter(input, 64);
    expect(outcome.summary).to.include({ ended: 'budget' });
    expect(outcome.summary.rounds).to.be.within(60, 69);
    for (const [epsilon] of columns(path, 'epsilon')) expect(Number(epsilon)).to.be.at.most(3 * (1 + 1e-9));
  });

  it('attempts that are charged when the budget ends a run are in its finalEpsilon, as in its report and its ledger', async () => {
    const method = { name: 'dp-gd', placement: 'local', rounds: 8, epsilon: 3, delta: 1e-5 };
    const input: ScenarioInput = { name: 'dp-gd', method, ...clusters, clients: 5, rounds: 8 };
    let reported: number | null | undefined;
    // Five rounds and three attempts at the sixth are what the noise of eight rounds pays for.
    const { outcome, path } = await runInput(
      { ...input, privacy: { noise: 'secure' } },
      {
        firstAttempt: (round) => (round === 5 ? 3 : 0),
        drawReport: async ({ privacy }) => {
          reported = privacy?.epsilon;
          return '';
        },
      },
    );
    expect(outcome.summary).to.include({ ended: 'budget', rounds: 5 });
    const [lastRow] = columns(path, 'epsilon').at(-1)!;
    expect(Number(lastRow)).to.be.below(2.5);
    expect(outcome.summary.finalEpsilon).to.equal(reported).and.to.be.closeTo(3, 1e-6);
    const released = readFileSync(join(path, 'ledger.jsonl'), 'utf8').trim().split('\n');
    const lines = released.map((line): object => JSON.parse(line));
    const entries = parseLedgerEntries(lines.filter((line) => 'noise' in line));
    expect(new Ledger(entries).spend(1e-5).epsilon).to.equal(outcome.summary.finalEpsilon);
  });

  it('a budget that the undisturbed run spends exactly is not passed by doing rounds again', async () => {
    const budget = (await runInput(dpFedavg)).outcome.summary.finalEpsilon as number;
    const { outcome } = await resumedAfter({ ...dpFedavg, privacy: { budget } }, 24);
    expect(outcome.summary).to.include({ ended: 'finished', rounds: 40 });
    expect(outcome.summary.finalEpsilon).to.equal(budget);
  });
});
