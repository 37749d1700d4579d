import { expect } from 'chai';
import { projectToSimplex } from '../../../../protocol/methods/fair/parts/simplex.js';

describe('projection onto the simplex', () => {
  it('leaves its points alone, and cuts what is far out', () => {
    expect([...projectToSimplex([0.25, 0.5, 0.25])]).to.deep.equal([0.25, 0.5, 0.25]);
    expect([...projectToSimplex([5, 0, -1])]).to.deep.equal([1, 0, 0]);
    expect([...projectToSimplex([0.5, 0.5, 0.5, -9])].map((x) => Number(x.toFixed(12)))).to.deep.equal([
      0.333333333333, 0.333333333333, 0.333333333333, 0,
    ]);
  });

  it('no point of a grid on the simplex is nearer', () => {
    const values = [0.9, -0.3, 0.7];
    const distance = (point: ArrayLike<number>) => values.reduce((sum, v, i) => sum + (v - point[i]!) ** 2, 0);
    const best = distance(projectToSimplex(values));
    for (let a = 0; a <= 50; a++)
      for (let b = 0; a + b <= 50; b++)
        expect(distance([a / 50, b / 50, 1 - (a + b) / 50])).to.be.at.least(best - 1e-12);
  });
});
