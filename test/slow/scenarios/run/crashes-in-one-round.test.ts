import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunDirectory } from '../../../../coordinator/run-directory/run-directory.js';
import { Ledger } from '../../../../protocol/privacy/accounting/ledger.js';
import type { LedgerEntry } from '../../../../protocol/privacy/accounting/ledger-entry.js';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { openFleet } from '../../../../scenarios/run/open-fleet.js';
import { releasesOf } from '../../../../scenarios/run/roll-back.js';
import { resumeRun } from '../../../../scenarios/run/runtime.js';
import { runSession } from '../../../../scenarios/run/session.js';
import type { SessionOptions } from '../../../../scenarios/run/session-options.js';
import { resolved, temporaryFolder } from '../../../support/scripted-run.js';

const ROUNDS = 6;
/** Their last rounds end with both halves done: the noise has left, and nothing is committed. */
const CRASHED = 4;

function scenarioOf(method: ScenarioInput['method'], changes: Partial<ScenarioInput> = {}): ScenarioInput {
  return {
    name: 'crashed',
    method,
    objective: { name: 'quadratic', dimension: 6, examples: 5 },
    data: 'none',
    clients: 4,
    rounds: ROUNDS,
    seed: 5,
    privacy: { noise: 'secure' },
    checkpoints: { everyRounds: 1 },
    ...changes,
  } as ScenarioInput;
}

/** The process ends in round `round`, counted from 1, after its releases and before it is committed. */
function crashIn(round: number): NonNullable<SessionOptions['fleet']> {
  return async (...run) => {
    const fleet = await openFleet(...run);
    const settle = fleet.crew.settle.bind(fleet.crew);
    fleet.crew.settle = (settlement, cohort) => {
      if (settlement.round === round - 1) throw new Error('the process ends');
      return settle(settlement, cohort);
    };
    return fleet;
  };
}

/** The process ends as round `round`, counted from 1, begins: nothing of it was released. */
function crashBefore(round: number): NonNullable<SessionOptions['fleet']> {
  return async (...run) => {
    const fleet = await openFleet(...run);
    const begin = fleet.crew.begin.bind(fleet.crew);
    fleet.crew.begin = (plan, stop) => {
      if (plan.index === round - 1) throw new Error('the process ends');
      return begin(plan, stop);
    };
    return fleet;
  };
}

const signal = new AbortController().signal;
const ending = (error: Error) => error.message;

/** Crashes `k` times in one round, then ends: its releases, by round. */
async function crashed(
  input: ScenarioInput,
  k: number,
  tamper: (path: string, crashes: number) => void = () => {},
  later = crashIn(CRASHED + 1),
) {
  const scenario = await resolved(input);
  const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
  const { path } = directory;
  const options = { listen: null, signal, drawReport: async () => '' };
  const first = k > 0 ? { ...options, fleet: crashIn(CRASHED + 1) } : options;
  const begun = await runSession(scenario, directory, first).catch(ending);
  let outcome = typeof begun === 'string' ? null : begun.outcome;
  for (let crash = 1; crash <= k; crash++) {
    tamper(path, crash);
    const fleet = crash < k ? { fleet: later } : {};
    const again = await resumeRun(path, { directory: null, ...options, ...fleet }).catch(ending);
    if (typeof again === 'string') expect(again).to.equal('the process ends');
    else outcome = again;
  }
  const reader = RunDirectory.open(path);
  const releases = releasesOf(reader);
  reader.close();
  return { outcome: outcome!, releases, path };
}

/** Releases of a party in a round. */
const countOf = (releases: readonly LedgerEntry[], round: number, party: LedgerEntry['party']) =>
  releases.filter((entry) => entry.round === round && entry.party === party).length;

const METHODS = {
  'dp-gd, central noise': { name: 'dp-gd', rounds: 30, placement: 'central' },
  'dp-gd, local noise': { name: 'dp-gd', rounds: 30, placement: 'local' },
  'dp-gd, distributed noise': { name: 'dp-gd', rounds: 30, placement: 'distributed' },
  'dp-fedavg-secure, noise under a secure sum': { name: 'dp-fedavg-secure', noiseMultiplier: 4 },
} as const;

