import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../../coordinator/run-directory/metrics.js';
import { partialWork } from '../../../../protocol/methods/parts/local-share.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { runInput } from '../../../support/scripted-run.js';

describe('partial local work', () => {
  const steps = Array.from({ length: 20 }, (_, i) => i);

  it('makes the first steps, a uniform share of [least, 1]: of 20 from 0.2 on 5 to 20, 12.5 on average', () => {
    const made = Array.from({ length: 2000 }, (_, i) => partialWork(steps, rootStream(1, 'float64').derive(i), 0.2));
    const counts = made.map(({ length }) => length);
    expect(made[0]).to.deep.equal(steps.slice(0, counts[0]));
    expect([Math.min(...counts), Math.max(...counts)]).to.deep.equal([5, 20]);
    // ceil of U(4, 20): mean 12.5, variance (16^2 - 1) / 12; 5 sigma of 2000 draws.
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).to.be.closeTo(12.5, 5 * Math.sqrt(255 / 12 / 2000));
    expect(partialWork(steps.slice(0, 1), rootStream(1, 'float64'), 0.01)).to.deep.equal([0]);
  });

  it('of FedNova is in its effective steps, and of FedProx in the simulated time', async () => {
    const run = async (method: { name: string; [setting: string]: number | string }) => {
      const result = await runInput({
        name: 'partial',
        method: { localEpochs: 4, batchSize: 10, ...method },
        data: { name: 'gaussian-clusters', examples: 200, testExamples: 20 },
        clients: 4,
        rounds: 5,
        devices: [{ clients: 'all', msPerExample: 1 }],
      });
      return readMetrics(join(result.path, 'metrics.csv'));
    };
    const [nova, prox, whole] = [
      await run({ name: 'fednova', leastLocalShare: 0.2 }),
      await run({ name: 'fedavg', proximal: 0.1, leastLocalShare: 0.2 }),
      await run({ name: 'fedavg', proximal: 0.1 }),
    ];
    const effective = nova.map(({ extra }) => extra.effectiveSteps!);
    expect(Math.min(...effective)).to.be.within(5, 19);
    expect(new Set(effective).size).to.be.above(1);
    expect(prox.at(-1)!.simulatedMs).to.be.below(whole.at(-1)!.simulatedMs);
  }).timeout(60_000);
});
