import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * A Debian program, installed when it is missing and this is root on a machine with apt-get. Null, with the reason printed, when it
 * cannot be had: the test that needs it is then skipped, never passed.
 */
export function program(name: string, debianPackage: string, folder = '/usr/bin'): string | null {
  const path = `${folder}/${name}`;
  if (existsSync(path)) return path;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`skipped: ${name} is not installed and this is not root on Debian`);
    return null;
  }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-y', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
    });
  apt('update');
  const { status, stderr } = apt('install', '--no-install-recommends', debianPackage);
  if (status === 0 && existsSync(path)) return path;
  console.log(`skipped: apt-get install ${debianPackage} failed: ${stderr.trim().split('\n').at(-1)}`);
  return null;
}
