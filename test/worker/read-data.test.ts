import { expect } from 'chai';
import fedavg from '../../protocol/methods/federated/fedavg.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { openProblem } from '../../worker/problem.js';
import { readOnce } from '../../worker/read-data.js';

const scenario = (more: Partial<ScenarioInput> = {}, data = {}) =>
  resolveTiny(fedavg, {
    method: { name: 'fedavg', clientLearningRate: 0.1, batchSize: 10 },
    objective: 'softmax-regression' as never,
    data: { name: 'gaussian-clusters', classes: 3, features: 4, examples: 60, testExamples: 20, ...data } as never,
    clients: 3,
    rounds: 1,
    ...more,
  });

describe('worker/read-data', () => {
  it('equal data are read once; other settings, another seed and another precision give other data', async () => {
    const read = readOnce();
    const open = async (...of: Parameters<typeof scenario>) =>
      (await openProblem(await scenario(...of), null, undefined, read)).dataset;
    const first = await open();
    expect(await open({ rounds: 2 }, { partition: 'iid' })).to.equal(first);
    expect(await open({}, { separation: 5 })).not.to.equal(first);
    expect(await open({ seed: 2 })).not.to.equal(first);
    expect(await open({ precision: 'float64' })).not.to.equal(first);
  });

  it('fingerprints are those of data that are read again, for each partition', async () => {
    const read = readOnce();
    for (const partition of ['iid', { name: 'dirichlet', alpha: 1 }]) {
      const asked = await scenario({}, { partition });
      const { fingerprint } = await openProblem(asked, null, undefined, read);
      expect(fingerprint).to.deep.equal((await openProblem(asked)).fingerprint);
    }
  });
});
