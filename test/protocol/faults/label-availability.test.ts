import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { labelAvailability } from '../../../protocol/faults/label-availability.js';
import { createNetwork } from '../../../protocol/links/network.js';
import { complete } from '../../support/hand-made-frames.js';
import { tinyScenario } from '../../support/tiny-run.js';

describe('availability by labels', () => {
  const SHARES = [[1, 0, 0], [0, 1, 0], [0.25, 0.25, 0.5], []];

  it('is the mean of byLabel over the labels of a client, class k taking entry k modulo its length (5 sigma, 4000 rounds)', () => {
    const faults = complete(labelAvailability({ byLabel: [0.9, 0.1] }));
    const network = createNetwork(tinyScenario('fedavg', { faults }), (client) => SHARES[client]!);
    const rounds = 4000;
    const on = [0, 0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      const away = new Set(network.scriptedAbsences(round, [0, 1, 2, 3]).map(({ from }) => from));
      on.forEach((_, client) => {
        if (!away.has(client)) on[client]!++;
      });
    }
    // 0.75 x 0.9 + 0.25 x 0.1 = 0.7; without examples the mean of byLabel.
    for (const [client, chance] of [0.9, 0.1, 0.7, 0.5].entries())
      expect(on[client]! / rounds).to.be.closeTo(chance, 5 * Math.sqrt((chance * (1 - chance)) / rounds));
  });
});
