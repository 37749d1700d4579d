import { expect } from 'chai';
import { contributions } from '../../../../protocol/methods/fair/parts/contributions.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('contribution weights', () => {
  it('distances 1 1 2 and errors 1 3 1 have shares 1/6 1/2 1/3 by product and 9/40 17/40 14/40 by sum', () => {
    // Shares 1/4 1/4 1/2 and 1/5 3/5 1/5: products 1/20 3/20 2/20, sums 9/20 17/20 14/20.
    const [times, plus] = [contributions([1, 1, 2], [1, 3, 1], 'times'), contributions([1, 1, 2], [1, 3, 1], 'plus')];
    for (const [i, share] of [1 / 6, 1 / 2, 1 / 3].entries()) expect(times[i]).to.be.closeTo(share, 1e-12);
    for (const [i, share] of [9 / 40, 17 / 40, 14 / 40].entries()) expect(plus[i]).to.be.closeTo(share, 1e-12);
  });

  it('sum to 1 also where one is at the floor, and are equal where nothing distinguishes the clients', () => {
    const floored = contributions([0, 1, 1], [1, 1, 1], 'times');
    expect(sum(floored)).to.be.closeTo(1, 1e-12);
    expect(floored[0]).to.be.within(0.0009, 0.0021);
    expect(contributions([0, 0], [0, 0], 'times')).to.deep.equal([0.5, 0.5]);
    // Errors that are all 0 are shares of 1/3 each.
    const plus = contributions([1, 1, 2], [0, 0, 0], 'plus');
    for (const [i, share] of [7 / 24, 7 / 24, 10 / 24].entries()) expect(plus[i]).to.be.closeTo(share, 1e-12);
  });
});
