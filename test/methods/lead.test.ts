import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import type { Iterate } from '../support/compressed-claims.js';
import { finalOf, largestDifferenceOfAll, meanVector, mixed, runPeers } from '../support/peer-run.js';

describe('lead', () => {
  interface Peer extends Iterate {
    readonly dual: Vector;
    readonly reference: Vector;
    readonly mixedReference: Vector;
  }
  const codecs = { difference: { codec: { name: 'qsgd', levels: 4 } } };

  it('quantised to 4 levels: the duals sum to 0 and the mixed reference is W times the references, to 1e-12', async () => {
    await runPeers<Peer>(
      { method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 60 },
      {
        watch({ states, mixing }) {
          expect(Math.max(...meanVector(states.map(({ dual }) => dual)).map(Math.abs))).to.be.lessThan(1e-12);
          const references = mixed(
            mixing,
            states.map(({ reference }) => reference),
          );
          const kept = states.map(({ mixedReference }) => mixedReference);
          expect(largestDifferenceOfAll(kept, references)).to.be.lessThan(1e-12);
        },
      },
    );
  });

  it('quantised to 4 levels it is exact: mean squared error below 1e-15 after 2000 rounds', async () => {
    const run = await runPeers({ method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 2000 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-15);
  });
});
