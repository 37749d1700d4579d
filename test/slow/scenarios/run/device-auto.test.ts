import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Manifest } from '../../../../coordinator/run-directory/manifest.js';
import type { SessionEvent } from '../../../../coordinator/run-directory/session-log.js';
import type { ScenarioInput, SweepInput } from '../../../../protocol/scenario/input.js';
import { resolveSweep } from '../../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../../scenarios/run/catalogue.js';
import { loadScenario } from '../../../../scenarios/run/load.js';
import { replayRun, resumeRun, resumeSweep, runScenario, runSweep } from '../../../../scenarios/run/runtime.js';
import { devicePackages } from '../../../../worker/device/device.js';
import { resolved, temporaryFolder } from '../../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'auto',
  method: { name: 'fedavg', batchSize: 10 },
  objective: { name: 'mlp', hidden: [6] },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, partition: 'iid' },
  clients: 4,
  rounds: 4,
  checkpoints: { everyRounds: 1 },
  device: 'auto',
};

/** `rounds`: aborted after so many. */
function options(directory: string, rounds = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const notes: string[] = [];
  let done = 0;
  const watcher = {
    start: () => {},
    note: (text: string) => notes.push(text),
    round: () => {
      if (++done === rounds) controller.abort();
    },
  };
  return { directory, listen: null, signal: controller.signal, watcher, notes };
}

const deviceIn = (path: string) =>
  (JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as Manifest).devices![0]!;
const inFolder = (name: string) => join(temporaryFolder(), name);

describe('device auto', function () {
  this.timeout(240_000);

  it('measures what comes with gradswarm; the manifest says which was taken and why, when the run is resumed too', async () => {
    const path = inFolder('run');
    const stopped = options(path, 2);
    expect(await runScenario(await resolved(input), stopped).catch(String)).to.include('ERR_STOPPED');
    const { backend, device: why } = deviceIn(path);
    const measured = stopped.notes.filter((note) => / ms a gradient of 10 examples/.test(note));
    const names = measured.map((note) => note.split(':')[0]);
    expect(names).to.include.members(['wasm', 'simd', 'simd-relaxed']);
    expect(names).to.include(backend);
    expect(measured.filter((note) => note.includes(': chosen'))).to.have.length(1);
    for (const line of measured) expect(why).to.include(line);
    const resumed = options(path);
    const { stateDigest } = await resumeRun(path, resumed);
    expect(resumed.notes.join()).to.include(`${backend}: chosen, as asked`).and.not.include('ms a gradient');
    expect(deviceIn(path)).to.deep.include({ backend, device: why });
    expect(await loadScenario(path)).to.have.property('device', backend);
    const whole = await runScenario(await resolved({ ...input, device: backend }), options(inFolder('named')));
    expect(stateDigest).to.equal(whole.stateDigest);
    expect((await replayRun(path, options(inFolder('replayed')))).verdict.valid).to.equal(true);
  });

  it('of worker processes that the run starts is the choice of the run', async () => {
    const path = inFolder('workers');
    const { stateDigest } = await runScenario(await resolved({ ...input, workers: { count: 2 } }), options(path));
    const { backend } = deviceIn(path);
    const lines = readFileSync(join(path, 'session.jsonl'), 'utf8').trim().split('\n');
    const joined = lines.map((line) => JSON.parse(line) as SessionEvent).filter(({ event }) => event === 'joined');
    expect(joined.map((event) => (event as { device?: string }).device)).to.deep.equal([backend, backend]);
    const alone = await runScenario(await resolved({ ...input, device: backend }), options(inFolder('alone')));
    expect(stateDigest).to.equal(alone.stateDigest);
  });

  it('is chosen once for all points of a sweep, in processes of their own and after a stop', async () => {
    const sweepInput = { sweep: 'auto', base: input, over: { seed: [1, 2, 3] } } as unknown as SweepInput;
    const sweep = await resolveSweep(sweepInput, await loadCatalogue());
    const path = inFolder('sweep');
    expect(await runSweep(sweep, options(path, 2)).catch(String)).to.include('0 of 3 points are done');
    const file = JSON.parse(readFileSync(join(path, 'sweep.json'), 'utf8'));
    const [chosen] = Object.values(file.deviceChoices) as { name: string; why: string[] }[];
    expect(chosen!.why.join()).to.include(`${chosen!.name}: chosen (`);
    const { points } = await resumeSweep(path, { ...options(path), jobs: 2 });
    for (const { outcome } of points)
      expect(deviceIn(outcome.directory)).to.deep.include({ backend: chosen!.name, device: chosen!.why.join('; ') });
  });

  it('is accepted for an objective of plain loops, and says that there is nothing to choose', async () => {
    const path = inFolder('loops');
    const run = options(path);
    await runScenario(await resolved({ ...input, objective: 'softmax-regression' }), run);
    const nothing = "objective 'softmax-regression' has no device that auto could choose";
    expect(run.notes).to.include(nothing);
    expect(deviceIn(path)).to.deep.include({ backend: 'plain loops', device: `JavaScript typed arrays; ${nothing}` });
  });

  it('where none is named a run says on wasm that auto would measure, and measures nothing', async function () {
    const installed = devicePackages().filter(({ name }) => /^(blas|onednn|tfjs-node|webgpu)/.test(name));
    if (installed.some(({ versions }) => Object.values(versions).every((version) => version !== null))) this.skip();
    const path = inFolder('unnamed');
    const run = options(path);
    await runScenario(await resolved({ ...input, device: null }), run);
    expect(deviceIn(path).device).to.equal('wasm: chosen (SIMD); no device is named: auto takes the fastest');
    expect(run.notes.join()).to.not.include('ms a gradient');
  });
});
