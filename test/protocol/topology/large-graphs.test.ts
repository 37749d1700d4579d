import '../../support/loaded-rules.js';
import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { encodeRecord } from '../../../protocol/party/record.js';
import { linkCount } from '../../../protocol/topology/graph.js';
import { createTopology } from '../../../protocol/topology/topology.js';
import { runPeers } from '../../support/tiny-run.js';

const objective = { name: 'quadratic', dimension: 4, smallestEigenvalue: 1, largestEigenvalue: 2 };

describe('large graphs', () => {
  it('a mixing matrix of 1,000 peers holds one number a link and one a peer, on every sparse graph', () => {
    for (const name of ['ring', 'torus', 'exponential', 'one-peer-exponential', 'random-matching', 'star']) {
      const spec = { name, weights: 'metropolis' as const, lazy: false };
      const topology = createTopology(spec, 1000, rootStream(1, 'float64'));
      const { weights, columns } = topology.mixingAt(0);
      expect(weights.length).to.equal(1000 + linkCount(topology.graphAt(0)));
      expect(columns.length).to.equal(weights.length);
    }
  });

  it('1,000 peers on a torus run in this process, and the loss of their mean falls to a fifth in 10 rounds', async () => {
    const run = await runPeers<{ readonly x: Vector }>({
      method: { name: 'dgd', stepSize: 0.1 },
      objective: { ...objective, initialValue: 3 },
      clients: 1000,
      rounds: 15,
      topology: 'torus',
      evaluation: { everyRounds: 5 },
    });
    expect(run.states).to.have.length(1000);
    const losses = run.rows.flatMap(({ loss }) => (loss === null ? [] : [loss]));
    expect(losses).to.have.length(3);
    expect(losses[2]).to.be.lessThan(0.2 * losses[0]!);
  });

  it("a peer's state does not grow with the number of peers, not even with a pair of copies for each link", async () => {
    const bytesAPeer = async (clients: number) => {
      const { states } = await runPeers({
        method: { name: 'cdproxsgt', links: 'acknowledged' },
        objective,
        clients,
        rounds: 3,
        topology: 'torus',
        codecs: { '*': { codec: { name: 'top-k', fraction: 0.5 } } },
      });
      const sizes = states.map((state) => encodeRecord(0, { state, memories: {}, clockMs: 0, undelivered: [] }).length);
      return sizes.reduce((sum, size) => sum + size, 0) / clients;
    };
    expect(await bytesAPeer(400)).to.be.closeTo(await bytesAPeer(25), 64);
  });
});
