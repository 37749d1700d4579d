import { expect } from 'chai';
import { heading } from '../../../coordinator/report/report.js';
import { repetitionText } from '../../../coordinator/report/units.js';
import { withAttempts } from '../../../coordinator/run/abandoned-attempts.js';
import { RunBudget } from '../../../coordinator/run/privacy-budget.js';
import type { RunResult } from '../../../coordinator/run/run-loop-options.js';
import { parseLedgerEntries } from '../../../coordinator/run-directory/ledger-entries.js';
import type { Vector } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import type { Attempt } from '../../../protocol/privacy/accounting/attempts.js';
import { gaussianEpsilon } from '../../../protocol/privacy/accounting/gaussian-composition.js';
import type { LedgerEntry } from '../../../protocol/privacy/accounting/ledger-entry.js';
import type { PrivacySettings, Scenario } from '../../../protocol/scenario/scenario.js';
import { endLines } from '../../../scenarios/run/end-lines.js';
import { openPrivacy } from '../../../worker/privacy.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const seeded: PrivacySettings = { noise: 'seeded', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' };
const entry = (over: Partial<LedgerEntry> = {}): LedgerEntry =>
  parseLedgerEntries([{ noiseMultiplier: 5, noise: 'secure', ...over }])[0]!;
const ENDED = { stopped: 'finished', lostClients: [], checkpoints: { count: 0 } } as unknown as RunResult;
/** An earlier attempt at the first round whose cohort was not recorded. */
const unknown = (attempt: number): Attempt => ({ round: 0, attempt, cohort: null });
/** k releases of z = 5 */
const spent = (k: number) => gaussianEpsilon(Math.sqrt(k) / 5, 1e-5);

function privateRun(method: Scenario['method'], changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(method.name, {
    method,
    privacy: seeded,
    rounds: 8,
    objective: { name: 'quadratic', dimension: 6, examples: 5 },
    ...changes,
  });
}

