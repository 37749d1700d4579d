import { expect } from 'chai';
import type { SpecInput } from '../../../protocol/scenario/input.js';
import { medianOf, repeated, rowOf } from '../../../scenarios/bench/benchmark.js';
import { runBenchmarks } from '../../../scenarios/bench/benchmarks.js';
import { fitGrowth } from '../../../scenarios/bench/growth.js';
import { GROWTH_SUBJECTS } from '../../../scenarios/bench/growth-subjects.js';
import { ObjectiveAlone } from '../../../scenarios/bench/objective-alone.js';
import { prepareRun, requireEqualBits, timedRun } from '../../../scenarios/bench/timed-run.js';

const { signal } = new AbortController();
const note = () => {};

/** Uneven shards (67 examples of 7 clients), so that a last batch is smaller and weights differ. */
function small(method: SpecInput) {
  return prepareRun({
    name: 'small',
    method,
    objective: 'softmax-regression',
    data: { name: 'gaussian-clusters', features: 6, classes: 3, examples: 67, testExamples: 5 },
    clients: 7,
    rounds: 4,
    seed: 3,
    participation: { cohort: 5 },
  });
}

describe('benchmarks', () => {
  it('the objective alone under federated averaging ends with the bits of the run', async () => {
    const run = await small({ name: 'fedavg', localEpochs: 1, batchSize: 4, clientLearningRate: 0.3 });
    const { result, roundMs } = await timedRun(run, signal);
    const bare = new ObjectiveAlone(run).federatedAveraging();
    expect(bare.some((value) => value !== 0)).to.equal(true);
    expect(roundMs).to.have.lengthOf(4);
    requireEqualBits('small', result.estimates[0]!, bare);
  });

  it('the objective alone under synchronous SGD ends with the bits of the run', async () => {
    const run = await small({ name: 'sgd', batchSize: 4 });
    const { result } = await timedRun(run, signal);
    requireEqualBits('small', result.estimates[0]!, new ObjectiveAlone(run).synchronousSgd());
  });

  it('unequal bits are refused: a comparison of unequal work would mean nothing', () => {
    expect(() => requireEqualBits('x', Float32Array.of(1, 0), Float32Array.of(1, -0))).to.throw(
      'differ at parameter 1',
    );
    expect(() => requireEqualBits('x', Float32Array.of(1), Float32Array.of(1, 2))).to.throw('differ');
  });

  it('the median of an even count is the mean of the middle two; an aim is held against the median', () => {
    expect(medianOf([9, 1, 4, 2])).to.equal(3);
    const row = rowOf('a', 'x objective alone', [1.1, 1.4, 1.2], { aim: { atMost: 1.2 } });
    expect(row).to.include({ median: 1.2, least: 1.1, withinAim: true });
    expect(rowOf('a', 'x raw TCP', [0.5, 0.7], { aim: { atLeast: 0.61 } }).withinAim).to.equal(false);
    expect(rowOf('a', 's', [1]).withinAim).to.equal(null);
  });

  it('repeats end with the count, and after one when the time is up', async () => {
    const counted = (budgetMs: number) =>
      repeated({ repeats: 3, signal, plots: null, note }, budgetMs, (repeat) => repeat);
    expect(await counted(60_000)).to.deep.equal([0, 1, 2]);
    expect(await counted(-1)).to.deep.equal([0]);
  });

  it('the fitted exponent of a x^b is b, and of a quadratic share among linear ones it is above 1', () => {
    const x = [1, 2, 4, 8];
    for (const b of [0, 0.5, 1, 2])
      for (const [figure, value] of Object.entries(
        fitGrowth(
          x,
          x.map((value) => 7 * value ** b),
        ),
      ))
        expect(value, figure).to.be.closeTo(figure === 'standardError' ? 0 : b, 1e-12);
    const bent = fitGrowth(
      x,
      x.map((value) => value + 0.1 * value * value),
    );
    expect(bent.exponent).to.be.greaterThan(1.15);
    expect(bent.lastStep).to.be.greaterThan(bent.exponent + 2 * bent.standardError);
    // Logarithms 0, 1, 1, 2 over 0, 1, 2, 3 in base 2: b = 0.6, residuals -0.1, 0.3, -0.3, 0.1.
    const steps = fitGrowth(x, [1, 2, 2, 4]);
    expect(steps.exponent).to.be.closeTo(0.6, 1e-12);
    expect(steps.standardError).to.be.closeTo(Math.sqrt(0.2 / 2 / 5), 1e-12);
    expect(steps.lastStep).to.be.closeTo(1, 1e-12);
  });

  it('every growth subject varies with its size, and its least run opens (that of clients, of 125,000, is left to the benchmark)', async () => {
    for (const { quantity, sizes, scenario } of GROWTH_SUBJECTS) {
      const [small, large] = [scenario(sizes[0]!), scenario(sizes.at(-1)!)].map((each) => JSON.stringify(each));
      expect(small, quantity).not.to.equal(large);
      if (quantity !== 'clients') await prepareRun(scenario(sizes[0]!));
    }
  });

  it('a name that there is not is refused with ERR_USAGE, the names and the nearest one', async () => {
    let message = '';
    await runBenchmarks(['overhed'], { repeats: 1, signal, plots: null, note }).catch(
      (error: Error) => (message = error.message),
    );
    expect(message).to.match(
      /^ERR_USAGE: bench: expected simulation, overhead, .* got 'overhed'; nearest is 'overhead'$/,
    );
  });
});
