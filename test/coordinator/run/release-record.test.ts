import { expect } from 'chai';
import { ReleaseRecord } from '../../../coordinator/run/release-record.js';
import { type LedgerEntry, parseLedgerEntries } from '../../../protocol/privacy/accounting/ledger.js';

const released = (round: number): LedgerEntry =>
  parseLedgerEntries([{ noiseMultiplier: 5, noise: 'secure', round, party: 'coordinator' }])[0]!;

describe('the record of releases', () => {
  it('secure noise: rounds up to the one after the last recorded release are done again, later ones are not', () => {
    const record = new ReleaseRecord(true);
    expect(record.isDoneAgain(0)).to.equal(false);
    // The checkpoint is of round 2; releases of rounds 0 to 3 are recorded, and round 4 was under way.
    record.restore([0, 1, 2, 3].map(released), 2);
    expect([2, 3, 4, 5].map((round) => record.isDoneAgain(round))).to.deep.equal([true, true, true, false]);
    expect(record.entries.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3]);
  });

  it('seeded noise: a repeated round releases nothing new', () => {
    const record = new ReleaseRecord(false);
    record.restore([0, 1, 2, 3].map(released), 2);
    expect(record.isDoneAgain(2)).to.equal(false);
  });
});
