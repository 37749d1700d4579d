import { expect } from 'chai';
import type { SweepInput } from '../../../protocol/scenario/input.js';
import { overSeeds, withSeedAxis } from '../../../protocol/scenario/seed-axis.js';

const BASE = { method: 'sgd', data: 'gaussian-clusters', seed: 7 } as const;
const sweep = (more: object) => ({ sweep: 's', base: BASE, ...more }) as unknown as SweepInput;

describe('seeds of a sweep', () => {
  it("are the last axis: as many from the base's seed on, or those listed", () => {
    expect(withSeedAxis(sweep({ over: { rounds: [1, 2] }, seeds: 3 })).over).to.deep.equal({
      rounds: [1, 2],
      seed: [7, 8, 9],
    });
    expect(Object.keys(withSeedAxis(sweep({ over: { rounds: [1] }, seeds: 2 })).over)).to.deep.equal([
      'rounds',
      'seed',
    ]);
    expect(withSeedAxis(sweep({ seeds: [4, 1] }))).to.deep.equal(sweep({ over: { seed: [4, 1] } }));
  });

  it('that are no seeds, or stand beside an axis of that name, are left to be refused', () => {
    for (const wrong of [{ seeds: 0 }, { seeds: 'five' }, { seeds: [] }, { seeds: 2, over: { seed: [1] } }])
      expect(withSeedAxis(sweep(wrong))).to.have.property('seeds');
  });

  it('make a sweep of a scenario, with its name and what it expects', () => {
    const input = { name: 'a/b', description: 'd', ...BASE, expect: ['finite'] };
    expect(overSeeds(input, 2)).to.deep.equal({
      sweep: 'a-b',
      description: 'd',
      base: { description: 'd', ...BASE, expect: ['finite'] },
      over: { seed: [7, 8] },
    });
  });
});
