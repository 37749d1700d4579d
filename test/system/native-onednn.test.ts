import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { DeviceReport } from '../../scenarios/devices/device-report.js';
import { koffi } from './koffi.js';
import type { TriedClaim } from './layers-on-device.js';
import { pythonWith } from './python.js';
import type { Training } from './train-on-device.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The last one of PyPI that needs nothing but the system's OpenMP. */
const WHEEL = 'onednn-cpu-gomp==2023.2.0';
/** Of the change of the parameters, relative to its largest entry. */
const TOLERANCE = 1e-5;

describe('device onednn, with koffi of npm and the library of PyPI', function () {
  this.timeout(600_000);
  let modules: string;
  let environment: string;

  before(function () {
    const found = koffi();
    const python = found && pythonWith(WHEEL);
    if (!found || !python) return this.skip();
    modules = found;
    environment = dirname(dirname(python));
  });

  const printed = (program: string, ...args: string[]) => {
    // As an activated virtual environment sets it.
    const env = { ...process.env, NODE_PATH: modules, VIRTUAL_ENV: environment };
    const { stdout, stderr } = spawnSync(process.execPath, [file(program), ...args], { encoding: 'utf8', env });
    expect(stdout, stderr).not.to.equal('');
    return JSON.parse(stdout);
  };

  it('computes every type of layer right and with equal bits', () => {
    const devices: readonly DeviceReport[] = printed('../../scenarios/cli.js', 'devices', '--json');
    const onednn = devices.find(({ name }) => name === 'onednn')!;
    expect(onednn.problem).to.equal(null);
    expect(onednn.detail)
      .to.match(/^oneDNN 3\..*one thread/)
      .and.to.contain(join(environment, 'lib'));
    expect(onednn.layers).to.have.length.above(10);
    for (const { layer, right, deterministic } of onednn.layers)
      expect([right, deterministic], layer).to.deep.equal([true, true]);
    console.log(
      `      ${onednn.detail}: ${devices.map(({ name, gflops }) => `${name} ${gflops?.toPrecision(2)}`).join(', ')} GFLOP/s`,
    );
  });

  it('keeps the contract of objectives with every layer and with adapters: gradients are those of finite differences', () => {
    const tried = printed('layers-on-device.js', 'onednn') as readonly TriedClaim[];
    expect(tried.filter(({ problem }) => problem !== null)).to.deep.equal([]);
    expect(tried.filter(({ title }) => title.includes('gradient is the derivative')).length).to.equal(5);
  });

  it(`trains every objective and layer that computes on a device, within ${TOLERANCE} of cpu in what five steps change, twice with equal bits`, () => {
    const [first, second] = [1, 2].map(() => printed('train-on-device.js', 'onednn') as Training) as [
      Training,
      Training,
    ];
    expect(first.detail).to.contain('oneDNN');
    expect(first.refused).to.equal(null);
    for (const { title, difference, change } of first.trained) {
      expect(change, title).to.be.above(1e-3);
      expect(difference, title).to.be.below(TOLERANCE);
    }
    expect(second).to.deep.equal(first);
    const worst = Math.max(...first.trained.map(({ difference }) => difference));
    console.log(`      ${first.detail}: largest difference ${worst.toExponential(1)} over ${first.trained.length}`);
  });
});
