import { expect } from 'chai';
import { withAttempts } from '../../../coordinator/run/abandoned-attempts.js';
import { RunBudget } from '../../../coordinator/run/privacy-budget.js';
import { ReleaseRecord } from '../../../coordinator/run/release-record.js';
import { parseLedgerEntries } from '../../../coordinator/run-directory/ledger-entries.js';
import { Attempts, attemptsOfLedger } from '../../../protocol/privacy/accounting/attempts.js';
import { gaussianEpsilon } from '../../../protocol/privacy/accounting/gaussian-composition.js';
import type { LedgerEntry } from '../../../protocol/privacy/accounting/ledger-entry.js';
import { tinyScenario } from '../../support/tiny-run.js';

const released = (round: number, over: Partial<LedgerEntry> = {}): LedgerEntry =>
  parseLedgerEntries([{ noiseMultiplier: 5, noise: 'secure', round, party: 'coordinator', ...over }])[0]!;
/** Of an attempt whose clients may release, and of one whose clients do not. */
const OPEN = { mayRelease: true, expected: null };
const SILENT = { mayRelease: false, expected: null };
const plan = { index: 4, attempt: 0, cohort: [0, 1], absent: [], forgotten: [], inclusion: 1, startMs: 0 };

function recordOf(noise: 'secure' | 'seeded', privacy: RunBudget | null = null) {
  const lines: unknown[] = [];
  const scenario = tinyScenario('dp-gd', { rounds: 8 });
  const record = new ReleaseRecord({
    scenario: { ...scenario, privacy: { ...scenario.privacy, noise } },
    privacy,
    observer: {
      round() {},
      abandoned() {},
      checkpoint() {},
      begun: ({ round, attempt }) => lines.push({ begun: round, attempt }),
      released: (entries, charged) => lines.push(...entries.map((entry) => [entry.round, entry.attempt]), ...charged),
    },
  });
  return { record, lines };
}

