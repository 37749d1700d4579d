import { expect } from 'chai';
import { spendLimits } from '../../../coordinator/run/expected-releases.js';
import { RunBudget } from '../../../coordinator/run/privacy-budget.js';
import { parseLedgerEntries } from '../../../coordinator/run-directory/ledger-entries.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { type Attempt, Attempts, attemptsOfLedger } from '../../../protocol/privacy/accounting/attempts.js';
import { gaussianEpsilon } from '../../../protocol/privacy/accounting/gaussian-composition.js';
import type { LedgerEntry } from '../../../protocol/privacy/accounting/ledger-entry.js';
import type { PrivacySettings, Scenario } from '../../../protocol/scenario/scenario.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const secure: PrivacySettings = { noise: 'secure', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' };
const ROUNDS = 8;

/** Noise for exactly these rounds; local steps of BVR-L-SGD that leave room for a few of them. */
const METHODS: Record<string, Scenario['method']> = {
  'dp-gd': { name: 'dp-gd', rounds: ROUNDS },
  diff2: { name: 'diff2', rounds: ROUNDS, refreshPeriod: 3 },
  'diff2-bvr-l-sgd': {
    name: 'diff2-bvr-l-sgd',
    rounds: ROUNDS + 3,
    refreshPeriod: 3,
    localSteps: 2,
    localBatchSize: 2,
    localNoiseMultiplier: 40,
  },
};

function scenarioOf(method: Scenario['method'], privacy: Partial<PrivacySettings> = {}): Scenario {
  return tinyScenario(method.name, {
    method,
    privacy: { ...secure, ...privacy },
    rounds: ROUNDS,
    objective: { name: 'quadratic', dimension: 6, examples: 5 },
    checkpoints: { everyRounds: 1 },
  });
}

