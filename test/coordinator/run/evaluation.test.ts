import { expect } from 'chai';
import { evaluateEstimates } from '../../../coordinator/run/evaluation.js';
import type { PartyId, ReadonlyVector } from '../../../protocol/method.js';

const optimum = Float64Array.of(1, 2);
const lossOf = (estimates: readonly ReadonlyVector[]) => ({
  loss: estimates.length + estimates[0]![0]!,
  accuracy: null,
});

const peers = new Map<PartyId, readonly ReadonlyVector[]>([
  [0, [Float64Array.of(1, 5)]],
  [1, [Float64Array.of(5, 3)]],
]);

describe('evaluateEstimates', () => {
  it('peers: the loss of their mean (3, 4), consensus error (4 + 1 + 4 + 1) / 2 = 5, mean squared error (9 + 17) / 2 = 13', async () => {
    expect(await evaluateEstimates({ optimum, evaluate: lossOf }, peers)).to.deep.equal({
      loss: 4,
      accuracy: null,
      extra: { consensusError: 5, meanSquaredError: 13 },
    });
  });

  it('a server: its estimates together, and their mean squared error where the optimum is known', async () => {
    const server = new Map<PartyId, readonly ReadonlyVector[]>([
      ['coordinator', [Float64Array.of(1, 5), Float64Array.of(5, 3)]],
      ...peers,
    ]);
    const { loss, extra } = await evaluateEstimates({ optimum, evaluate: lossOf }, server);
    expect(loss).to.equal(3);
    expect(extra).to.deep.equal({ meanSquaredError: 13 });
    expect((await evaluateEstimates({ evaluate: lossOf }, server)).extra).to.deep.equal({});
  });
});
