import { expect } from 'chai';
import { type Evaluator, evaluateEstimates, trainingColumns } from '../../../coordinator/run/evaluation.js';

const byNumber: Evaluator = {
  evaluate: ([x]) => ({ loss: 3 * x![0]!, accuracy: 0.5, extra: { distance: 7 } }),
  evaluateTraining: ([x]) => ({ loss: x![0]!, accuracy: 0.9 }),
};
const peers = new Map([
  [0, [Float64Array.of(1)]],
  [1, [Float64Array.of(3)]],
]);
const server = new Map([['coordinator' as const, [Float64Array.of(2)]]]);

describe('coordinator/evaluation on the training examples', () => {
  for (const [whose, estimates] of [
    ["a server's estimate", server],
    ["the mean of the peers' estimates", peers],
  ] as const)
    it(`${whose}: training loss and accuracy, and both gaps`, async () => {
      const heldOut = await evaluateEstimates(byNumber, estimates);
      expect(heldOut.extra.distance).to.equal(7);
      const columns = await trainingColumns(byNumber, estimates, heldOut);
      expect(columns.trainLoss).to.equal(2);
      expect(columns.lossGap).to.equal(4);
      expect(columns.trainAccuracy).to.equal(0.9);
      expect(columns.accuracyGap).to.be.closeTo(0.4, 1e-15);
    });

  it('an objective without examples refuses', async () => {
    const { evaluate } = byNumber;
    const heldOut = await evaluateEstimates({ evaluate }, server);
    const failure = await trainingColumns({ evaluate }, server, heldOut).catch((error: Error) => error.message);
    expect(failure).to.match(/ERR_SCENARIO.*evaluation.train: expected false/);
  });
});
