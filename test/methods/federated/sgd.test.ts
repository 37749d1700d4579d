import { expect } from 'chai';
import sgd from '../../../protocol/methods/federated/sgd.js';
import { largestDistance, runQuadratic } from '../../support/quadratic-runs.js';

describe('synchronous SGD', () => {
  it('on whole shards reaches the optimum, where the mean gradient is zero', async () => {
    const run = await runQuadratic(sgd, { optimizer: { name: 'sgd', learningRate: 0.8 } }, { rounds: 150 });
    expect(largestDistance(run.result.estimates[0]!, run.optimum)).to.be.lessThan(1e-14);
  });

  it('goes one step of its rate along the mean gradient of all clients', async () => {
    const run = await runQuadratic(sgd, { optimizer: { name: 'sgd', learningRate: 0.3 } }, { rounds: 1 });
    const expected = run.initial.map((x, j) => {
      let gradient = 0;
      for (let client = 0; client < run.clients; client++)
        gradient += (run.curvature(client, j) * (x - run.centre(client, j))) / run.clients;
      return x - 0.3 * gradient;
    });
    expect(largestDistance(run.result.estimates[0]!, expected)).to.be.lessThan(1e-15);
  });
});
