import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { rootStream } from '../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../scenarios/check/parts/synthetic-dataset.js';
import { type BundledDevices, deviceNames, type FoundAccelerator } from '../../worker/device/device.js';
import { chosenOf, DeviceChoices } from '../../worker/fastest-device.js';
import { createObjectiveFamily, objectives } from '../../worker/objectives/objectives.js';

const dataset = syntheticDataset({ featureShape: [8, 8, 1], classCount: 3 });

function request(name: string, hidden?: number, device?: string) {
  const objective = { name, ...(hidden && { hidden: [hidden] }) };
  const rng = rootStream(1, 'float32');
  return { objective, dataset, clientCount: 1, precision: 'float32' as const, rng, device };
}

/** The plain device stands in for accelerators: `speed` times as fast as wasm by the clock that is given. */
function measuring(found: readonly FoundAccelerator[], speed = 1) {
  let [calls, ms] = [0, 0];
  const searches: BundledDevices[] = [];
  // Two readings before the first timing, two for each of a device, and the end of it.
  const now = () => {
    calls += 1;
    if (calls % 4 === 3) ms += calls > 4 ? 60 / speed : 60;
    else if (calls % 4 === 0) ms += 100;
    return ms;
  };
  return {
    now,
    find: async (bundled: BundledDevices) => {
      searches.push(bundled);
      return found;
    },
    searches,
  };
}

const unnamed = (choices: DeviceChoices) => choices.maker(null, false)!;
const auto = (choices: DeviceChoices) => choices.maker('auto', false)!;

