import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { program } from './debian.js';
import type { Training } from './train-on-device.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PACKAGES = ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'];
/** Of the change of the parameters, relative to its largest entry. */
const TOLERANCE = 1e-5;

/** Folder of packages with Dawn and the backend of npm; null, with the reason printed, where they cannot be had. */
function packages(): string | null {
  const folder = join(tmpdir(), `gradswarm-${PACKAGES.join('-').replace(/[^a-z0-9.]+/g, '-')}`);
  const modules = join(folder, 'node_modules');
  if (!existsSync(join(folder, 'installed'))) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--prefix', folder];
    const { status, stderr } = spawnSync('npm', [...args, ...PACKAGES], { encoding: 'utf8', timeout: 300_000 });
    if (status !== 0) {
      console.log(`skipped: npm install webgpu failed: ${stderr.trim().split('\n').at(-1)}`);
      return null;
    }
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

/** SwiftShader, which Debian's Chromium has, and the Vulkan loader: the file that names the driver. */
function softwareAdapter(): string | null {
  const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  if (program('libvulkan.so.1', 'libvulkan1', libraries) === null) return null;
  return program('vk_swiftshader_icd.json', 'chromium', '/usr/lib/chromium');
}

describe('device webgpu on SwiftShader', () => {
  it(`trains every objective and layer that computes on a device, within ${TOLERANCE} of cpu in what five steps change; taken only by name`, function () {
    this.timeout(900_000);
    const modules = packages();
    const driver = modules && softwareAdapter();
    if (!modules || !driver) return this.skip();
    const env = { ...process.env, NODE_PATH: modules, VK_ICD_FILENAMES: driver };
    const { stdout, stderr } = spawnSync(process.execPath, [file('train-on-device.js'), 'webgpu'], {
      encoding: 'utf8',
      env,
    });
    expect(stdout, stderr).not.to.equal('');
    const { refused, detail, trained }: Training = JSON.parse(stdout);
    expect(detail).to.match(/SwiftShader.*, software$/);
    expect(refused).to.match(/^absent \(only a software adapter: .*name the device webgpu/);
    const compiled = readdirSync(file('../../worker/objectives/tensorflow')).filter((name) => name.endsWith('.js'));
    const onDevices = compiled.map((name) => name.slice(0, -'.js'.length));
    expect([...new Set(trained.map(({ objective }) => objective))]).to.have.members(onDevices);
    for (const { title, difference, change } of trained) {
      expect(change, title).to.be.above(1e-3);
      expect(difference, title).to.be.below(TOLERANCE);
    }
    const worst = Math.max(...trained.map(({ difference }) => difference));
    console.log(`      ${detail}: largest difference ${worst.toExponential(1)} over ${trained.length}`);
  });
});
