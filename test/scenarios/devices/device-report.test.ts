import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { devicesText } from '../../../scenarios/commands/devices.js';
import { type DeviceReport, reportDevices } from '../../../scenarios/devices/device-report.js';
import { LAYER_PROBES } from '../../../scenarios/devices/layer-probes.js';
import { deviceNames } from '../../../worker/device/device.js';
import { layers } from '../../../worker/objectives/layers/parts/layer.js';

describe('gradswarm devices', function () {
  this.timeout(120_000);

  it('checks every type of layer', () => {
    expect(LAYER_PROBES.map(({ layer }) => layer)).to.deep.equal([...layers.names()].sort());
    for (const { layer, layers: list } of LAYER_PROBES) expect(JSON.stringify(list)).to.include(`"${layer}"`);
  });

  it('reports wasm and cpu as right and deterministic, and of the others why they are missing and what installs them', async () => {
    const reports = await reportDevices(() => {});
    expect(reports.map(({ name }) => name)).to.deep.equal(deviceNames);
    for (const name of ['wasm', 'cpu']) {
      const { problem, layers: checks, gflops, versions } = reports.find((report) => report.name === name)!;
      expect(problem).to.equal(null);
      expect(checks).to.have.length(LAYER_PROBES.length);
      for (const { layer, right, deterministic } of checks)
        expect([layer, right, deterministic]).to.deep.equal([layer, true, true]);
      expect(gflops).to.be.greaterThan(0);
      expect(versions[`@tensorflow/tfjs-backend-${name}`]).to.match(/^\d+\.\d+\.\d+$/);
    }
    for (const { problem, versions, install } of reports)
      if (Object.values(versions).includes(null)) {
        expect(problem).to.match(/^absent \(package .* is not installed\)$/);
        expect(install).to.match(/^npm install --save-dev /);
      }
  });

  it('shows what is wrong', () => {
    const report: DeviceReport = {
      name: 'webgpu',
      versions: { webgpu: '1.2.3' },
      install: 'npm install it',
      detail: 'a GPU',
      problem: null,
      layers: [
        { layer: 'dense', difference: 0.25, right: false, deterministic: true },
        { layer: 'relu', difference: 1e-7, right: true, deterministic: false },
      ],
      gflops: 12.345,
      memoryBytes: 2.4e7,
    };
    const missing = {
      ...report,
      name: 'tfjs-node',
      detail: null,
      problem: 'absent',
      layers: [],
      gflops: null,
      memoryBytes: null,
    };
    expect(devicesText([report, missing]).split('\n')).to.deep.equal([
      'DEVICE     VERSION  RIGHT       EQUAL BITS  GFLOP/S  MEMORY  WHAT IT IS',
      'webgpu     1.2.3    WRONG in 1  NO          12       24 MB   a GPU',
      'tfjs-node           no                                       absent',
      '',
      "webgpu: the gradient of layer 'dense' differs from that of 'cpu' by 0.25 of its largest entry",
      "webgpu: two gradients of layer 'relu' had different bits",
      '',
      'To install:',
      'tfjs-node: npm install it',
    ]);
  });
});
