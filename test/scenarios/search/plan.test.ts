import { expect } from 'chai';
import { gridValues, parseAxis } from '../../../scenarios/search/axis.js';
import { type SearchSettings, searchPlan } from '../../../scenarios/search/plan.js';

const settings: SearchSettings = { strategy: 'grid', trials: null, seed: 1, rounds: 27, keepOneIn: 3 };

describe('the axis of a search', () => {
  it('lists JSON values, and bare words where they are no JSON', () => {
    expect(parseAxis('a.b=0.1,1,null').listed).to.deep.equal([0.1, 1, null]);
    expect(parseAxis('method=fedavg,mime').listed).to.deep.equal(['fedavg', 'mime']);
    expect(parseAxis('data.partition={"name":"dirichlet","alpha":1},"iid"').listed).to.deep.equal([
      { name: 'dirichlet', alpha: 1 },
      'iid',
    ]);
  });

  it('a grid over a logarithm has equal factors, both ends included', () => {
    expect(gridValues(parseAxis('x=log:0.001:10:5'))).to.deep.equal([0.001, 0.01, 0.1, 1, 10]);
    expect(gridValues(parseAxis('x=linear:0:1:3'))).to.deep.equal([0, 0.5, 1]);
  });

  it('a grid over few integers has each once', () => {
    expect(gridValues(parseAxis('x=integer:1:3:9'))).to.deep.equal([1, 2, 3]);
  });

  for (const text of [
    'x',
    '=1',
    'x=',
    'x=log:0:1',
    'x=log:1:0.1',
    'x=linear:0',
    'x=linear:0:1:1',
    'x=integer:0.5:2',
    'x=[1',
    'a..b=1',
    'x=1,,2',
  ])
    it(`'${text}' is refused with the form that was expected`, () => {
      expect(() => parseAxis(text)).to.throw(/^ERR_USAGE: --over: expected PATH=/);
    });

  it('a grid over a range without a count is refused', () => {
    expect(() => gridValues(parseAxis('x=log:0.1:1'))).to.throw(/--over x: .*log:0.1:1:5/);
  });
});

describe('searchPlan', () => {
  it('a grid has every combination once, the last axis changing fastest, in one rung of all rounds', () => {
    const plan = searchPlan([parseAxis('a=1,2'), parseAxis('b=x,y')], settings);
    expect(plan.trials).to.deep.equal([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ]);
    expect(plan.rungs).to.deep.equal([{ trials: 4, rounds: 27 }]);
  });

  it('27 trials at one in three: 27, 9, 3, 1 trials for 1, 3, 9, 27 rounds', () => {
    const { rungs } = searchPlan([parseAxis('a=linear:0:1')], { ...settings, strategy: 'halving', trials: 27 });
    expect(rungs).to.deep.equal([
      { trials: 27, rounds: 1 },
      { trials: 9, rounds: 3 },
      { trials: 3, rounds: 9 },
      { trials: 1, rounds: 27 },
    ]);
  });

  it('draws lie in the range, repeat with the seed, change with it, and more trials keep those before', () => {
    const axes = [parseAxis('a=log:0.01:1'), parseAxis('b=integer:2:5')];
    const drawn = (trials: number, seed: number) =>
      searchPlan(axes, { ...settings, strategy: 'random', trials, seed }).trials as readonly { a: number; b: number }[];
    const ten = drawn(10, 3);
    for (const { a, b } of ten) {
      expect(a).to.be.within(0.01, 1);
      expect([2, 3, 4, 5]).to.include(b);
    }
    expect(drawn(20, 3).slice(0, 10)).to.deep.equal(ten);
    expect(drawn(10, 4)).not.to.deep.equal(ten);
    // Log-uniform: half lie below the geometric mean 0.1, where a uniform draw would leave 9 %. 200 draws, 6 standard deviations: 42.
    const below = drawn(200, 1).filter(({ a }) => a < 0.1).length;
    expect(below).to.be.within(58, 142);
  });

  it('no combination is drawn twice: two listed values give two trials, however many are asked for', () => {
    const { trials } = searchPlan([parseAxis('a=1,2')], { ...settings, strategy: 'random', trials: 9 });
    expect(trials.map(({ a }) => a)).to.have.members([1, 2]);
  });

  it('trials of a grid, draws without a number and a path named twice are refused', () => {
    const axis = parseAxis('a=1,2');
    expect(() => searchPlan([axis], { ...settings, trials: 3 })).to.throw(/^ERR_USAGE: --trials: /);
    expect(() => searchPlan([axis], { ...settings, strategy: 'random' })).to.throw(/^ERR_USAGE: --trials: /);
    expect(() => searchPlan([axis, axis], settings)).to.throw(/^ERR_USAGE: --over a: expected a path once/);
  });
});
