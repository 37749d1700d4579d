import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { withInitial } from '../../../../scenarios/run/initial.js';
import { replayRun } from '../../../../scenarios/run/runtime.js';
import { decodeNpz } from '../../../../worker/arrays/npz.js';
import { runInput, temporaryFolder } from '../../../support/scripted-run.js';

const layers = [{ name: 'dense', units: 32 }, 'relu', { name: 'dropout', rate: 0.2 }, 'dense'];
const input: ScenarioInput = {
  name: 'adapters',
  method: { name: 'fedavg', batchSize: 10, clientLearningRate: 0.2 },
  objective: { name: 'layers', layers },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, partition: 'iid' },
  clients: 4,
  rounds: 4,
  seed: 3,
  saveModel: ['npz'],
};
const lora = { name: 'layers', layers, lora: { modules: ['dense1'], rank: 2 } };

const modelOf = (path: string) => decodeNpz(readFileSync(join(path, 'model.npz')), 'model');

describe('a model that is trained in part', function () {
  this.timeout(120_000);

  it('begins with all of a saved model, sends its adapters alone, and ends in a file of all of it', async () => {
    const whole = await runInput(input);
    const adapted = await runInput(withInitial({ ...input, objective: lora, initial: './model.npz' }, whole.path));
    // 20 x 2 + 2 x 32 numbers instead of 20 x 32 + 32 + 32 x 10 + 10.
    const [all, part] = [whole, adapted].map(({ record }) => record.rows[0]!.bytesUp / 4) as [number, number];
    expect(all).to.be.within(4 * 1002, 4 * 1002 + 100);
    expect(part).to.be.within(4 * 104, 4 * 104 + 100);
    const [before, after] = [modelOf(whole.path), modelOf(adapted.path)];
    expect([...after.keys()]).to.have.members([...before.keys(), 'dense1/weights/lora-a', 'dense1/weights/lora-b']);
    for (const [name, { values }] of before) expect(after.get(name)!.values, name).to.deep.equal(values);
    expect(adapted.record.summary.finalLoss).to.be.below(Number(whole.record.summary.finalLoss));

    // Steps of next to nothing: the loss of the first row is that of what the run begins with.
    const still = { ...input, method: { name: 'fedavg', batchSize: 10, clientLearningRate: 1e-7 } };
    const again = await runInput(withInitial({ ...still, objective: lora, initial: './model.npz' }, adapted.path));
    expect(again.record.rows[0]!.loss).to.be.closeTo(Number(adapted.record.summary.finalLoss), 1e-5);
  });

  it('has equal bits in one process and in workers, with dropout, and replayed', async () => {
    const alone = await runInput({ ...input, objective: lora });
    const workers = await runInput({ ...input, objective: lora, workers: { count: 2 } });
    expect(workers.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    const options = { directory: join(temporaryFolder(), 'again'), listen: null, signal: new AbortController().signal };
    expect((await replayRun(workers.path, options)).verdict.valid).to.equal(true);
  });
});
