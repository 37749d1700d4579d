import { expect } from 'chai';
import { runInput } from '../../support/scripted-run.js';

describe('evaluation.average', () => {
  it('is the closed form of gradient descent on a quadratic: x_t = 2^-t x_0, averaged t x_0 2^-(t+1) / (1 - 2^-t)', async () => {
    const { record } = await runInput({
      name: 'halving',
      method: { name: 'sgd', optimizer: { name: 'sgd', learningRate: 0.5 } },
      objective: {
        name: 'quadratic',
        dimension: 1,
        smallestEigenvalue: 1,
        largestEigenvalue: 1,
        centres: [[0]],
        initialValue: 8,
      },
      data: 'none',
      clients: 1,
      rounds: 5,
      precision: 'float64',
      evaluation: { everyRounds: 5, average: { decay: 0.5 } },
    });
    const [before, last] = [record.rows.at(-2)!, record.rows.at(-1)!];
    expect(before.extra).not.to.have.property('averagedLoss');
    expect(last.loss).to.equal(0.5 * (8 * 2 ** -5) ** 2);
    expect(last.extra.averagedLoss).to.be.closeTo(0.5 * ((5 * 8 * 2 ** -6) / (1 - 2 ** -5)) ** 2, 1e-15);
  });
});
