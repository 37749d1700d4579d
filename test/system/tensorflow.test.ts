import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { TriedClaim } from './layers-on-device.js';
import type { Training } from './train-on-device.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PACKAGE = '@tensorflow/tfjs-node@4.22.0';
/** Of the change of the parameters, relative to its largest entry. */
const TOLERANCE = 1e-5;

/** Folder of packages with tfjs-node, built as the documentation says; null, with the reason printed, where it cannot be had. */
function packages(): string | null {
  const folder = join(tmpdir(), `gradswarm-${PACKAGE.replace(/[^a-z0-9.]+/g, '-')}`);
  const modules = join(folder, 'node_modules');
  const ran = (what: string, command: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 600_000 });
    if (status !== 0) console.log(`skipped: ${what} failed: ${(stderr ?? '').trim().split('\n').at(-1)}`);
    return status === 0;
  };
  if (!existsSync(join(folder, 'installed'))) {
    mkdirSync(folder, { recursive: true });
    const options = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--prefix', folder];
    if (!ran(`npm install ${PACKAGE}`, 'npm', 'install', ...options, PACKAGE)) return null;
    if (!ran('build-tensorflow.sh', 'sh', file('../../../worker/native/build-tensorflow.sh'), folder)) return null;
    writeFileSync(join(folder, 'installed'), '');
  }
  // There is one registry of backends a process: that of this gradswarm.
  for (const name of ['tfjs-backend-cpu', 'tfjs-core']) {
    const at = join(modules, '@tensorflow', name);
    rmSync(at, { recursive: true, force: true });
    symlinkSync(file(`../../../node_modules/@tensorflow/${name}`), at);
  }
  return modules;
}

describe('device tfjs-node, built against a current TensorFlow', function () {
  this.timeout(1_200_000);
  let modules: string;
  const printed = (program: string) => {
    const env = { ...process.env, NODE_PATH: modules, TF_CPP_MIN_LOG_LEVEL: '3' };
    const { stdout, stderr } = spawnSync(process.execPath, [file(program), 'tfjs-node'], { encoding: 'utf8', env });
    expect(stdout, stderr).not.to.equal('');
    return JSON.parse(stdout);
  };

  before(function () {
    const found = packages();
    if (!found) return this.skip();
    modules = found;
  });

  it('keeps the contract of objectives with every layer and with adapters: gradients are those of finite differences', () => {
    const tried = printed('layers-on-device.js') as readonly TriedClaim[];
    expect(tried.filter(({ problem }) => problem !== null)).to.deep.equal([]);
    expect(tried.filter(({ title }) => title.includes('gradient is the derivative')).length).to.equal(5);
  });

  it(`trains every objective and layer that computes on a device, within ${TOLERANCE} of cpu in what five steps change`, () => {
    const { detail, refused, trained } = printed('train-on-device.js') as Training;
    expect(detail).to.match(/TensorFlow \d.*on the CPU$/);
    expect(refused).to.equal(null);
    for (const { title, difference, change } of trained) {
      expect(change, title).to.be.above(1e-3);
      expect(difference, title).to.be.below(TOLERANCE);
    }
    const worst = Math.max(...trained.map(({ difference }) => difference));
    console.log(`      ${detail}: largest difference ${worst.toExponential(1)} over ${trained.length}`);
  });
});