describe('crashes in one unfinished round, with secure noise', function () {
  this.timeout(60_000);

  for (const [name, method] of Object.entries(METHODS)) {
    const party = name.includes('central') ? 'coordinator' : 2;
    for (const k of [0, 1, 2, 3])
      it(`${name}: ${k} crashes are charged as ${k} more attempts at that round`, async () => {
        const { outcome, releases } = await crashed(scenarioOf(method), k);
        const counts = Array.from({ length: ROUNDS }, (_, round) => countOf(releases, round, party));
        expect(counts).to.deep.equal([1, 1, 1, 1, 1 + k, 1]);
        expect(outcome.summary.rounds).to.equal(ROUNDS);
        const { delta } = (await resolved(scenarioOf(method))).privacy;
        expect(outcome.summary.finalEpsilon).to.be.closeTo(new Ledger(releases).spend(delta).epsilon, 1e-9);
      });
  }

  it('a checkpoint two rounds back: those rounds are charged once more for each crash too', async () => {
    const method = METHODS['dp-gd, central noise'];
    const { releases } = await crashed(scenarioOf(method, { checkpoints: { everyRounds: 3 } }), 2);
    const counts = Array.from({ length: ROUNDS }, (_, round) => countOf(releases, round, 'coordinator'));
    expect(counts).to.deep.equal([1, 1, 1, 3, 3, 1]);
  });

  it('a process that ends before its first checkpoint is charged likewise', async () => {
    const method = METHODS['dp-gd, central noise'];
    const { releases } = await crashed(scenarioOf(method, { checkpoints: { everyRounds: null } }), 2);
    const counts = Array.from({ length: ROUNDS }, (_, round) => countOf(releases, round, 'coordinator'));
    expect(counts).to.deep.equal([3, 3, 3, 3, 3, 1]);
  });

  for (const placement of ['central', 'local'] as const)
    it(`a run made for its rounds ends before its epsilon is passed, and the crashes are in its ledger (${placement})`, async () => {
      const method = { name: 'dp-gd', rounds: ROUNDS, placement, epsilon: 3 };
      const { outcome, releases } = await crashed(scenarioOf(method), 1);
      expect(outcome.summary).to.include({ ended: 'budget', rounds: ROUNDS - 1 });
      expect(outcome.summary.finalEpsilon).to.be.closeTo(3, 1e-6);
      expect(countOf(releases, CRASHED, placement === 'central' ? 'coordinator' : 0)).to.equal(2);
    });

  it('a budget that is spent: a process that ends in the attempt that would be refused has released nothing in it, and is not charged', async () => {
    const method = { name: 'dp-gd', rounds: ROUNDS, placement: 'central', epsilon: 3 };
    const { outcome, releases } = await crashed(scenarioOf(method), 3, () => {}, crashBefore(ROUNDS));
    expect(outcome.summary).to.include({ ended: 'budget', rounds: ROUNDS - 1 });
    expect(releases).to.have.length(ROUNDS);
    expect(outcome.summary.finalEpsilon).to.be.closeTo(3, 1e-6);
  });

  for (const placement of ['central', 'local'] as const)
    it(`BVR-L-SGD, ${placement} noise, a checkpoint two rounds back: what clients of the round that was lost release at most is in the ledger, and epsilon 0.5 is kept`, async () => {
      const method = {
        name: 'diff2-bvr-l-sgd',
        epsilon: 0.5,
        rounds: 10,
        refreshPeriod: 2,
        localSteps: 4,
        localBatchSize: 2,
        localNoiseMultiplier: 20,
        placement,
      };
      const { outcome, releases, path } = await crashed(scenarioOf(method, { checkpoints: { everyRounds: 3 } }), 1);
      expect(outcome.summary.ended).to.equal('budget');
      expect(new Ledger(releases).spend(1e-5).epsilon).to.be.within(0.4, 0.5 * (1 + 1e-9));
      expect(outcome.summary.finalEpsilon).to.be.at.most(0.5 * (1 + 1e-9));
      const lines = readFileSync(join(path, 'ledger.jsonl'), 'utf8').trim().split('\n');
      const begun = lines.map((line) => JSON.parse(line)).find((line) => line.begun === CRASHED);
      expect(begun.expected.map(({ noiseMultiplier }: LedgerEntry) => noiseMultiplier)).to.include(20);
    });

  it('a tree of 3 levels, with 2 crashes in round 5: each drew a node, 5 releases', async () => {
    const method = { name: 'dp-ftrl', stepsPerEpoch: ROUNDS, noiseMultiplier: 3 };
    const { releases } = await crashed(scenarioOf(method), 2);
    expect(releases.reduce((sum, { count }) => sum + count, 0)).to.equal(3 + 2);
  });

  // The releases of a round were written at its end.
  const isOlder = (line: string) => /"noise"|"backTo"/.test(line) && JSON.parse(line).round !== CRASHED;

  it('a folder of an older version, without these lines, continues: its crash is charged, and so are later ones', async () => {
    const method = METHODS['dp-gd, central noise'];
    const input = scenarioOf(method, { checkpoints: { everyRounds: null } });
    const { releases, path } = await crashed(input, 3, (folder, crash) => {
      if (crash > 1) return;
      const ledger = join(folder, 'ledger.jsonl');
      const lines = readFileSync(ledger, 'utf8').trim().split('\n');
      writeFileSync(ledger, `${lines.filter(isOlder).join('\n')}\n`);
      const manifest = join(folder, 'manifest.json');
      const { attempts: _, ...older } = JSON.parse(readFileSync(manifest, 'utf8'));
      writeFileSync(manifest, JSON.stringify(older));
    });
    const counts = Array.from({ length: ROUNDS }, (_, round) => countOf(releases, round, 'coordinator'));
    expect(counts).to.deep.equal([4, 4, 4, 4, 4, 1]);
    expect(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'))).to.include({ attempts: 'recorded' });
  });
});
