import { execFileSync } from 'node:child_process';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'chai';
import { loadInstalled } from '../../../worker/device/candidate.js';
import { deviceNames, findAccelerators, openDevice, processDevice } from '../../../worker/device/device.js';

/** Packages that tests take for installed, beside those that are. */
function withPackages(packages: Record<string, () => Record<string, unknown>>) {
  return async (name: string) => {
    const make = packages[name];
    if (make) return make();
    if (/tfjs-node|webgpu|koffi/.test(name)) throw new Error(`absent (package ${name} is not installed)`);
    return loadInstalled(name);
  };
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
}

describe('worker/device/device', () => {
  it('has the bundled devices first, then those that need packages', () => {
    expect(deviceNames).to.deep.equal([
      'wasm',
      'cpu',
      'simd',
      'simd-relaxed',
      'blas',
      'onednn',
      'tfjs-node-gpu',
      'tfjs-node',
      'webgpu',
    ]);
  });

  it('without a name: wasm, deterministic, whatever is installed', async () => {
    const loaded = () => expect.fail('was loaded');
    const device = await openDevice(undefined, withPackages({ '@tensorflow/tfjs-node': loaded, webgpu: loaded }));
    expect(device.name).to.equal('wasm');
    expect(device.deterministic).to.equal(true);
    expect(device.why).to.deep.equal(['wasm: chosen (SIMD)']);
  });

  it('without a name and without wasm: cpu', async () => {
    const broken = () => {
      throw new Error('no memory');
    };
    const device = await openDevice(undefined, withPackages({ '@tensorflow/tfjs-backend-wasm': broken }));
    expect(device.why).to.deep.equal(['wasm: broken: no memory', 'cpu: chosen (plain JavaScript, slow)']);
  });

  it('without packages every accelerator is absent', async () => {
    const found = await findAccelerators('beside those that are installed', withPackages({}));
    expect(found.map(({ name }) => name)).to.deep.equal(['blas', 'onednn', 'tfjs-node-gpu', 'tfjs-node', 'webgpu']);
    for (const { problem } of found) expect(problem).to.match(/^absent \(.*not installed\)$/);
  });

  const problemsWith = async (packages: Record<string, () => Record<string, unknown>>) =>
    Object.fromEntries(
      (await findAccelerators('beside those that are installed', withPackages(packages))).map(({ name, problem }) => [
        name,
        problem,
      ]),
    );

  it('an installed package that fails to load is reported as broken', async () => {
    const broken = () => {
      throw new Error('libtensorflow.so.2: cannot open shared object file\n  at somewhere');
    };
    const problems = await problemsWith({ '@tensorflow/tfjs-node': broken });
    expect(problems['tfjs-node']).to.equal('broken: libtensorflow.so.2: cannot open shared object file');
  });

  it('an installed package that registers no backend is reported as broken', async () => {
    const problems = await problemsWith({ '@tensorflow/tfjs-node-gpu': () => ({}) });
    expect(problems['tfjs-node-gpu']).to.match(/^broken: .*tensorflow/);
  });

  it('webgpu without an adapter is absent, not broken', async () => {
    const webgpu = () => ({ create: () => ({ requestAdapter: async () => null }), globals: {} });
    expect((await problemsWith({ webgpu })).webgpu).to.match(/^absent .*no adapter/);
  });

  for (const info of [{ isFallbackAdapter: true, description: 'x' }, { description: 'SwiftShader Device (LLVM 10)' }])
    it(`webgpu with a software adapter alone (${JSON.stringify(info)}) is absent unless it is named, and leaves nothing behind`, async () => {
      const asked: object[] = [];
      const requestAdapter = async (options: object) => {
        asked.push(options);
        return { info };
      };
      const webgpu = () => ({ create: () => ({ requestAdapter }), globals: { GPULeftBehind: 1 } });
      expect((await problemsWith({ webgpu })).webgpu).to.match(
        /^absent \(only a software adapter: .*name the device webgpu/,
      );
      expect(globalThis).not.to.have.property('GPULeftBehind');
      expect(asked).to.deep.equal([{ powerPreference: 'high-performance' }]);
      // Named, it is taken as far as these packages go.
      const backend = () => {
        throw new Error('as far as this');
      };
      const packages = { webgpu, '@tensorflow/tfjs-backend-webgpu': backend };
      expect(await messageOf(openDevice('webgpu', withPackages(packages)))).to.match(/webgpu: broken: as far as this/);
      delete (globalThis as { GPULeftBehind?: number }).GPULeftBehind;
    });

  it('tfjs-node-gpu whose TensorFlow uses no GPU is absent, and refused where it is named; one that does is taken', async () => {
    // The plain backend stands in for TensorFlow's.
    const packages = (isUsingGpuDevice: boolean) => ({
      '@tensorflow/tfjs-node-gpu': () => {
        if (tf.findBackend('tensorflow') !== null) tf.removeBackend('tensorflow');
        const backend = Object.assign(new MathBackendCPU(), { isUsingGpuDevice });
        tf.registerBackend('tensorflow', () => backend as never, 3);
        return {};
      },
    });
    tf.copyRegisteredKernels('cpu', 'tensorflow');
    const onCpu = 'absent (package @tensorflow/tfjs-node-gpu is installed, but TensorFlow uses no GPU)';
    expect((await problemsWith(packages(false)))['tfjs-node-gpu']).to.equal(onCpu);
    expect(await messageOf(openDevice('tfjs-node-gpu', withPackages(packages(false))))).to.contain(
      `ERR_DEVICE: device: expected 'tfjs-node-gpu' to work; tfjs-node-gpu: ${onCpu}`,
    );
    expect((await problemsWith(packages(true)))['tfjs-node-gpu']).to.equal(null);
    expect((await openDevice('tfjs-node-gpu', withPackages(packages(true)))).why).to.deep.equal([
      'tfjs-node-gpu: chosen, as asked (package @tensorflow/tfjs-node-gpu, on a GPU)',
    ]);
    tf.removeBackend('tensorflow');
  });

  it('takes the device it is asked for and no other', async () => {
    const device = await openDevice('cpu');
    expect(device.name).to.equal('cpu');
    expect(device.why).to.deep.equal(['cpu: chosen, as asked (plain JavaScript, slow)']);
  });

  it('an unknown name is ERR_DEVICE with the names there are', async () => {
    expect(await messageOf(openDevice('cuda'))).to.match(
      /ERR_DEVICE: device: expected 'auto' or one of wasm, cpu, simd, simd-relaxed, blas, onednn, tfjs-node-gpu, tfjs-node, webgpu, got 'cuda'/,
    );
  });

  it('a named device that cannot be used is ERR_DEVICE with the reason', async () => {
    expect(await messageOf(openDevice('tfjs-node', withPackages({})))).to.match(
      /ERR_DEVICE: device: expected 'tfjs-node' to work; tfjs-node: absent \(package @tensorflow\/tfjs-node/,
    );
  });

  it('processDevice opens a device once, and again after a failure', async () => {
    expect(await messageOf(processDevice('cuda'))).to.match(/ERR_DEVICE/);
    const first = await processDevice('wasm');
    expect(await processDevice('wasm')).to.equal(first);
  });

  it('upload copies: the array may change afterwards, on cpu as on wasm', async () => {
    for (const name of ['cpu', 'wasm']) {
      const device = await openDevice(name);
      const values = Float32Array.of(1, 2, 3);
      const tensor = device.upload(values, [3]);
      values.fill(9);
      const read = new Float32Array(3);
      await device.read([tensor], read);
      tensor.dispose();
      expect([...read]).to.deep.equal([1, 2, 3]);
    }
  });

  it('prints nothing, and neither the catalogue nor plain loops load TensorFlow.js', () => {
    const objectives = new URL('../../../worker/objectives/objectives.js', import.meta.url).href;
    const synthetic = new URL('../../../scenarios/check/parts/synthetic-dataset.js', import.meta.url).href;
    const random = new URL('../../../protocol/numerics/random.js', import.meta.url).href;
    const catalogue = new URL('../../../scenarios/run/catalogue.js', import.meta.url).href;
    const program = `
      await (await import('${catalogue}')).loadCatalogue();
      const { createObjectiveFamily } = await import('${objectives}');
      const { syntheticDataset, indices } = await import('${synthetic}');
      const { rootStream } = await import('${random}');
      const dataset = syntheticDataset({ featureShape: [8, 8, 1], classCount: 3 });
      const make = (name, device) => createObjectiveFamily({ objective: { name }, dataset, clientCount: 1,
        precision: 'float32', rng: rootStream(1, 'float32'), device });
      const use = async (family) => family.shard(indices(8)).gradient(family.initialParams(rootStream(1, 'float32')), indices(4));
      await use(await make('softmax-regression'));
      const before = globalThis._tfGlobals === undefined;
      await use(await make('lenet', 'cpu'));
      process.stdout.write(JSON.stringify([before, globalThis._tfGlobals === undefined]));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(output).to.equal('[true,false]');
  });
});
