import { expect } from 'chai';
import { labelAvailability } from '../../../protocol/faults/label-availability.js';
import { runInput } from '../../support/scripted-run.js';

describe('availability by labels, over sockets', () => {
  it('is by the labels of the run, alike over sockets, and data without classes are refused', async () => {
    const input = {
      name: 'labels',
      method: 'fedavg',
      data: {
        name: 'gaussian-clusters',
        examples: 200,
        testExamples: 20,
        partition: { name: 'label-count', labelsPerClient: 1 },
      },
      clients: 10,
      rounds: 4,
      faults: [labelAvailability({ byLabel: [1, 0] })],
    };
    const alone = await runInput(input);
    expect(alone.record.faultsFired[0]).to.be.above(0);
    const workers = await runInput({ ...input, workers: { count: 2 } });
    expect(workers.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    const without = runInput({ ...input, data: 'linear-regression', objective: 'linear-regression' });
    expect(await without.then(() => '', String)).to.match(/at least 2 classes for 'label-availability'/);
  }).timeout(120_000);
});
