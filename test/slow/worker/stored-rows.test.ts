import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { encodeNpy } from '../../../worker/arrays/npy.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

/** A folder of .npy files a client, more than 1 MiB in all. */
function clientFolders(): string {
  const path = temporaryFolder();
  for (let client = 0; client < 6; client++) {
    const x = Float32Array.from({ length: 80 * 600 }, (_, i) => Math.sin(i + 7 * client));
    const y = Float32Array.from({ length: 80 }, (_, i) => (i + client) % 3);
    mkdirSync(join(path, `client-${client}`));
    writeFileSync(join(path, `client-${client}`, 'x_train.npy'), encodeNpy({ shape: [80, 600], values: x }));
    writeFileSync(join(path, `client-${client}`, 'y_train.npy'), encodeNpy({ shape: [80], values: y }));
  }
  return path;
}

describe('a run whose clients read their features from files', () => {
  const path = clientFolders();
  const input = (memoryMiB: number): ScenarioInput =>
    ({
      name: 'stored',
      method: { name: 'scaffold', batchSize: 8 },
      objective: 'softmax-regression',
      data: { name: 'numpy', path, memoryMiB, partition: 'by-group' },
      clients: 6,
      rounds: 4,
      evaluation: { train: true, perClient: { heldOut: 0.2 } },
    }) as ScenarioInput;
  const digest = async (scenario: ScenarioInput): Promise<unknown> => {
    const { path: run } = await runInput(scenario);
    return JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8')).stateDigest;
  };

  it('has the digest of one with all of them in memory', async () => {
    const expected = await digest(input(512));
    expect(expected).to.match(/^[\da-f]{64}$/);
    expect(await digest(input(1))).to.equal(expected);
  });
});
