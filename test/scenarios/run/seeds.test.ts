import { expect } from 'chai';
import { scenario, sweep } from '../../../protocol/scenario/input.js';
import { atSeeds, seedNote, seedsFrom, sweptSeeds } from '../../../scenarios/run/seeds.js';

const base = { method: 'sgd', data: 'mnist', seed: 4 };

describe('seeds of a scenario', () => {
  it('from another one on: a scenario and a sweep over other things take it as their seed', () => {
    expect(seedsFrom(scenario('one', base), 70)).to.deep.include({ name: 'one', seed: 70 });
    const other = sweep('rates', { base, over: { 'method.batchSize': [1, 2] } });
    expect(sweptSeeds(other)).to.equal(null);
    expect(seedsFrom(other, 70)).to.deep.include({ over: { 'method.batchSize': [1, 2] }, base: { ...base, seed: 70 } });
  });

  it('from another one on: a sweep over seeds has as many, at the same distances and places', () => {
    const swept = sweep('seeds', { base, over: { seed: [3, 1, 2], 'method.batchSize': [8] } });
    expect(sweptSeeds(swept)).to.deep.equal([3, 1, 2]);
    const shifted = seedsFrom(swept, 70);
    expect(sweptSeeds(shifted)).to.deep.equal([72, 70, 71]);
    expect(shifted).to.deep.include({ over: { seed: [72, 70, 71], 'method.batchSize': [8] }, base });
  });

  it('one seed for a sweep over several is noted with the way to keep their number; for one over other things it is not', () => {
    const swept = sweep('seeds', { base, over: { seed: [3, 1, 2] } });
    expect(seedNote(swept, 70)).to.equal(
      'seed 70 alone instead of seeds 3, 1, 2; --first-seed 70 runs as many from there on',
    );
    for (const input of [scenario('one', base), sweep('one', { base, over: { seed: [3] } })])
      expect(seedNote(input, 70)).to.equal(null);
  });

  it('points that are listed keep their place: shifted with the seeds, and freed of them where their number is another', () => {
    const points = [
      { 'method.batchSize': 8, seed: 3 },
      { 'method.batchSize': 8, seed: 1 },
    ];
    const listed = sweep('listed', { base, over: { 'method.batchSize': [4, 8], seed: [3, 1, 2] }, points });
    expect(seedsFrom(listed, 70)).to.deep.include({
      points: [
        { 'method.batchSize': 8, seed: 72 },
        { 'method.batchSize': 8, seed: 70 },
      ],
    });
    expect(atSeeds(listed, 2)).to.deep.include({
      points: [{ 'method.batchSize': 8 }],
      over: { 'method.batchSize': [4, 8], seed: [3, 4] },
    });
  });
});