describe('the record of releases', () => {
  it('of a run that did not record attempts: those in its ledger, and one at the round after its last release', () => {
    const { record } = recordOf('secure');
    expect(record.firstAttempt(0)).to.equal(0);
    const entries = [0, 1, 2, 3].map((round) => released(round));
    record.restore(entries, attemptsOfLedger(entries, 2));
    expect([2, 3, 4, 5].map((round) => record.firstAttempt(round))).to.deep.equal([1, 1, 1, 0]);
    expect(record.entries.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3]);
    // Of a round that the run does not have nothing is kept free.
    const over = recordOf('secure').record;
    over.restore([released(7)], attemptsOfLedger([released(7)], 8));
    expect(over.firstAttempt(8)).to.equal(0);
  });

  it('seeded noise: a repeated round releases nothing new, and no attempt is written', () => {
    const { record, lines } = recordOf('seeded');
    const entries = [0, 1, 2, 3].map((round) => released(round, { noise: 'seeded' }));
    record.restore(entries, new Attempts());
    expect(record.firstAttempt(2)).to.equal(0);
    record.begin(plan, OPEN);
    expect(lines).to.deep.equal([]);
  });

  it('seeded noise: an aborted attempt is charged, the coordinator’s release too, and by a replay that does not make it as well', () => {
    const ledger = [released(4, { noise: 'seeded', attempt: 1 })];
    const charged = (attempts: readonly number[]) => {
      const { record } = recordOf('seeded');
      for (const attempt of attempts) record.begin({ ...plan, attempt }, OPEN);
      record.add({ ...plan, attempt: 1 }, [{ party: 'coordinator', ledger } as never]);
      return record.entries.map(({ attempt }) => attempt);
    };
    expect(charged([0, 1])).to.deep.equal([1, 0]);
    expect(charged([1])).to.deep.equal([1, 0]);
  });

  it('an attempt is written before it begins, and its releases end with the line that it is charged', () => {
    const { record, lines } = recordOf('secure');
    record.begin(plan, OPEN);
    expect(lines.splice(0)).to.deep.equal([{ begun: 4, attempt: 0 }]);
    record.add(plan, []);
    expect(lines.splice(0)).to.deep.equal([{ round: 4, attempt: 0 }]);
    // An attempt that is aborted, and one more.
    for (const attempt of [0, 1]) record.begin({ ...plan, index: 5, attempt }, OPEN);
    lines.splice(0);
    const ledger = [released(5, { attempt: 1 })];
    record.add({ ...plan, index: 5, attempt: 1 }, [{ party: 'coordinator', ledger } as never]);
    expect(lines).to.deep.equal([[5, 1], { round: 5, attempt: 1 }]);
  });

  it('what the coordinator releases is written and charged before it is made, and once; an attempt whose clients release nothing has no line', () => {
    const budget = new RunBudget({ noise: 'secure', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' });
    const { record, lines } = recordOf('secure', budget);
    const epsilonOf = (count: number) => gaussianEpsilon(Math.sqrt(count) / 5, 1e-5);
    // The first attempt is aborted before its release, the second after it.
    record.begin(plan, SILENT);
    expect(lines).to.deep.equal([]);
    for (const attempt of [1, 2]) {
      const entry = released(4, { attempt });
      record.begin({ ...plan, attempt }, SILENT);
      budget.admit('coordinator', [entry], attempt);
      expect(lines.splice(0)).to.deep.equal([[4, attempt]]);
      if (attempt === 2) record.add({ ...plan, attempt }, [{ party: 'coordinator', ledger: [entry] } as never]);
    }
    expect(lines).to.deep.equal([{ round: 4, attempt: 2 }]);
    expect(record.entries).to.have.length(2);
    expect(budget.result()!.epsilon).to.be.closeTo(epsilonOf(2), 1e-12);
  });

  it('what clients of an attempt release at most is kept with it: an aborted one is charged that', () => {
    const { record } = recordOf('secure');
    const expected = [released(4, { party: 0, noiseMultiplier: 3 })];
    record.begin(plan, { mayRelease: true, expected });
    record.begin({ ...plan, attempt: 1 }, OPEN);
    const own = released(4, { party: 0, attempt: 1 });
    record.add({ ...plan, attempt: 1 }, [{ party: 0, ledger: [own] } as never]);
    expect(record.entries).to.deep.equal([own, ...expected]);
  });

  it('clients of a method that is not private which release all the same have lines from then on', () => {
    const { record, lines } = recordOf('secure');
    record.begin(plan, SILENT);
    record.add(plan, [{ party: 0, ledger: [released(4, { party: 0 })] } as never]);
    expect(lines.splice(0)).to.deep.equal([[4, 0]]);
    record.begin({ ...plan, index: 5 }, SILENT);
    expect(lines).to.deep.equal([{ begun: 5, attempt: 0 }]);
  });

  it('of an attempt with another cohort each client of it is charged, and no other', () => {
    const own = [0, 1].map((party) => released(2, { party, attempt: 1, noiseMultiplier: party === 0 ? 5 : 2 }));
    const charged = withAttempts(own, [{ round: 2, attempt: 0, cohort: [1, 3] }], { cohort: [0, 1], silent: [] });
    expect(
      charged.slice(2).map(({ party, attempt, noiseMultiplier }) => [party, attempt, noiseMultiplier]),
    ).to.deep.equal([
      [1, 0, 2],
      [3, 0, 2],
    ]);
  });

  it('an attempt of which it is known what its clients release at most is charged that, and not like the one that succeeded', () => {
    const own = [0, 1].map((party) => released(2, { party, attempt: 1 }));
    const expected = [released(2, { party: 1, noiseMultiplier: 3 })];
    const earlier = { round: 2, attempt: 0, cohort: [0, 1], expected };
    const charged = withAttempts(own, [earlier], { cohort: [0, 1], silent: [] });
    expect(charged).to.deep.equal([...own, ...expected]);
  });

  it('earlier attempts at a round in which nothing was released in the end are charged like the costliest round so far', () => {
    const worst = [released(1), released(1, { party: 0 })];
    const chargedTo = (cohort: readonly number[] | null) =>
      withAttempts([], [{ round: 2, attempt: 0, cohort }], { cohort: [], silent: [] }, worst).map(({ party }) => party);
    expect(chargedTo([0, 1])).to.deep.equal([0, 1]);
    // Of an older version: what the coordinator released is not recorded either.
    expect(chargedTo(null)).to.deep.equal(['coordinator', 0]);
    expect(withAttempts([], [], { cohort: [], silent: [] }, worst)).to.deep.equal([]);
  });

  it('a run that ends early, behind the round in which an earlier process ended, is charged for that round', () => {
    const privacy = { noise: 'secure', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' } as const;
    const budget = new RunBudget(privacy);
    const { record, lines } = recordOf('secure', budget);
    const entries = [0, 1, 2, 3].map((round) => released(round));
    record.restore(entries, attemptsOfLedger(entries, 2));
    const epsilonOf = (count: number) => gaussianEpsilon(Math.sqrt(count) / 5, 1e-5);
    expect(budget.result()!.epsilon).to.be.closeTo(epsilonOf(4), 1e-9);
    record.abandon(3);
    expect(lines).to.deep.equal([[4, 0], { round: 4, attempt: 0 }, { round: 3, attempt: 0 }]);
    expect(budget.result()!.epsilon).to.be.closeTo(epsilonOf(5), 1e-9);
    record.abandon(3);
    expect(record.entries, 'once').to.have.length(5);
  });
});
