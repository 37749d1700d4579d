import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ratio } from '../../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../../protocol/scenario/input.js';
import { judge } from '../../../protocol/scenario/judge.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadExpectations } from '../../../scenarios/run/catalogue.js';
import { onRecordedDevice, recordedRuns } from '../../../scenarios/run/recorded.js';
import { loadCatalogue, runScenario, runSweep } from '../../../scenarios/run/runtime.js';

const small = sweep('recorded', {
  description: 'two methods at two seeds',
  base: { method: 'dgd', objective: 'quadratic', data: 'none', clients: 4, rounds: 3, topology: 'ring' },
  over: { 'method.name': ['dgd', 'extra'], seed: [1, 2] },
  expect: [
    ratio({ of: 'finalLoss', numerator: { 'method.name': 'extra' }, denominator: { 'method.name': 'dgd' }, most: 9 }),
  ],
});

describe('recorded runs', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-recorded-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const options = (directory: string) => ({ directory, listen: null, signal: new AbortController().signal });

  it('of a sweep are judged from the files as they were judged at its end', async () => {
    const directory = join(folder, 'sweep');
    const resolved = await resolveSweep(small, await loadCatalogue());
    const { verdict, points } = await runSweep(resolved, options(directory));
    const records = recordedRuns(directory);
    expect(records.map(({ point }) => point)).to.deep.equal(resolved.points.map(({ values }) => values));
    const expectations = await loadExpectations();
    const again = judge(records, resolved.expect, (name) => expectations.get(name));
    expect(again).to.deep.equal(verdict);
    for (const [index, { outcome }] of points.entries()) {
      const { scenario, summary, stateDigest } = records[index]!;
      expect(stateDigest).to.equal(outcome.stateDigest);
      expect(summary).to.deep.equal(outcome.summary);
      expect(judge([records[index]!], scenario.expect, (name) => expectations.get(name))).to.deep.equal(
        outcome.verdict,
      );
    }
  });

  it('of one run are one record', async () => {
    const directory = join(folder, 'run');
    const { points } = await resolveSweep(small, await loadCatalogue());
    await runScenario(points[0]!.scenario, options(directory));
    expect(recordedRuns(directory)).to.have.length(1);
  });

  it('leave the choice of the device to no second process: it is the one that computed the run', () => {
    const recorded = (device: string | null, backend?: string) => {
      const path = mkdtempSync(join(folder, 'device-'));
      const manifest = { format: 1, runId: 'r', scenarioName: 's', startedAt: '', resumedAt: [], finishedAt: null };
      const devices = backend === undefined ? {} : { devices: [{ backend }] };
      const rest = { roundsDone: null, lostClients: [], stateDigest: null, ...devices };
      writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...manifest, ...rest }));
      return onRecordedDevice(device === null ? {} : { device }, path);
    };
    expect(recorded('auto', 'tfjs-node')).to.deep.equal({ device: 'tfjs-node' });
    expect(recorded(null, 'wasm')).to.deep.equal({ device: 'wasm' });
    expect(recorded('cpu', 'wasm')).to.deep.equal({ device: 'cpu' });
    expect(recorded('auto', 'plain loops')).to.deep.equal({ device: 'auto' });
    expect(recorded('auto')).to.deep.equal({ device: 'auto' });
  });

  it('need a run that ended', () => {
    expect(() => recordedRuns(folder)).to.throw('expected the folder of a finished run, got one without figures.json');
  });
});
