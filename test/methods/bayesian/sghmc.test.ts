import { expect } from 'chai';
import { stochasticHmc } from '../../../protocol/methods/bayesian/sghmc.js';

/** Position and momentum after one step from (1, 3) under drift -2 and a standard normal of 0.5. */
function step(friction: number, noiseEstimate: number): number[] {
  const state = Float64Array.of(1, 3);
  stochasticHmc({ stepSize: 0.04, friction: friction, noiseEstimate: noiseEstimate }).step(
    state,
    [-2] as never,
    [] as never,
    [9, 0.5] as never,
    1,
  );
  return [...state];
}

describe('protocol/methods/bayesian/sghmc', () => {
  it('SGHMC by hand: v = (1 - a) v + eta drift + sqrt(2 (a - b) eta) z, then theta = theta + v', () => {
    const momentum = 0.7 * 3 - 0.04 * 2 + Math.sqrt(2 * 0.2 * 0.04) * 0.5;
    const [position, carried] = step(0.3, 0.1);
    expect(carried).to.be.closeTo(momentum, 1e-14);
    expect(position).to.be.closeTo(1 + momentum, 1e-14);
  });

  it('every parameter has a momentum of its own: two of them step as one by one', () => {
    const settings = { stepSize: 0.04, friction: 0.3, noiseEstimate: 0.1 };
    const both = Float64Array.of(1, -4, 3, 7);
    stochasticHmc(settings).step(both, [-2, 5] as never, [] as never, [9, 0.5, -1] as never, 1);
    for (const i of [0, 1]) {
      const one = Float64Array.of([1, -4][i]!, [3, 7][i]!);
      stochasticHmc(settings).step(one, [[-2, 5][i]!] as never, [] as never, [[0.5, -1][i]!] as never, 0);
      expect([both[i], both[2 + i]]).to.deep.equal([...one]);
    }
  });

  it('SGHMC whose gradients are thought to bring all the noise adds none of its own', () => {
    expect(step(0.3, 0.3)[1]).to.be.closeTo(0.7 * 3 - 0.08, 1e-14);
  });
});
