import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { topologies } from '../../../protocol/topology/family.js';
import { isConnected } from '../../../protocol/topology/graph.js';
import { ring, torus } from '../../../protocol/topology/graphs.js';
import { weightOf } from '../../../protocol/topology/mixing-matrix.js';
import { createTopology, type TopologySpec } from '../../../protocol/topology/topology.js';

const create = (spec: TopologySpec, clientCount: number, seed = 4) =>
  createTopology(spec, clientCount, rootStream(seed, 'float64').derive('topology'));

const triangle: TopologySpec = {
  name: 'edge-list',
  edges: [
    [0, 1],
    [1, 2],
    [2, 0],
    [2, 3],
  ],
};

const specs: readonly (readonly [TopologySpec, number])[] = [
  ...['ring', 'path', 'star', 'complete', 'hypercube', 'exponential', 'one-peer-exponential', 'torus'].map(
    (name) => [{ name }, 8] as const,
  ),
  [{ name: 'erdos-renyi', probability: 0.4 }, 11],
  [{ name: 'random-matching' }, 7],
  [triangle, 4],
  [{ name: 'periodic', graphs: [{ name: 'ring' }, { name: 'star' }, { name: 'one-peer-exponential' }] }, 6],
  [{ name: 'exponential', weights: 'push-sum', lazy: true }, 6],
  [{ name: 'hierarchy', edges: 2 }, 8],
];