describe('coordinator/privacy-budget', () => {
  it('with Renyi orders the result has the tightest bound beside it; accountant tightest reports that one itself', () => {
    const entries = parseLedgerEntries([{ q: 0.01, z: 1.1, steps: 1000, noise: 'seeded' }]);
    const renyi = new RunBudget(seeded);
    expect(renyi.charge(entries).epsilon).to.be.closeTo(1.7118, 1e-4);
    expect(renyi.result()!.epsilon).to.be.closeTo(1.7118, 1e-4);
    expect(renyi.result()!.tightestEpsilon).to.be.closeTo(1.5154, 1e-4);
    const tightest = new RunBudget({ ...seeded, accountant: 'tightest' });
    expect(tightest.charge(entries).epsilon).to.equal(renyi.result()!.tightestEpsilon);
    expect(tightest.result()).to.not.have.property('tightestEpsilon');
  });

  it('epsilon after a charge is that of all releases so far: 3 of z = 5 at delta 1e-5', () => {
    const budget = new RunBudget(seeded);
    expect(budget.charge([])).to.deep.equal({});
    budget.charge([entry(), entry({ round: 1 })]);
    expect(budget.charge([entry({ round: 2 })]).epsilon).to.be.closeTo(spent(3), 1e-12);
    expect(budget.result()).to.deep.equal({ epsilon: spent(3), delta: 1e-5, unit: 'example' });
  });

  it('seeded noise and releases without noise are not private, and the report says so', () => {
    const budget = new RunBudget(seeded);
    budget.charge([entry({ noise: 'seeded' })]);
    expect(budget.result()!.notPrivate).to.match(/anyone who knows the seed/);
    const bare = new RunBudget(seeded);
    bare.charge([entry({ noiseMultiplier: 0 })]);
    expect(bare.result()).to.include({ epsilon: null });
    expect(bare.result()!.notPrivate).to.match(/no noise/);
  });

  it('an abandoned attempt is charged like the one that succeeded; a lost client like the one that released most', () => {
    const own = [entry({ party: 1, attempt: 2 }), entry({ party: 2, attempt: 2, noiseMultiplier: 3 })];
    const charged = withAttempts(own, [0, 1].map(unknown), { cohort: [0, 1, 2], silent: [0] });
    const of = (party: number) => charged.filter((each) => each.party === party).map(({ attempt }) => attempt);
    expect(of(1)).to.have.members([2, 0, 1]);
    expect(of(2)).to.have.members([2, 0, 1]);
    expect(of(0)).to.have.members([0, 1]);
    expect(charged.filter(({ party }) => party === 0).every(({ noiseMultiplier }) => noiseMultiplier === 3)).to.equal(
      true,
    );
    // 3 releases of z = 3 count most.
    const budget = new RunBudget(seeded);
    expect(budget.charge(charged).epsilon).to.be.closeTo(gaussianEpsilon(Math.sqrt(3) / 3, 1e-5), 1e-12);
  });

  it('rounds that are charged again are reported with their number and what epsilon were without: 2 of 4 rounds, 7 releases for 4', () => {
    const budget = new RunBudget(seeded);
    for (const round of [0, 1, 2, 3])
      budget.charge(
        withAttempts(
          [entry({ round, attempt: round === 1 ? 2 : round === 3 ? 1 : 0 })],
          [[], [0, 1], [], [0]][round]!.map((attempt) => ({ ...unknown(attempt), round })),
          { cohort: [], silent: [] },
        ),
      );
    const result = budget.result()!;
    expect(result.epsilon).to.be.closeTo(spent(7), 1e-12);
    expect(result.repeated!.rounds).to.equal(2);
    expect(result.repeated!.epsilonWithout).to.be.closeTo(spent(4), 1e-12);
    const text = repetitionText(result)!;
    expect(text).to.match(/^2 rounds were repeated with fresh noise, and each attempt is charged: epsilon /);
    const page = heading({ title: 'a run', verdict: { valid: true, claims: [] } as never, privacy: result }, []).text;
    expect(page).to.contain('Rounds repeated.').and.to.contain('2 rounds were repeated');
    expect(endLines(tinyScenario('dp-gd'), ENDED, { result: () => result, warnings: () => [] } as never)).to.deep.equal(
      [text],
    );
    expect(repetitionText({ epsilon: 3, delta: 1e-5 })).to.equal(null);
  });

  it('stopWhen and keepBest that choose by examples are reported as outside epsilon; by bytes, time or epsilon they are not', () => {
    const chosen = (
      stop: readonly string[],
      best: string | null,
      released: object | null = { epsilon: 1, delta: 1e-5 },
    ) =>
      endLines(
        {
          ...tinyScenario('dp-gd'),
          stopWhen: stop.map((of) => ({ of })),
          keepBest: best === null ? null : { of: best, mode: 'auto' },
        } as never,
        ENDED,
        { result: () => released, warnings: () => [] } as never,
      );
    expect(chosen(['loss', 'epsilon'], 'accuracy')).to.deep.equal([
      'stopWhen and keepBest choose by loss, accuracy: epsilon does not have that choice, unless what it reads is public',
    ]);
    expect(chosen(['totalBytes', 'finalEpsilon', 'simulatedMs'], null)).to.deep.equal([]);
    expect(chosen(['loss'], null, null)).to.deep.equal([]);
  });

  for (const placement of ['central', 'local'])
    it(`a run stops before the round that would pass the budget of 5 releases (${placement} noise)`, async () => {
      const method = { name: 'dp-gd', placement, calibration: 'exact', rounds: 8, epsilon: 3 };
      const whole = await tinyRun(privateRun(method));
      const limit = whole.rows[4]!.extra.epsilon!;
      const run = await tinyRun(privateRun(method, { privacy: { ...seeded, budget: limit } }));
      expect(run.result.stopped).to.equal('budget');
      expect(run.result.roundsDone).to.equal(5);
      const short = await tinyRun(privateRun(method, { privacy: { ...seeded, budget: limit * 0.999 } }));
      expect(short.result.roundsDone).to.equal(4);
      expect(whole.result.stopped).to.equal('finished');
    });

  for (const method of [
    { name: 'dp-sgd', placement: 'central' },
    { name: 'dp-sgd', placement: 'distributed' },
    { name: 'dp-sgd', placement: 'local' },
    { name: 'dp-fedavg' },
    { name: 'dp-fedavg-secure' },
    { name: 'dp-ftrl', noiseMultiplier: 1 },
    { name: 'dp-gd', rounds: 8, epsilon: 3 },
    { name: 'diff2', rounds: 8, epsilon: 3, placement: 'local' },
  ])
    it(`a budget that the first round would pass: ${Object.values(method).join(' ')} releases nothing, and nothing is charged`, async () => {
      const data = { name: 'gaussian-clusters', classes: 3, examples: 61, testExamples: 9, partition: { name: 'iid' } };
      const classes = { objective: { name: 'softmax-regression', l2: 0, bias: true }, data };
      for (const noise of ['seeded', 'secure'] as const) {
        const one = await tinyRun(privateRun(method, { ...classes, rounds: 1, privacy: { ...seeded, noise } }));
        const { epsilon } = one.rows[0]!.extra;
        const under = { ...seeded, noise, budget: 0.999 * epsilon! };
        const { result, spent: released } = await tinyRun(
          privateRun(method, { ...classes, rounds: 3, privacy: under }),
        );
        expect(result, noise).to.include({ stopped: 'budget', roundsDone: 0 });
        expect(released, noise).to.equal(null);
        const within = { ...under, budget: 1.001 * epsilon! };
        const { result: done } = await tinyRun(privateRun(method, { ...classes, rounds: 1, privacy: within }));
        expect(done.stopped, noise).to.equal('finished');
      }
    });

  it('a run made for its budget does all its rounds: DIFF2 at epsilon 3 with budget 3', async () => {
    const method = { name: 'diff2', rounds: 8, refreshPeriod: 3, epsilon: 3 };
    const run = await tinyRun(privateRun(method, { privacy: { ...seeded, budget: 3 } }));
    expect(run.result).to.include({ stopped: 'finished', roundsDone: 8 });
    expect(run.rows.at(-1)!.extra.epsilon).to.be.closeTo(3, 1e-6);
  });

  describe('after a crash', () => {
    // Noise for more rounds than there are: method.epsilon is a limit too.
    const method = { name: 'dp-gd', rounds: 16, epsilon: 3 };
    const checkpoints = { everyRounds: 4 };

    it('seeded noise: the resumed run has the bits and the epsilon of an undisturbed one', async () => {
      const whole = await tinyRun(privateRun(method, { checkpoints }));
      const resumed = await tinyRun(privateRun(method, { checkpoints }), { from: whole.checkpoints[0]! });
      expect(resumed.states).to.deep.equal(whole.states);
      expect(resumed.rows.at(-1)!.extra.epsilon).to.equal(whole.rows.at(-1)!.extra.epsilon);
    });

    it('secure noise: the ledger continues from the checkpoint, and the round under way is charged once more: 9 releases, not 8', async () => {
      const scenario = privateRun(method, { checkpoints, privacy: { ...seeded, noise: 'secure' } });
      const whole = await tinyRun(scenario);
      const [checkpoint] = whole.checkpoints;
      expect(checkpoint!.carried.ledger).to.have.length(4);
      const resumed = await tinyRun(scenario, { from: checkpoint! });
      const z = checkpoint!.carried.ledger[0]!.noiseMultiplier;
      const epsilonOf = (k: number) => gaussianEpsilon(Math.sqrt(k) / z, 1e-5);
      expect(whole.rows.at(-1)!.extra.epsilon).to.be.closeTo(epsilonOf(8), 1e-9);
      expect(resumed.rows.at(-1)!.extra.epsilon).to.be.closeTo(epsilonOf(9), 1e-9);
    });

    // One tree of 12 leaves has 4 levels. Killed in round 9 and resumed from round 5: rounds 5 to 8 release a fresh node
    // each, and round 9 may have, so it is charged twice: 4 + 4 + 2.
    it('secure noise: nodes of a tree that are drawn again are charged, 10 releases, not 4', async () => {
      const scenario = privateRun(
        { name: 'dp-ftrl', stepsPerEpoch: 12, noiseMultiplier: 3 },
        { checkpoints, rounds: 12, privacy: { ...seeded, noise: 'secure' } },
      );
      const whole = await tinyRun(scenario);
      const [early, late] = whole.checkpoints;
      const killed = { ...early!, carried: { ...early!.carried, ledger: late!.carried.ledger } };
      const resumed = await tinyRun(scenario, { from: killed });
      const epsilonOf = (k: number) => gaussianEpsilon(Math.sqrt(k) / 3, 1e-5);
      expect(whole.rows.at(-1)!.extra.epsilon).to.be.closeTo(epsilonOf(4), 1e-9);
      expect(resumed.rows.at(-1)!.extra.epsilon).to.be.closeTo(epsilonOf(10), 1e-9);
    });

    // Killed after round k and resumed from round 5 of 8: rounds 5 to k are done again, and round k + 1 may have been.
    for (const { k, releases } of [
      { k: 8, releases: 8 + 4 },
      { k: 7, releases: 7 + 3 + 2 },
      { k: 6, releases: 6 + 2 + 2 + 1 },
    ])
      it(`secure noise: 8 rounds, killed after round ${k}, are ${releases} releases, and fit a budget of so many only`, async () => {
        const of = (rounds: number, budget: number | null) =>
          privateRun(method, {
            checkpoints: { everyRounds: 1 },
            rounds,
            privacy: { ...seeded, noise: 'secure', budget },
          });
        const { checkpoints: taken } = await tinyRun(of(9, null));
        const { ledger } = taken[k - 1]!.carried;
        expect(ledger).to.have.length(k);
        const killed = { ...taken[3]!, carried: { ...taken[3]!.carried, ledger } };
        const epsilonOf = (count: number) => gaussianEpsilon(Math.sqrt(count) / ledger[0]!.noiseMultiplier, 1e-5);
        const enough = await tinyRun(of(8, epsilonOf(releases)), { from: killed });
        expect(enough.result.stopped).to.equal('finished');
        expect(enough.rows.at(-1)!.extra.epsilon).to.be.closeTo(epsilonOf(releases), 1e-9);
        const short = await tinyRun(of(8, epsilonOf(releases - 0.5)), { from: killed });
        expect(short.result.stopped).to.equal('budget');
      });
  });
});

