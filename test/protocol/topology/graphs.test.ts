import { expect } from 'chai';
import { regularDegree } from '../../../protocol/topology/graph.js';
import { hypercube, torus } from '../../../protocol/topology/graphs.js';

describe('protocol/topology/graphs', () => {
  it('a torus of one row or one column is a ring, and no node is its own neighbour', () => {
    const ring = [
      [1, 4],
      [0, 2],
      [1, 3],
      [2, 4],
      [0, 3],
    ];
    for (const graph of [torus(1, 5), torus(5, 1)])
      expect(graph.inNeighbors.map((list) => [...list])).to.deep.equal(ring);
  });

  it('a hypercube has a power of two nodes: 0, 3 and -2 are refused, 1 has no neighbour', () => {
    for (const count of [0, 3, -2]) expect(() => hypercube(count)).to.throw(/ERR_SCENARIO.*expected a power of two/);
    expect(hypercube(1).inNeighbors.map((list) => [...list])).to.deep.equal([[]]);
  });

  it('a graph of one node has the common degree 0', () => {
    expect(regularDegree(hypercube(1))).to.equal(0);
    expect(regularDegree(hypercube(4))).to.equal(2);
  });
});
