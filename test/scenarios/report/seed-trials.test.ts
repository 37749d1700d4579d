import { expect } from 'chai';
import type { Judgement } from '../../../protocol/scenario/expectation.js';
import type { Spec } from '../../../protocol/scenario/scenario.js';
import { seedTrials } from '../../../scenarios/report/seed-trials.js';

const seen = (observed: number | string | null, holds: boolean | 'unknown' = true): Judgement => ({
  name: '',
  holds,
  observed,
  detail: '',
});
const trial = (spec: Spec, ...judgements: Judgement[]) =>
  seedTrials(
    [spec],
    judgements.map((one) => [one]),
  )[0]!;

describe('trials at other seeds', () => {
  it('count how often an expectation held; unknown is not held', () => {
    const found = trial({ name: 'finite' }, seen('a'), seen('b', false), seen(null, 'unknown'));
    expect(found).to.include({ held: 1, trials: 3, range: null, margin: null });
  });

  it('measure the distance of the mean from the nearest bound in standard deviations', () => {
    // Mean 0, standard deviation 1.
    const numbers = [seen(-1), seen(0), seen(1)];
    expect(trial({ name: 'below', of: 'x', value: 3 }, ...numbers).margin).to.be.closeTo(3, 1e-12);
    expect(trial({ name: 'above', of: 'x', value: -2 }, ...numbers).margin).to.be.closeTo(2, 1e-12);
    expect(trial({ name: 'slope', of: 'x', least: -4, most: 1.5 }, ...numbers).margin).to.be.closeTo(1.5, 1e-12);
    expect(trial({ name: 'above', of: 'x', value: 2 }, ...numbers).margin, 'beyond it').to.be.closeTo(-2, 1e-12);
  });

  it('measure it by logarithms where everything is above 0', () => {
    const numbers = [seen(1), seen(10), seen(100)];
    expect(trial({ name: 'ratio', of: 'x', least: 0.1, most: null }, ...numbers).margin).to.be.closeTo(2, 1e-12);
    expect(trial({ name: 'critical-batch', loss: 1, factor: 1000 }, ...numbers).margin).to.be.closeTo(2, 1e-12);
  });

  it('say that all numbers are equal instead of dividing by nothing', () => {
    expect(trial({ name: 'below', of: 'x', value: 3 }, seen(1), seen(1)).margin).to.equal(Number.POSITIVE_INFINITY);
    expect(trial({ name: 'below', of: 'x', value: 0.5 }, seen(1), seen(1)).margin).to.equal(Number.NEGATIVE_INFINITY);
  });

  it('name the expectation by its settings, without those that are left out', () => {
    const spec = { name: 'below', of: 'finalLoss', value: 2, groupBy: null, where: { 'method.name': 'dgd' } };
    expect(trial(spec, seen(1)).expectation).to.equal('below of finalLoss, value 2, where {method.name:dgd}');
  });
});