describe('worker/privacy', () => {
  const plan = { index: 3, attempt: 0, cohort: [], absent: [], forgotten: [], inclusion: 0.25, startMs: 0 };
  const release = { label: 'x', unit: 'example', adjacency: 'add-remove' } as const;
  const part = { value: new Float64Array(40), l2Sensitivity: 1, noiseMultiplier: 3 };

  it('no noise is used twice: across 3 parties, 2 rounds, 2 attempts and 2 calls all 960 numbers differ; planted, equal keys are equal', async () => {
    const { privacy } = openPrivacy(privateRun({ name: 'dp-gd' }), await loadMethod('dp-gd'));
    const drawn: number[] = [];
    for (const party of ['coordinator', 0, 1] as const)
      for (const index of [3, 4])
        for (const attempt of [0, 1]) {
          const at = privacy(party, { ...plan, index, attempt }, []);
          for (let call = 0; call < 2; call++) drawn.push(...(at.gaussian([part], release)[0] as Vector));
        }
    expect(new Set(drawn).size).to.equal(960);
    const again = privacy(1, { ...plan, index: 4, attempt: 1 }, []).gaussian([part], release)[0]!;
    expect(drawn).to.include(again[0]!);
  });

  it('seeded runs repeat and secure ones do not, nor do their Poisson batches; only secure noise is marked private', async () => {
    const method = { name: 'dp-sgd', sampling: 0.5, noiseMultiplier: 0 };
    const quiet = (noise: 'seeded' | 'secure') =>
      tinyRun(
        privateRun(method, {
          privacy: { ...seeded, noise },
          objective: { name: 'quadratic', dimension: 6, examples: 40 },
        }),
      );
    expect((await quiet('seeded')).states).to.deep.equal((await quiet('seeded')).states);
    // No noise at all: what differs is who was sampled.
    expect((await quiet('secure')).states).not.to.deep.equal((await quiet('secure')).states);
  });

  it('grid noise releases whole multiples of a power of two', async () => {
    const scenario = privateRun({ name: 'dp-gd' }, { privacy: { ...seeded, form: 'grid' } });
    const { privacy } = openPrivacy(scenario, await loadMethod('dp-gd'));
    const ledger: LedgerEntry[] = [];
    const [released] = privacy('coordinator', plan, ledger).gaussian([part], release);
    expect(ledger[0]!.mechanism).to.equal('discrete-gaussian');
    expect([...released!].every((x) => Number.isInteger(x * 2 ** 20))).to.equal(true);
  });
});
