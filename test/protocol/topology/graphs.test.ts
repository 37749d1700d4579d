import { expect } from 'chai';
import { torus } from '../../../protocol/topology/graphs.js';

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
});