describe('worker/fastest-device', () => {
  const wasm = { name: 'wasm', ms: 3, difference: 1e-7 };
  const choice = (factor: number, ...trials: { name: string; ms: number; difference: number }[]) =>
    chosenOf([wasm, ...trials], 32, factor).name;

  it('takes the fastest device whose gradient is right, if it is so many times as fast as wasm', () => {
    const [native, gpu] = [
      { name: 'tfjs-node', ms: 2, difference: 1e-7 },
      { name: 'webgpu', ms: 1, difference: 1e-6 },
    ];
    expect(choice(1.5)).to.equal('wasm');
    expect(choice(1.5, { ...native, ms: 2.1 })).to.equal('wasm');
    expect(choice(1.5, native)).to.equal('tfjs-node');
    expect(choice(1.5, native, gpu)).to.equal('webgpu');
    expect(choice(1.5, native, { ...gpu, difference: 2e-4 })).to.equal('tfjs-node');
    expect(choice(1.5, { ...gpu, difference: Number.POSITIVE_INFINITY })).to.equal('wasm');
  });

  it('asked for, takes the fastest whose gradient is right, however little it is faster', () => {
    const simd = { name: 'simd', ms: 2.99, difference: 1e-7 };
    expect(choice(1, simd)).to.equal('simd');
    expect(choice(1, simd, { ...simd, name: 'simd-relaxed', ms: 2.98 })).to.equal('simd-relaxed');
    expect(choice(1, { ...simd, ms: 3.01 })).to.equal('wasm');
    expect(choice(1, { ...simd, difference: 2e-4 })).to.equal('wasm');
    expect(chosenOf([{ ...wasm, difference: 1 }, simd], 32, 1).name).to.equal('simd');
  });

  it('says of each device what was measured, and which is chosen', () => {
    const { lines } = chosenOf(
      [
        { name: 'wasm', ms: 3, difference: 1e-7 },
        { name: 'tfjs-node', ms: 1.25, difference: 2e-7 },
        { name: 'webgpu', ms: 0.5, difference: 0.125 },
      ],
      32,
      1,
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
    const choices = new DeviceChoices(measuring(found));
    const { device } = await unnamed(choices)(request('mlp', 3), indices(8));
    expect(device!.name).to.equal('wasm');
    expect(device!.why).to.deep.equal([
      'webgpu: broken: no adapter',
      'wasm: chosen (SIMD); no device is named: auto takes the fastest',
    ]);
    expect(choices.measured).to.deep.equal({});
  });

  for (const [speed, named, name] of [
    [1.4, null, 'wasm'],
    [2, null, 'cpu'],
    [1.4, 'auto', 'cpu'],
    [0.9, 'auto', 'wasm'],
  ] as const)
    it(`measures gradients of the objective: at ${speed} times the speed of wasm, ${name}${named ? ' of auto' : ''}`, async () => {
      const measured = measuring([{ name: 'cpu', problem: null }], speed);
      const { device } = await new DeviceChoices(measured).maker(named, false)!(request('mlp', 4), indices(8));
      expect(device!.name).to.equal(name);
      expect(device!.why).to.have.length(2);
      for (const line of device!.why) expect(line).to.match(/^(wasm|cpu): .*ms a gradient of 8 examples/);
    });

  it('auto measures what comes with gradswarm too; no name does so beside what was installed', async () => {
    const measured = measuring([]);
    const choices = new DeviceChoices(measured);
    const { device } = await auto(choices)(request('mlp', 4), indices(8));
    await unnamed(choices)(request('mlp', 4), indices(8));
    expect(measured.searches).to.deep.equal(['always', 'beside those that are installed']);
    expect(device!.why).to.have.length(1);
    expect(device!.why[0]).to.match(/^wasm: chosen \(.* ms a gradient of 8 examples, .* from plain JavaScript\)$/);
  });

  it('auto for clients on other machines measures wasm and simd alone, whose bits are equal everywhere', async () => {
    const measured = measuring([{ name: 'cpu', problem: null }], 3);
    const choices = new DeviceChoices(measured);
    const { device } = await choices.maker('auto', true)!(request('mlp', 4), indices(8));
    expect(measured.searches).to.deep.equal([]);
    expect(device!.why.map((line) => line.split(':')[0])).to.deep.equal(['wasm', 'simd']);
    expect(device!.name).to.equal('simd');
  });

  it('without an example there is nothing to measure', async () => {
    const { device } = await auto(new DeviceChoices(measuring([])))(request('mlp', 4), indices(0));
    expect(device!.why).to.deep.equal(['wasm: chosen (SIMD); no client has an example to measure']);
  });

  it('chooses once for an objective, in several processes too', async () => {
    const [measured, elsewhere] = [1, 2].map(() => measuring([{ name: 'cpu', problem: null }], 3)) as [
      ReturnType<typeof measuring>,
      ReturnType<typeof measuring>,
    ];
    const choices = new DeviceChoices(measured);
    const first = await auto(choices)(request('mlp', 5), indices(8));
    const second = await auto(choices)(request('mlp', 5), indices(4));
    expect(first.device!.name).to.equal('cpu');
    expect(second.device).to.deep.equal(first.device);
    expect(measured.searches).to.have.length(1);
    const other = new DeviceChoices(elsewhere);
    other.recall(JSON.parse(JSON.stringify(choices.measured)));
    expect((await auto(other)(request('mlp', 5), indices(8))).device).to.deep.equal(first.device);
    expect(elsewhere.searches).to.have.length(0);
  });

  it('measures nothing for a named device, for workers that name their own, or for plain loops', async () => {
    const measured = measuring([{ name: 'cpu', problem: null }], 3);
    const choices = new DeviceChoices(measured);
    expect(choices.maker('wasm', false)).to.equal(undefined);
    expect(choices.maker('wasm', true)).to.equal(undefined);
    expect(choices.maker(null, true)).to.equal(undefined);
    for (const make of [auto(choices), unnamed(choices)])
      expect((await make(request('softmax-regression'), indices(8))).device).to.equal(undefined);
    expect(measured.searches).to.deep.equal([]);
  });

  it('a device named for an objective of plain loops is refused', async () => {
    const refused = await createObjectiveFamily(request('softmax-regression', undefined, 'wasm')).catch(String);
    expect(refused).to.equal(
      "GradswarmError: ERR_DEVICE: device: expected none or 'auto' with objective 'softmax-regression', which has no device but its plain loops, got 'wasm'",
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
