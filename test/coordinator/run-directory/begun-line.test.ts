import { expect } from 'chai';
import { begunAttempt, begunLine } from '../../../coordinator/run-directory/begun-line.js';
import { jsonShapes } from '../../../coordinator/run-directory/json-shapes.js';
import { parseLedgerEntries } from '../../../coordinator/run-directory/ledger-entries.js';

const COHORT = [0, 2, 5];
const of = (party: number, noiseMultiplier: number, call = 0) =>
  parseLedgerEntries([{ party, noiseMultiplier, call, round: 3, attempt: 1 }])[0]!;

/** Through the file. */
function again(expected?: ReturnType<typeof of>[], cohort: number[] | null = COHORT) {
  const line = JSON.parse(JSON.stringify(begunLine({ round: 3, attempt: 1, cohort, ...(expected && { expected }) })));
  expect(jsonShapes().release.safeParse(line).success).to.equal(true);
  return { line, attempt: begunAttempt(line) };
}

describe('lines of attempts that began', () => {
  it('give back what each client releases at most', () => {
    const mixed = [of(0, 5), of(2, 5), of(2, 7, 1), of(5, 5)];
    const { attempt } = again(mixed);
    expect(attempt).to.deep.include({ round: 3, attempt: 1, cohort: COHORT });
    expect(attempt.expected).to.have.deep.members(mixed);
    expect(again([]).attempt.expected).to.deep.equal([]);
  });

  it('of a release that all clients of the cohort make have one entry and no list of clients', () => {
    const { line } = again(COHORT.map((party) => of(party, 5)));
    expect(line.expected).to.have.length(1);
    expect(line.expected[0]).not.to.have.property('clients');
    expect(again([of(2, 5)]).line.expected[0].clients).to.deep.equal([2]);
  });

  it('of an older version, or of a method that does not say, have none', () => {
    expect(again().attempt).to.deep.equal({ round: 3, attempt: 1, cohort: COHORT });
    expect(again(undefined, null).attempt.cohort).to.equal(null);
  });
});
