import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The interpreter of a virtual environment with a package from PyPI, made and filled when it is missing. Null, with the reason
 * printed, when that cannot be had: the test that needs it is then skipped, never passed.
 */
export function pythonWith(requirement: string): string | null {
  const folder = join(tmpdir(), `gradswarm-python-${requirement.replace(/[^a-z0-9.]+/gi, '-')}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'installed');
  if (existsSync(done)) return python;
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement]],
    ['touch', [done]],
  ];
  for (const [program, args] of steps) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 });
    if (status === 0) continue;
    const reason = error?.message ?? stderr.trim().split('\n').at(-1);
    console.log(`skipped: ${program} ${args.join(' ')} failed: ${reason}`);
    return null;
  }
  return python;
}
