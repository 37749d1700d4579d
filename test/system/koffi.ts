import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KOFFI = '3.3.4';

/** Folder of packages with koffi of npm; null, with the reason printed, where it cannot be had. */
export function koffi(): string | null {
  const folder = join(tmpdir(), `gradswarm-koffi-${KOFFI}`);
  if (!existsSync(join(folder, 'node_modules', 'koffi'))) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, `koffi@${KOFFI}`];
    const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: 120_000 });
    if (status !== 0) {
      console.log(`skipped: npm install koffi failed: ${stderr.trim().split('\n').at(-1)}`);
      return null;
    }
  }
  return join(folder, 'node_modules');
}
