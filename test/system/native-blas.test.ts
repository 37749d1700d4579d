import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { DeviceReport } from '../../scenarios/devices/device-report.js';
import { program } from './debian.js';
import { koffi } from './koffi.js';
import { pythonWith } from './python.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

/** OpenBLAS of Debian; else that of NumPy. */
function library(): string | null {
  const folder = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const installed = program('libopenblas.so.0', 'libopenblas0', folder);
  if (installed !== null) return installed;
  const python = pythonWith('numpy==2.4.6');
  if (python === null) return null;
  const find = "import glob, numpy; print(glob.glob(numpy.__path__[0] + '.libs/*openblas*')[0])";
  return spawnSync(python, ['-c', find], { encoding: 'utf8' }).stdout.trim();
}

describe('device blas', () => {
  it('computes every type of layer right and with equal bits, with koffi of npm and an OpenBLAS of the machine', async function () {
    this.timeout(400_000);
    const modules = koffi();
    const file = modules && library();
    if (!modules || !file) return this.skip();
    const env = { ...process.env, NODE_PATH: modules, GRADSWARM_BLAS: file };
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'devices', '--json'], { encoding: 'utf8', env });
    expect(stdout, stderr).not.to.equal('');
    const devices: readonly DeviceReport[] = JSON.parse(stdout);
    const blas = devices.find(({ name }) => name === 'blas')!;
    expect(blas.problem).to.equal(null);
    expect(blas.detail).to.contain('OpenBLAS').and.to.contain(file);
    expect(blas.layers).to.have.length.above(10);
    for (const { layer, right, deterministic } of blas.layers)
      expect([right, deterministic], layer).to.deep.equal([true, true]);
    console.log(
      `      ${blas.detail}: ${devices.map(({ name, gflops }) => `${name} ${gflops?.toPrecision(2)}`).join(', ')} GFLOP/s`,
    );
  });
});
