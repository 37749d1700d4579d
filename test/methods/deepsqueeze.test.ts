import { expect } from 'chai';
import { meanFollowsMeanGradient, STEP, topTwoOfFive } from '../support/compressed-claims.js';
import { finalOf, runPeers } from '../support/peer-run.js';

describe('deepsqueeze', () => {
  for (const topology of ['ring', 'random-matching', 'one-peer-exponential'])
    it(`${topology}, top 2 of 5: the mean of x moves by -step times the mean gradient, to 1e-13`, () =>
      meanFollowsMeanGradient({ name: 'deepsqueeze' }, { iterate: topTwoOfFive }, topology));

  it('stops at a bias on heterogeneous objectives: mean squared error between 1e-3 and 10', async () => {
    const run = await runPeers({
      method: { name: 'deepsqueeze', stepSize: STEP },
      codecs: { iterate: topTwoOfFive },
      rounds: 800,
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.within(1e-3, 10);
  });
});