describe('coordinator/run: the epsilon of a calibrated method is a limit', () => {
  for (const [name, method] of Object.entries(METHODS))
    for (const placement of ['central', 'local', 'distributed'])
      describe(`${name}, ${placement} noise`, () => {
        const scenario = scenarioOf({ ...method, placement, epsilon: 3 });

        it('an undisturbed run does all its rounds within it', async () => {
          const { result, rows } = await tinyRun(scenario);
          expect(result).to.include({ stopped: 'finished', roundsDone: ROUNDS });
          expect(rows.at(-1)!.extra.epsilon).to.be.at.most(3 * (1 + 1e-9));
        });

        for (const k of [7, 6])
          it(`killed in round ${k + 1} and resumed from round 4 with fresh noise, it ends before epsilon 3 is passed`, async () => {
            const { checkpoints } = await tinyRun({ ...scenario, rounds: ROUNDS + 1 });
            const { ledger } = checkpoints[k]!.carried;
            const ofClients = ledger.filter(({ round, party }) => round === k && party !== 'coordinator');
            const attempts = new Attempts();
            for (let round = 0; round < k; round++) attempts.charge(round, 0);
            attempts.begin({ round: k, attempt: 0, cohort: [0, 1, 2, 3], expected: ofClients });
            const known = ledger.filter((entry) => !ofClients.includes(entry));
            const killed = { ...checkpoints[3]!, carried: { ...checkpoints[3]!.carried, ledger: known, attempts } };
            const { result, spent } = await tinyRun(scenario, { from: killed });
            expect(result.stopped).to.equal('budget');
            expect(result.roundsDone).to.be.below(ROUNDS);
            expect(spent!.epsilon).to.be.at.most(3 * (1 + 1e-9));
          });

        for (const k of [8, 7, 6]) {
          // Of DIFF2 the round after the seventh is one of differences, and is counted like a refresh, the costliest round.
          const isRefused = k === 7 && name !== 'dp-gd';
          it(`the same, without a record of what began in round ${k + 1}: ${isRefused ? 'refused with both numbers' : 'it ends before'}`, async () => {
            const { checkpoints } = await tinyRun({ ...scenario, rounds: ROUNDS + 1 });
            const { ledger } = checkpoints[k - 1]!.carried;
            const killed = { ...checkpoints[3]!, carried: { ...checkpoints[3]!.carried, ledger } };
            const resumed = await tinyRun(scenario, { from: killed }).catch(({ message }: Error) => message);
            if (typeof resumed === 'string') {
              expect(resumed).to.match(
                /^ERR_OVERSPENT: method.epsilon: expected releases of at most epsilon 3 at delta 0.00001, got 3\.\d+: .* a process ended in an attempt/,
              );
            } else {
              expect(resumed.result.stopped).to.equal('budget');
              expect(resumed.spent!.epsilon).to.be.at.most(3 * (1 + 1e-9));
            }
            expect(typeof resumed === 'string').to.equal(isRefused);
          });
        }
      });

  it('without its limit the resumed run of DP-GD would have spent 3.78: the noise of 8 rounds, released 12 times', async () => {
    const method = await loadMethod('dp-gd');
    const whole = await tinyRun(scenarioOf({ ...METHODS['dp-gd']!, epsilon: 3 }));
    const z = whole.checkpoints[0]!.carried.ledger[0]!.noiseMultiplier;
    expect(gaussianEpsilon(Math.sqrt(12) / z, 1e-5)).to.be.closeTo(3.781, 1e-3);
    expect(method.target!({ ...method.settings.defaults, epsilon: 3, delta: 1e-5 })).to.deep.equal({
      epsilon: 3,
      delta: 1e-5,
    });
  });

  it('holds at the smaller of method.delta and privacy.delta; without noise there is none', async () => {
    const method = await loadMethod('dp-gd');
    const of = (hyperparameters: object, delta: number, budget: number | null = null) =>
      spendLimits(
        {
          privacy: { ...secure, delta, budget },
          method: { ...method.settings.defaults, name: 'dp-gd', ...hyperparameters },
        } as Scenario,
        method,
      );
    expect(of({ epsilon: 2, delta: 1e-6 }, 1e-5)).to.deep.equal([
      { setting: 'method.epsilon', epsilon: 2, delta: 1e-6 },
    ]);
    expect(of({ epsilon: 2, delta: 1e-4 }, 1e-5, 1)).to.deep.equal([
      { setting: 'privacy.budget', epsilon: 1, delta: 1e-5 },
      { setting: 'method.epsilon', epsilon: 2, delta: 1e-5 },
    ]);
    expect(of({ calibration: 'none' }, 1e-5)).to.deep.equal([]);
  });

  it('what clients release beyond what their method foretells, or beyond a limit of another kind, is refused when it is charged', () => {
    const one = parseLedgerEntries([{ noiseMultiplier: 1, party: 0 }]);
    const epsilon = gaussianEpsilon(1, 1e-5);
    const under = (limit: number) =>
      new RunBudget(secure, [{ setting: 'privacy.budget', epsilon: limit, delta: 1e-5 }]).charge(one);
    expect(under(1.001 * epsilon).epsilon).to.be.closeTo(epsilon, 1e-9);
    expect(() => under(0.999 * epsilon)).to.throw(
      new RegExp(
        `ERR_OVERSPENT: privacy.budget: expected releases of at most epsilon ${0.999 * epsilon} .*, got ${epsilon}`,
      ),
    );
    // At a smaller delta of its own: epsilon grows.
    const target = { setting: 'method.epsilon', epsilon: 1.001 * epsilon, delta: 1e-6 } as const;
    expect(() => new RunBudget(secure, [target]).charge(one)).to.throw(/method.epsilon: expected .* at delta 0.000001/);
  });

  describe('attempts at later rounds than the one that is done', () => {
    const limit = { setting: 'method.epsilon', epsilon: 100, delta: 1e-5 } as const;
    const own = (over: Partial<LedgerEntry>) => parseLedgerEntries([{ noiseMultiplier: 5, ...over }])[0]!;
    /** Client 0 released at z = 5 in round 1, both at z = 10 in round 2; the process ended in round 4, and continues with round 3. */
    const abandonedIn = (attempt: Partial<Attempt>) => {
      const budget = new RunBudget(secure, [limit]);
      const attempts = new Attempts();
      budget.recordedBy(attempts, () => {});
      budget.charge([own({ round: 0, party: 0 })]);
      budget.charge([0, 1].map((party) => own({ round: 1, party, noiseMultiplier: 10 })));
      attempts.begin({ round: 3, attempt: 0, cohort: [1], ...attempt });
      budget.exhausted(2, 0, []);
      return budget.abandoned(2, 0).map(({ round, party, noiseMultiplier }) => [round, party, noiseMultiplier]);
    };

    it('are charged what their clients release at most', () => {
      expect(abandonedIn({ expected: [own({ round: 3, party: 1, noiseMultiplier: 7 })] })).to.deep.equal([[3, 1, 7]]);
      expect(abandonedIn({ expected: [] })).to.deep.equal([]);
    });

    it('where that is not known to their own clients, not to those of the costliest round: each what one released most there', () => {
      expect(abandonedIn({})).to.deep.equal([[3, 1, 5]]);
      expect(abandonedIn({ cohort: [1, 2] })).to.deep.equal([
        [3, 1, 5],
        [3, 2, 5],
      ]);
      expect(abandonedIn({ cohort: [] })).to.deep.equal([]);
    });

    it('where their clients are not known either to every client that has released', () => {
      expect(abandonedIn({ cohort: null })).to.deep.equal([
        [3, 0, 5],
        [3, 1, 5],
      ]);
    });
  });

  describe('attempts at one round', () => {
    const limit = { setting: 'method.epsilon', epsilon: gaussianEpsilon(Math.sqrt(4) / 5, 1e-5), delta: 1e-5 } as const;
    const own = (over: Partial<LedgerEntry> = {}) => parseLedgerEntries([{ noiseMultiplier: 5, ...over }])[0]!;

    it('4 releases of clients fit: 2 rounds and a second attempt at the third do, a third attempt does not', () => {
      const budget = new RunBudget(secure, [limit]);
      for (const round of [0, 1]) budget.charge([own({ round, party: 0 })]);
      const ahead = [own({ round: 2, party: 0 })];
      expect(budget.exhausted(2, 0, ahead)).to.equal(false);
      expect(budget.exhausted(2, 1, ahead)).to.equal(false);
      expect(budget.exhausted(2, 2, ahead)).to.equal(true);
      // The two that were made are charged, and the limit is kept.
      const abandoned = budget.abandoned(2, 2);
      expect(abandoned.map(({ party, attempt }) => [party, attempt])).to.deep.equal([
        [0, 0],
        [0, 1],
      ]);
      expect(budget.charge(abandoned).epsilon).to.be.closeTo(limit.epsilon, 1e-12);
    });

    it('of the coordinator likewise: what it is granted is charged at once', () => {
      const budget = new RunBudget(secure, [limit]);
      const attempts = new Attempts();
      budget.recordedBy(attempts, () => {});
      for (const round of [0, 1, 2]) budget.charge([own({ round })]);
      expect(budget.exhausted(3, 0, [])).to.equal(false);
      attempts.begin({ round: 3, attempt: 0, cohort: [0] });
      budget.admit('coordinator', [own({ round: 3 })], 0);
      expect(budget.exhausted(3, 1, [])).to.equal(false);
      expect(() => budget.admit('coordinator', [own({ round: 3, attempt: 1 })], 1)).to.throw(
        /ERR_BUDGET: release .* of round 4: epsilon would be .* method.epsilon is/,
      );
      expect(budget.abandoned(3, 1)).to.deep.equal([]);
      expect(budget.result()!.epsilon).to.be.closeTo(limit.epsilon, 1e-12);
    });

    it('what an earlier process may have released in the round in which it ended is kept free until that round is done again', () => {
      const budget = new RunBudget(secure, [limit]);
      for (const round of [0, 1, 2]) budget.charge([own({ round })]);
      const attempts = attemptsOfLedger(
        [0, 1, 2].map((round) => own({ round })),
        1,
      );
      budget.recordedBy(attempts, () => {});
      expect(budget.exhausted(1, 1, [])).to.equal(false);
      expect(() => budget.admit('coordinator', [own({ round: 1, attempt: 1 })], 1)).to.throw(/ERR_BUDGET/);
      expect(budget.abandoned(1, 1)).to.have.length(1);
      const free = new RunBudget(secure, [limit]);
      attempts.charge(3, 0);
      free.recordedBy(attempts, () => {});
      for (const round of [0, 1, 2]) free.charge([own({ round })]);
      free.admit('coordinator', [own({ round: 1, attempt: 1 })], 1);
    });

    it('the clients of a round count beside the coordinator: 3 rounds and both sides of the fourth do not fit', () => {
      const budget = new RunBudget(secure, [limit]);
      for (const round of [0, 1, 2]) budget.charge([own({ round })]);
      expect(budget.exhausted(3, 0, [own({ round: 3, party: 0 })])).to.equal(false);
      expect(() => budget.admit('coordinator', [own({ round: 3 })], 0)).to.throw(/ERR_BUDGET/);
    });
  });

  it('a plan on the grid, whose ledger adds Renyi orders, is refused with both numbers unless the noise leaves room', async () => {
    const method = await loadMethod('dp-gd');
    const plan = {
      rounds: 100,
      clients: 4,
      participation: { cohort: 'all', sampling: 'fixed' },
      privacy: { delta: 1e-5, form: 'grid' },
    } as const;
    expect(() => method.checkPlan!(method.settings.defaults, plan)).to.throw(
      /at most 3, got a plan that spends 3\.\d+ .*'grid' is accounted by Renyi orders/,
    );
    method.checkPlan!(method.settings.defaults, { ...plan, rounds: 80 });
    const delta = { ...plan, rounds: 101, privacy: { delta: 1e-4 } };
    expect(() => method.checkPlan!(method.settings.defaults, delta), 'at method.delta').to.throw(
      /spends 3\.\d+ at delta 0.00001/,
    );
  });
});