describe('protocol/topology/topology', () => {
  it('every name is tried here', () => {
    expect(new Set(specs.map(([spec]) => spec.name))).to.deep.equal(new Set(topologies.names()));
  });

  for (const [spec, n] of specs)
    it(`${spec.name}: links ascend, hold the client itself unless there are edge servers, mirror each other and carry the matrix's weights`, () => {
      const topology = create(spec, n);
      for (let round = 0; round < 6; round++) {
        const links = Array.from({ length: n }, (_, client) => topology.linksOf(client, round));
        const matrix = topology.mixingAt(round);
        for (const [client, { inNeighbors, outNeighbors, weightFrom, weightTo }] of links.entries()) {
          for (const list of [inNeighbors, outNeighbors]) {
            expect(list.includes(client)).to.equal(topology.edgeServers.length === 0);
            expect([...list].sort((a, b) => a - b)).to.deep.equal(list);
          }
          for (const peer of inNeighbors) expect(links[peer]!.outNeighbors).to.include(client);
          for (const peer of outNeighbors) expect(links[peer]!.inNeighbors).to.include(client);
          for (let peer = 0; peer < n; peer++) {
            expect(weightFrom(peer)).to.equal(weightOf(matrix, client, peer));
            expect(weightTo(peer)).to.equal(weightOf(matrix, peer, client));
            if (peer !== client && !inNeighbors.includes(peer)) expect(weightOf(matrix, client, peer)).to.equal(0);
          }
          expect(weightFrom('coordinator')).to.equal(0);
        }
      }
    });

  for (const [spec, n] of specs)
    it(`${spec.name}: a function of (seed, round) alone, whatever was asked before`, () => {
      const forward = create(spec, n);
      const shuffled = create(spec, n);
      for (const round of [90, 3, 41, 0, 7, 3, 65, 2]) shuffled.linksOf(0, round);
      for (let round = 0; round < 12; round++) {
        expect(shuffled.graphAt(round)).to.deep.equal(forward.graphAt(round));
        expect(shuffled.mixingAt(round)).to.deep.equal(forward.mixingAt(round));
      }
    });

  it('a random matching pairs all clients but one of 7, differently each round and for another seed', () => {
    const topology = create({ name: 'random-matching' }, 7);
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const graph = topology.graphAt(round);
      expect(graph.inNeighbors.filter((list) => list.length === 1)).to.have.length(6);
      seen.add(JSON.stringify(graph.inNeighbors));
    }
    // 105 matchings: 20 uniform draws give 18.3 different ones on average.
    expect(seen.size).to.be.at.least(14);
    expect(create({ name: 'random-matching' }, 7, 5).graphAt(0)).to.not.deep.equal(topology.graphAt(0));
  });

  it('Erdős-Rényi (12, 0.3) of 50 seeds: always connected, mean degree within 5 sigma of 11 p (seeds 0 to 49)', () => {
    let links = 0;
    for (let seed = 0; seed < 50; seed++) {
      const graph = create({ name: 'erdos-renyi', probability: 0.5 }, 12, seed).graphAt(0);
      expect(isConnected(graph)).to.equal(true);
      for (const list of graph.inNeighbors) links += list.length;
    }
    // 66 pairs a graph; at p = 0.5 connectedness is near certain and hardly biases the count.
    expect(links / 2).to.be.closeTo(50 * 66 * 0.5, 5 * Math.sqrt(50 * 66 * 0.25));
  });

  it('a torus takes the missing side from the clients, the squarest one when none is given; one client is a graph', () => {
    expect(create({ name: 'torus', columns: 2 }, 12).graphAt(0)).to.deep.equal(torus(6, 2));
    expect(create({ name: 'torus', rows: 2 }, 12).graphAt(0)).to.deep.equal(torus(2, 6));
    expect(create({ name: 'torus' }, 12).graphAt(0)).to.deep.equal(torus(3, 4));
    expect(torus(4, 1)).to.deep.equal(ring(4));
    expect(create({ name: 'ring' }, 1).linksOf(0, 3).inNeighbors).to.deep.equal([0]);
  });

  it('periods: 1 for fixed graphs, ceil(log2 n) for one-peer, for lists the common multiple with their length, or none', () => {
    for (const [spec, n] of specs)
      if (!['one-peer-exponential', 'random-matching', 'periodic'].includes(spec.name))
        expect(create(spec, n).period, spec.name).to.equal(1);
    expect(create({ name: 'one-peer-exponential' }, 6).period).to.equal(3);
    expect(create({ name: 'periodic', graphs: [{ name: 'ring' }, { name: 'star' }] }, 5).period).to.equal(2);
    const list = [{ name: 'ring' }, { name: 'one-peer-exponential' }];
    expect(create({ name: 'periodic', graphs: list }, 6).period).to.equal(6);
    expect(create({ name: 'random-matching' }, 5).period).to.equal(null);
    expect(create({ name: 'periodic', graphs: [...list, { name: 'random-matching' }] }, 6).period).to.equal(null);
  });

  it('links are built once: asking again gives the same object, in all rounds of a fixed graph', () => {
    const topology = create({ name: 'complete' }, 1000);
    expect(topology.linksOf(999, 0)).to.equal(topology.linksOf(999, 12_345));
  });

  it('bad specs are ERR_SCENARIO and say what was expected and what came', () => {
    const refusals: readonly (readonly [TopologySpec, number, RegExp])[] = [
      [{ name: 'rign' }, 8, /topology.name: expected the name of a topology, got 'rign'; nearest is 'ring'/],
      [{ name: 'hypercube' }, 6, /power of two.*got 6/],
      [{ name: 'torus' }, 7, /at least 2 rows.*1 x 7/],
      [{ name: 'torus', rows: 3 }, 8, /rows \* columns = 8.*rows 3/],
      [{ name: 'torus', rows: 2.5 }, 8, /topology.rows: .*got 2.5/],
      [{ name: 'ring', probability: 0.1 }, 8, /topology.probability: expected the name of a setting/],
      [{ name: 'erdos-renyi', probability: 1.5 }, 8, /topology.probability: .*got 1.5/],
      [{ name: 'erdos-renyi', probability: 1e-4 }, 30, /no connected graph.*ln\(n\)\/n = 0.113/],
      [{ name: 'erdos-renyi', probabilty: 0.5 }, 8, /topology.probabilty: .*nearest is 'probability'/],
      [{ name: 'ring', weights: 'equal' as never }, 8, /topology.weights: .*got 'equal'/],
      [{ name: 'star', weights: 'uniform' }, 8, /'uniform'.*equally many/],
      [{ name: 'edge-list', edges: [[0, 4]] }, 4, /from 0 to 3/],
      [{ name: 'edge-list', edges: [[1, 1]] }, 4, /two different clients/],
      [{ name: 'edge-list', edges: [[0, 1]] }, 4, /reach all others/],
      [
        {
          name: 'edge-list',
          edges: [
            [0, 1],
            [1, 2],
          ],
          directed: true,
          weights: 'push-sum',
        },
        3,
        /reach all others/,
      ],
      [{ name: 'periodic', graphs: [] }, 4, /topology.graphs: expected an array of at least 1/],
      [
        { name: 'periodic', graphs: [{ name: 'ring', weights: 'uniform' }] },
        4,
        /topology.graphs.0.weights: expected the name of a setting/,
      ],
      [{ name: 'ring' }, 0, /at least one client, got 0/],
    ];
    for (const [spec, n, message] of refusals) {
      expect(() => create(spec, n), spec.name).to.throw(message);
      expect(() => create(spec, n), spec.name).to.throw(/ERR_SCENARIO/);
    }
  });

  it('a list of graphs of which none is connected is accepted when together they are', () => {
    const edges = (list: readonly number[][]) => ({ name: 'edge-list', edges: list });
    const spec = { name: 'periodic', graphs: [edges([[0, 1]]), edges([[1, 2]])] };
    expect(create(spec, 3).graphAt(3).inNeighbors).to.deep.equal([[], [2], [1]]);
    expect(() => create(spec, 4)).to.throw('reach all others');
  });
});
