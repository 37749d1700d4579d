import { expect } from 'chai';
import { parseLedgerEntries } from '../../../../coordinator/run-directory/ledger-entries.js';
import { composedEpsilon } from '../../../../protocol/privacy/accounting/accountant.js';
import { Ledger } from '../../../../protocol/privacy/accounting/ledger.js';
import type { LedgerEntry } from '../../../../protocol/privacy/accounting/ledger-entry.js';

const entry = (over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  label: 'gradient',
  mechanism: 'gaussian',
  adjacency: 'add-remove',
  unit: 'example',
  l2Sensitivities: [1],
  noiseMultiplier: 4,
  sampling: 1,
  count: 1,
  round: 0,
  attempt: 0,
  call: 0,
  party: 'coordinator',
  noise: 'secure',
  ...over,
});
const epsilonOf = (...releases: [q: number, z: number, n: number][]) =>
  composedEpsilon(
    releases.map(([sampling, noiseMultiplier, count]) => ({ sampling, noiseMultiplier, count })),
    1e-5,
  ).epsilon;

describe('protocol/privacy/ledger', () => {
  it('epsilon from the entries of a run equals accountant(q, z, steps), entry by entry or counted', () => {
    const run = new Ledger();
    for (let round = 0; round < 300; round++) run.append(entry({ round, sampling: 0.01, noiseMultiplier: 1.1 }));
    expect(run.spend(1e-5).epsilon).to.equal(epsilonOf([0.01, 1.1, 300]));
    expect(new Ledger([entry({ count: 300, sampling: 0.01, noiseMultiplier: 1.1 })]).spend(1e-5).epsilon).to.equal(
      epsilonOf([0.01, 1.1, 300]),
    );
  });

  it('unsampled releases compose exactly, one sampled release turns all to Renyi orders', () => {
    const ledger = new Ledger([entry({ count: 50 }), entry({ noiseMultiplier: 9, count: 3 })]);
    expect(ledger.spend(1e-5)).to.include({ method: 'exact-gaussian', epsilon: epsilonOf([1, 4, 50], [1, 9, 3]) });
    ledger.append(entry({ sampling: 0.1 }));
    expect(ledger.spend(1e-5)).to.include({ method: 'rdp' });
  });

  it('a tree whose records are sampled is refused: one coin decides over all its nodes', () => {
    expect(() => new Ledger([entry({ mechanism: 'tree-aggregation', sampling: 0.1 })])).to.throw(
      /ERR_PRIVACY.*tree-aggregation with sampling 1, got 0.1/,
    );
  });

  it('equal seeded entries of a file that does not say when they were made are different releases', () => {
    const twice = [1, 2].map(() => ({ z: 4, steps: 10, noise: 'seeded' }));
    expect(new Ledger(parseLedgerEntries(twice)).spend(1e-5).epsilon).to.equal(epsilonOf([1, 4, 20]));
    const placed = twice.map((one) => ({ ...one, round: 3, call: 0 }));
    expect(new Ledger(parseLedgerEntries(placed)).spend(1e-5).epsilon).to.equal(epsilonOf([1, 4, 10]));
  });

  it('q, z and steps stand for the full names; both at once, and values out of range, are refused by place', () => {
    const [short] = parseLedgerEntries([{ q: 0.1, z: 4, steps: 10 }]);
    expect(short).to.include({ sampling: 0.1, noiseMultiplier: 4, count: 10 });
    for (const [wrong, reason] of [
      [{ z: 4, noiseMultiplier: 4 }, /ledger\[0\].*z/],
      [{ q: 1 }, /ledger\[0\]\.noiseMultiplier: expected a number of at least 0/],
      [{ z: '4' }, /ledger\[0\]\.noiseMultiplier: expected a number of at least 0/],
      [{ z: 4, q: 'half' }, /ledger\[0\]\.sampling: expected a number in \[0, 1\]/],
      [{ z: 4, steps: 'ten' }, /ledger\[0\]\.count: expected a whole number/],
      [null, /ledger\[0\]/],
      [[], /ledger\[0\]/],
    ] as const)
      expect(() => parseLedgerEntries([wrong]), JSON.stringify(wrong)).to.throw(reason);
  });

  it('parallel composition: ten clients with disjoint data cost what the worst costs, not the sum (planted: the sum)', () => {
    const ledger = new Ledger();
    for (let party = 0; party < 10; party++) ledger.append(entry({ party, count: party === 7 ? 6 : 5 }));
    const spend = ledger.spend(1e-5);
    expect(spend).to.include({ party: 7, epsilon: epsilonOf([1, 4, 6]) });
    expect(spend.epsilon).to.be.below(epsilonOf([1, 4, 51]) / 2);
  });

  it("a client is charged the coordinator's releases and its own, never another client's", () => {
    const ledger = new Ledger([
      entry({ count: 4 }),
      entry({ party: 1, count: 3 }),
      entry({ party: 2, noiseMultiplier: 2 }),
    ]);
    // 7 / 16 against 4 / 16 + 1 / 4 = 8 / 16
    expect(ledger.spend(1e-5)).to.include({ party: 2 });
    expect(ledger.spend(1e-5).epsilon).to.be.closeTo(epsilonOf([1, 4, 8]), 1e-12);
  });

  it('two attempts with fresh noise are charged twice, the same seeded noise again once', () => {
    const seeded = entry({ noise: 'seeded', round: 3 });
    const ledger = new Ledger();
    expect(ledger.append(seeded)).to.equal(true);
    expect(ledger.append(seeded)).to.equal(false);
    expect(ledger.append({ ...seeded, attempt: 1 })).to.equal(true);
    expect(ledger.append({ ...seeded, noiseMultiplier: 5 })).to.equal(true);
    expect(ledger.entries).to.have.length(3);
    const secure = new Ledger([entry(), entry()]);
    expect(secure.spend(1e-5).epsilon).to.equal(epsilonOf([1, 4, 2]));
  });

  it('warns that nothing is private while some noise is seeded', () => {
    expect(new Ledger([entry({ noise: 'seeded' })]).spend(1e-5).warnings.join()).to.match(/NOT PRIVATE/);
    expect(new Ledger([entry()]).spend(1e-5).warnings).to.deep.equal([]);
  });

  it('refuses a second unit, a second adjacency, and replace-one with sampling', () => {
    const ledger = new Ledger([entry()]);
    expect(() => ledger.append(entry({ unit: 'client' }))).to.throw(/ERR_PRIVACY.*one unit/);
    expect(() => ledger.append(entry({ adjacency: 'replace-one' }))).to.throw(/ERR_PRIVACY.*one adjacency/);
    expect(() => new Ledger([entry({ adjacency: 'replace-one', sampling: 0.5 })])).to.throw(/proved for add-remove/);
    expect(ledger.entries).to.have.length(1);
  });

  it('survives a checkpoint: plain data in, the same epsilon and the same memory of seeded noise out', () => {
    const ledger = new Ledger([entry({ party: 3, noise: 'seeded' }), entry({ sampling: 0.2 })]);
    const restored = new Ledger(parseLedgerEntries(JSON.parse(JSON.stringify(ledger.entries))));
    expect(restored.entries).to.deep.equal(ledger.entries);
    expect(restored.spend(1e-5)).to.deep.equal(ledger.spend(1e-5));
    expect(restored.append(entry({ party: 3, noise: 'seeded' }))).to.equal(false);
  });

  it('a budget holds up to the release that would break it', () => {
    const budget = { epsilon: epsilonOf([1, 4, 10]), delta: 1e-5 };
    const ledger = new Ledger([entry({ count: 9 })]);
    expect(ledger.isWithin(budget, [entry()])).to.equal(true);
    expect(ledger.isWithin(budget, [entry(), entry()])).to.equal(false);
    expect(ledger.isWithin(budget)).to.equal(true);
  });

  it('remembers Renyi values by grid: two grids of equal ends and length do not answer for each other', () => {
    const ledger = new Ledger([entry({ sampling: 0.01, noiseMultiplier: 1, count: 1000 })]);
    const [fine, coarse] = [
      [2, 8, 64],
      [2, 30, 64],
    ].map((orders) => ledger.spend(1e-5, { orders }).order);
    expect([fine, coarse]).to.deep.equal([8, 2]);
  });

  it('an empty ledger has spent nothing; one release without noise everything', () => {
    expect(new Ledger().spend(1e-5)).to.include({ epsilon: 0, method: 'none' });
    expect(new Ledger([entry(), entry({ noiseMultiplier: 0 })]).spend(1e-5).epsilon).to.equal(Number.POSITIVE_INFINITY);
  });

  it('reads q and steps for sampling and count, fills in defaults, and names the place of a mistake', () => {
    expect(parseLedgerEntries([{ q: 0.1, noiseMultiplier: 2, steps: 7 }])[0]).to.include({ sampling: 0.1, count: 7 });
    expect(() => parseLedgerEntries([{ noiseMultiplier: 1 }, { noiseMultiplier: -1 }])).to.throw(
      'ledger[1].noiseMultiplier',
    );
    expect(() => parseLedgerEntries([{ noiseMultiplier: 1, sigma: 2 }])).to.throw(/ERR_PRIVACY: ledger\[0\].*sigma/);
    expect(() => parseLedgerEntries([{ noiseMultiplier: 1, q: 0.1, sampling: 0.2 }])).to.throw(/ERR_PRIVACY/);
    expect(() => parseLedgerEntries({})).to.throw('ERR_PRIVACY: ledger');
  });
});
