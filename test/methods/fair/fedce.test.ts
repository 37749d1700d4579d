import { expect } from 'chai';
import fedce from '../../../protocol/methods/fair/fedce.js';
import { runQuadratic } from '../../support/quadratic-runs.js';

type Server = { readonly weights: Float64Array; readonly params: ArrayLike<number> };
const SETTINGS = { batchSize: 1, clientLearningRate: 0.1 };

/** Clients in the plane with curvature 1, two examples each, whose centres are given. */
async function endOf(centres: readonly (readonly number[])[], more: object = {}): Promise<Server> {
  const objective = {
    dimension: 2,
    matrices: centres.map(() => [1, 1]),
    centres: centres.map((c) => [...c]),
    examples: 2,
  };
  const run = await runQuadratic(fedce, SETTINGS, { clients: centres.length, rounds: 10, objective, ...more });
  return run.stateAfter<Server>(10, 'coordinator')!;
}

describe('FedCE', () => {
  it('leaves clients that are alike at 1/n', async () => {
    const { weights } = await endOf([1, 2, 3, 4].map(() => [1, 1]));
    for (const weight of weights) expect(weight).to.be.closeTo(0.25, 1e-12);
  });

  it('gives the client that differs more than 1/n, and the weights sum to 1', async () => {
    const { weights } = await endOf([
      [1, 0.1],
      [1, 0.1],
      [1, 0.1],
      [0, 1.5],
    ]);
    expect(weights[3]).to.be.above(0.4);
    expect(weights.reduce((sum, weight) => sum + weight)).to.be.closeTo(1, 1e-12);
  });

  it('gives weight to one that flips the sign of its updates too: difference is no merit', async () => {
    const faults = [{ fault: 'byzantine', clients: [0], attack: { name: 'sign-flip', scale: 1 } }];
    const { weights } = await endOf(
      [1, 2, 3, 4].map(() => [1, 1]),
      { faults },
    );
    expect(weights[0]).to.be.above(0.4);
  });

  it('works with one client, whose absence would leave no model', async () => {
    const { weights, params } = await endOf([[1, 1]]);
    expect([...weights]).to.deep.equal([1]);
    expect(params[0]).to.be.above(0.3);
  });

  it('of a part of the clients, those share the weight that they had', async () => {
    const { weights } = await endOf(
      [
        [1, 0],
        [0, 1],
        [1, 1],
        [2, 1],
      ],
      { participation: { cohort: 2 } },
    );
    expect(weights.reduce((sum, weight) => sum + weight)).to.be.closeTo(1, 1e-12);
  });
});
