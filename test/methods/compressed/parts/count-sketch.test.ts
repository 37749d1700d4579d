import { expect } from 'chai';
import {
  addSketch,
  addToSketch,
  clearEntries,
  emptySketch,
  estimateAll,
} from '../../../../protocol/methods/compressed/parts/count-sketch.js';
import { add, squaredNorm } from '../../../../protocol/numerics/vector.js';
import { gaussian } from '../../../../scenarios/check/parts/codec-inputs.js';

describe('protocol/numerics/count-sketch', () => {
  it('is linear: S(x) + S(y) = S(x + y) to 1e-13, and in pieces as a whole', () => {
    const x = gaussian(3000, 'float64', 1);
    const y = gaussian(3000, 'float64', 2);
    const apart = emptySketch(3, 100, 5);
    addToSketch(apart, x);
    const ofY = emptySketch(3, 100, 5);
    addToSketch(ofY, y.subarray(0, 1000));
    addToSketch(ofY, y.subarray(1000), 1, 1000);
    addSketch(apart, ofY);
    const together = emptySketch(3, 100, 5);
    addToSketch(together, add(x, y));
    for (let i = 0; i < 300; i++) expect(apart.cells[i]).to.be.closeTo(together.cells[i]!, 1e-12);
    expect(() => addSketch(apart, emptySketch(3, 100, 6))).to.throw(RangeError, /seed/);
  });

  it('5 rows x 500 columns recover five spikes of 20 to 50 among 10,000 entries with 0.1 noise, within 0.4', () => {
    const value = gaussian(10_000, 'float64', 3).map((x) => 0.1 * x);
    const spikes = [17, 2345, 4999, 8000, 9999];
    for (const [j, i] of spikes.entries()) value[i] = (j % 2 === 0 ? 1 : -1) * (20 + 7.5 * j);
    const sketch = emptySketch(5, 500, 11);
    addToSketch(sketch, value);
    const estimates = estimateAll(sketch, new Float64Array(10_000));
    expect([...estimates.keys()].filter((i) => Math.abs(estimates[i]!) >= 10)).to.deep.equal(spikes);
    for (const i of spikes) expect(Math.abs(estimates[i]! - value[i]!)).to.be.below(0.4);
  });

  it('one row is unbiased with variance <= |x|^2 / columns (4,000 seeds, entry 3 of 50, 5 sigma)', () => {
    const value = gaussian(50, 'float64', 4);
    let sum = 0;
    let squares = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const sketch = emptySketch(1, 16, seed);
      addToSketch(sketch, value);
      const error = estimateAll(sketch, new Float64Array(4))[3]! - value[3]!;
      sum += error;
      squares += error * error;
    }
    const bound = squaredNorm(value) / 16;
    expect(Math.abs(sum / 4000)).to.be.below(5 * Math.sqrt(bound / 4000));
    expect(squares / 4000).to.be.within(0.8 * bound, 1.1 * bound);
  });

  it('clearing the cells of an entry makes its estimate zero; an even number of rows takes the mean of the middle two', () => {
    const sketch = emptySketch(4, 64, 2);
    addToSketch(sketch, Float64Array.of(5, 0, 0, 0));
    expect(estimateAll(sketch, new Float64Array(1))[0]).to.equal(5);
    clearEntries(sketch, Uint32Array.of(0));
    expect(Array.from(estimateAll(sketch, new Float64Array(4)), (x) => x + 0)).to.deep.equal([0, 0, 0, 0]);
  });
});
