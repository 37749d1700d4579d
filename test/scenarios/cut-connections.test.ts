import { expect } from 'chai';
import { cutting, DISTURBED_RUNS, disturbedRun } from '../support/disturbed-run.js';

describe('connections that are cut in the middle of a run', () => {
  it('control and frame connections cut at random cost nothing: no seat, no rollback, the same bits and bytes; the system suite has peers', async () => {
    const { joined, lost, rolledBack, reopened, cuts } = await disturbedRun(DISTURBED_RUNS.server, {
      act: cutting(['control', 'frames'], 30),
    });
    expect(cuts).to.be.greaterThan(10);
    expect(reopened.length).to.be.greaterThan(3);
    expect([joined, lost, rolledBack]).to.deep.equal([3, [], 0]);
  }).timeout(180_000);
});
