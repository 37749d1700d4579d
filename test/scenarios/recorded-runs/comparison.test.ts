import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { comparisonOf } from '../../../scenarios/recorded-runs/comparison.js';
import { comparisonPage } from '../../../scenarios/recorded-runs/comparison-page.js';
import { runInput } from '../../support/scripted-run.js';

const TEST_EXAMPLES = 200;
const input = (rate: number, seed: number): ScenarioInput => ({
  name: 'compared',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 10, clientLearningRate: rate },
  data: { name: 'gaussian-clusters', classes: 4, examples: 120, testExamples: TEST_EXAMPLES, noiseStddev: 2 },
  clients: 4,
  rounds: 4,
  seed,
});
const SEEDS = [1, 2, 3];

describe('compared runs at several seeds', () => {
  let paths: Record<number, string[]>;
  let accuracies: Record<number, number[]>;
  before(async () => {
    paths = {};
    accuracies = {};
    for (const rate of [0.0001, 0.1])
      for (const seed of SEEDS) {
        const { path, record } = await runInput(input(rate, seed));
        (paths[rate] ??= []).push(path);
        (accuracies[rate] ??= []).push(record.rows.at(-1)!.accuracy!);
      }
  });

  it('state seeds, the mean difference with its interval paired by seed, the spread, and that of the test set alone', async () => {
    // Given in any order.
    const { named, groups, ...comparison } = comparisonOf([...paths[0.0001]!, ...[...paths[0.1]!].reverse()]);
    const [found] = comparison.differences;
    const after = accuracies[0.1]!;
    const differences = after.map((accuracy, i) => accuracy - accuracies[0.0001]![i]!);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = (values: readonly number[]) =>
      Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / 2);
    // The t of two degrees of freedom for 95 %: 4.302653.
    const half = (4.302653 * deviation(differences)) / Math.sqrt(3);
    expect(found!.figure).to.equal('finalAccuracy');
    expect([found!.against, found!.settings]).to.deep.equal([
      { 'method.clientLearningRate': '0.0001' },
      { 'method.clientLearningRate': '0.1' },
    ]);
    expect(found!.seeds).to.equal(3);
    expect(found!.meanDifference).to.be.closeTo(mean(differences), 1e-12);
    expect(found!.interval.low).to.be.closeTo(mean(differences) - half, 1e-6);
    expect(found!.interval.high).to.be.closeTo(mean(differences) + half, 1e-6);
    expect(found!.spread).to.be.closeTo(deviation(after), 1e-12);
    expect(found!.testSetSpread).to.be.closeTo(Math.sqrt((1 - mean(after)) / (2 * TEST_EXAMPLES)), 1e-12);
    expect(found!.isDifference).to.equal(found!.interval.low > 0 || found!.interval.high < 0);

    expect(groups.map(({ name, runs }) => [name, runs.length])).to.deep.equal([
      ['clientLearningRate=0.0001', 3],
      ['clientLearningRate=0.1', 3],
    ]);
    const page = await comparisonPage(comparison, { named, groups });
    expect(page).to.include('paired by seed').and.include('spread of the test set alone');
    for (const by of ['round', 'bytes sent in all directions', 'simulated time'])
      expect(page).to.include(
        `Held-out accuracy by ${by}: mean over 3 seeds, in the band from the lowest to the highest.`,
      );
  });

  it('at one seed each, or a seed twice, are curves alone and called nothing', () => {
    const one = comparisonOf([paths[0.0001]![0]!, paths[0.1]![0]!]);
    expect([one.differences, one.groups]).to.deep.equal([[], []]);
    const twice = comparisonOf([paths[0.1]![0]!, paths[0.1]![0]!]);
    expect([twice.differences, twice.groups]).to.deep.equal([[], []]);
  });
});
