import { expect } from 'chai';
import type { Markup } from '../../../coordinator/report/markup.js';
import { seedComparisons, seedDifferences } from '../../../coordinator/report/seed-comparisons.js';
import { seededRandom } from '../../support/seeded-random.js';

const point = (rate: number, seed: number, results: Readonly<Record<string, number>>) => ({
  directory: `${rate}-${seed}`,
  settings: { 'method.rate': rate, seed },
  valid: true,
  results,
  stateDigest: null,
});
const accuracies = (rate: number, values: readonly number[]) =>
  values.map((finalAccuracy, i) => point(rate, i + 1, { finalAccuracy, finalLoss: 1 }));
const textOf = (part: unknown) => (part as readonly Markup[]).map(({ text }) => text).join('');
const cellsOf = (part: unknown) => [...textOf(part).matchAll(/<td[^>]*>([^<]*)</g)].map(([, cell]) => cell);

describe('comparisons over seeds', () => {
  it('state seeds, mean difference, paired interval, spread over seeds and that of the test set alone', () => {
    // Differences 0.02, 0.04, 0.03: mean 0.03, deviation 0.01, t of 2 degrees 4.3027: 0.03 +- 0.02484.
    const made = seedComparisons([...accuracies(1, [0.5, 0.6, 0.7]), ...accuracies(2, [0.52, 0.64, 0.73])], 100);
    const [rate, seeds, mean, interval, spread, alone, so] = cellsOf(made);
    expect([rate, seeds, mean, so]).to.deep.equal(['2', '3', '3 %', 'a difference']);
    expect(interval!.split(' to ').map(Number.parseFloat)).to.satisfy(
      ([low, high]: number[]) => Math.abs(low! - 0.516) < 0.02 && Math.abs(high! - 5.484) < 0.02,
    );
    // sqrt(0.37 / 200) = 0.0430; deviation of 0.52, 0.64, 0.73: 0.1054.
    expect(Number.parseFloat(alone!)).to.be.closeTo(4.3, 0.05);
    expect(Number.parseFloat(spread!)).to.be.closeTo(10.54, 0.1);
    expect(textOf(made)).to.include('final accuracy against rate = 1, paired by seed');
  });

  it('the test set alone gives runs of a calibrated ensemble the spread that they have: 2,000 runs on 200 fixed examples of two classes, within 12 %', () => {
    // A share q of all runs predicts class 1, which a share q of such examples is. Five deviations of the spread of 2,000 and of 200 drawn labels.
    const random = seededRandom(1);
    const examples = Array.from({ length: 200 }, () => {
      const share = random();
      return { share, isOne: random() < share };
    });
    const run = () => examples.filter(({ share, isOne }) => random() < share === isOne).length / examples.length;
    const runs = Array.from({ length: 2_000 }, run);
    const points = [...accuracies(1, Array<number>(2_000).fill(0)), ...accuracies(2, runs)];
    const [found] = seedDifferences(points, examples.length);
    expect(found!.testSetSpread! / found!.spread).to.be.within(0.88, 1.12);
  });

  it('call it a difference only where the interval leaves 0 out, however far the means are apart', () => {
    const wide = seedComparisons([...accuracies(1, [0.5, 0.6, 0.7]), ...accuracies(2, [0.9, 0.55, 0.75])], 100);
    expect(cellsOf(wide).at(-1)).to.equal('no difference shown');
  });

  it('take the seeds that both have; without two of them, or one setting, there is none', () => {
    const part = seedComparisons([...accuracies(1, [0.5, 0.6, 0.7]), ...accuracies(2, [0.52, 0.64])], 100);
    expect(cellsOf(part)[1]).to.equal('2');
    expect(seedComparisons([...accuracies(1, [0.5, 0.6]), ...accuracies(2, [0.7])], 100)).to.equal(null);
    expect(seedComparisons(accuracies(1, [0.5, 0.6]), 100)).to.equal(null);
  });

  it('compare accuracy, then loss, each where it varies', () => {
    const both = [1, 2].flatMap((rate) =>
      [1, 2].map((seed) => point(rate, seed, { finalAccuracy: 0.5 + seed / 10, finalLoss: rate + seed / 10 })),
    );
    const cells = cellsOf(seedComparisons(both, 100));
    expect([cells[2], cells[6], cells[9], cells[13]]).to.deep.equal([
      '0 %',
      'no difference shown',
      '1',
      'a difference',
    ]);
  });

  it('without an accuracy compare losses, for which a test set predicts no spread', () => {
    const losses = [1, 2].flatMap((rate) => [1, 2].map((seed) => point(rate, seed, { finalLoss: rate + seed / 10 })));
    const cells = cellsOf(seedComparisons(losses, 100));
    expect([cells[2], cells[5]]).to.deep.equal(['1', '–']);
  });
});
