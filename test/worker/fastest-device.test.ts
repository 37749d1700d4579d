import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { rootStream } from '../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../scenarios/check/parts/synthetic-dataset.js';
import { deviceNames, type FoundAccelerator } from '../../worker/device/device.js';
import { chosenOf, familyOnFastest } from '../../worker/fastest-device.js';
import { createObjectiveFamily, objectives } from '../../worker/objectives/objectives.js';

const dataset = syntheticDataset({ featureShape: [8, 8, 1], classCount: 3 });

/** `hidden` makes each test's objective another: a choice is kept for the process. */
function request(name: string, hidden?: number, device?: string) {
  const objective = { name, ...(hidden && { hidden: [hidden] }) };
  const rng = rootStream(1, 'float32');
  return { objective, dataset, clientCount: 1, precision: 'float32' as const, rng, device };
}

/** The plain device stands in for accelerators: `speed` times as fast as wasm by the clock that is given. */
function measuring(found: readonly FoundAccelerator[], speed = 1) {
  let [calls, ms, searched] = [0, 0, 0];
  // Two readings before the first timing, two for each of a device, and the end of it.
  const now = () => {
    calls += 1;
    if (calls % 4 === 3) ms += calls > 4 ? 60 / speed : 60;
    else if (calls % 4 === 0) ms += 100;
    return ms;
  };
  return {
    now,
    find: async () => {
      searched += 1;
      return found;
    },
    searched: () => searched,
  };
}

describe('worker/fastest-device', () => {
  it('takes the fastest device whose gradient is right, if it is 1.5 times as fast as wasm', () => {
    const wasm = { name: 'wasm', ms: 3, difference: 1e-7 };
    const choice = (...trials: { name: string; ms: number; difference: number }[]) =>
      chosenOf([wasm, ...trials], 32).name;
    expect(choice()).to.equal('wasm');
    expect(choice({ name: 'tfjs-node', ms: 2.1, difference: 1e-7 })).to.equal('wasm');
    expect(choice({ name: 'tfjs-node', ms: 2, difference: 1e-7 })).to.equal('tfjs-node');
    expect(
      choice({ name: 'tfjs-node', ms: 2, difference: 1e-7 }, { name: 'webgpu', ms: 1, difference: 1e-6 }),
    ).to.equal('webgpu');
    expect(
      choice({ name: 'tfjs-node', ms: 2, difference: 1e-7 }, { name: 'webgpu', ms: 1, difference: 2e-4 }),
    ).to.equal('tfjs-node');
    expect(choice({ name: 'webgpu', ms: 1, difference: Number.POSITIVE_INFINITY })).to.equal('wasm');
  });

  it('says of each device what was measured, and which is chosen', () => {
    const { lines } = chosenOf(
      [
        { name: 'wasm', ms: 3, difference: 1e-7 },
        { name: 'tfjs-node', ms: 1.25, difference: 2e-7 },
        { name: 'webgpu', ms: 0.5, difference: 0.125 },
      ],
      32,
    );
    expect(lines).to.deep.equal([
      'wasm: not chosen (3.00 ms a gradient of 32 examples, 1.0e-7 from plain JavaScript)',
      'tfjs-node: chosen (1.25 ms a gradient of 32 examples, 2.4 times as fast as wasm, 2.0e-7 from plain JavaScript)',
      'webgpu: wrong: its gradient differs from that of plain JavaScript by 0.13 of the largest entry, expected at most 0.0001',
    ]);
  });

  it('without an accelerator: wasm, unmeasured, with one that is broken named', async () => {
    const found = [
      { name: 'tfjs-node', problem: 'absent (package @tensorflow/tfjs-node is not installed)' },
      { name: 'webgpu', problem: 'broken: no adapter' },
    ];
    const { device } = await familyOnFastest(request('mlp', 3), indices(8), measuring(found));
    expect(device!.name).to.equal('wasm');
    expect(device!.why).to.deep.equal(['webgpu: broken: no adapter', 'wasm: chosen (SIMD)']);
  });

  for (const [speed, name] of [
    [1.4, 'wasm'],
    [2, 'cpu'],
  ] as const)
    it(`measures gradients of the objective: at ${speed} times the speed of wasm, ${name}`, async () => {
      const measured = measuring([{ name: 'cpu', problem: null }], speed);
      const { device } = await familyOnFastest(request('mlp', 10 * speed), indices(8), measured);
      expect(device!.name).to.equal(name);
      expect(device!.why).to.have.length(2);
      for (const line of device!.why) expect(line).to.match(/^(wasm|cpu): .*ms a gradient of 8 examples/);
    });

  it('chooses once for an objective in a process, and measures nothing for a named device or plain loops', async () => {
    const measured = measuring([{ name: 'cpu', problem: null }], 3);
    const first = await familyOnFastest(request('mlp', 5), indices(8), measured);
    const second = await familyOnFastest(request('mlp', 5), indices(4), measured);
    expect(second.device).to.deep.equal(first.device);
    expect(measured.searched()).to.equal(1);
    expect((await familyOnFastest(request('mlp', 5, 'wasm'), indices(8), measured)).device!.name).to.equal('wasm');
    expect((await familyOnFastest(request('softmax-regression'), indices(8), measured)).device).to.equal(undefined);
    expect(measured.searched()).to.equal(1);
  });

  it('a device named for an objective of plain loops is refused', async () => {
    const refused = await createObjectiveFamily(request('softmax-regression', undefined, 'wasm')).catch(String);
    expect(refused).to.equal(
      "GradswarmError: ERR_DEVICE: device: expected 'auto' with objective 'softmax-regression', which has no device but its plain loops, got 'wasm'",
    );
  });

  it('every objective without a device refuses every device that is named', async () => {
    const data = [
      dataset,
      syntheticDataset({ featureShape: [5], classCount: 2 }),
      syntheticDataset({ featureShape: [8], classCount: 0 }),
      syntheticDataset({ featureShape: [3], classCount: 11, vocabulary: 11 }),
    ];
    const refusing: string[] = [];
    await objectives.loadAll(
      ['plain', 'log-posterior', 'tensorflow'].flatMap((folder) =>
        readdirSync(new URL(`../../worker/objectives/${folder}/`, import.meta.url))
          .filter((file) => file.endsWith('.js'))
          .map((file) => file.slice(0, -'.js'.length)),
      ),
    );
    for (const name of objectives.names()) {
      const requests = data.map((one) => ({ ...request(name), dataset: one }));
      for (const fitting of requests) {
        const family = await createObjectiveFamily(fitting).catch(() => null);
        if (family === null) continue;
        if (family.device) break;
        for (const device of deviceNames) {
          const refused = await createObjectiveFamily({ ...fitting, device }).catch((error) => error);
          expect(refused, `${name} on ${device}`).to.have.property('code', 'ERR_DEVICE');
        }
        refusing.push(name);
        break;
      }
    }
    expect(refusing).to.include.members([
      'bayesian-logistic-regression',
      'bayesian-network',
      'character-model',
      'gaussian-mean',
      'linear-regression',
      'logistic-regression',
      'metric-learning',
      'quadratic',
      'small-network',
      'softmax-regression',
    ]);
  });
});
