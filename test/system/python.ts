import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The interpreter of a virtual environment with packages from PyPI, made and filled when it is missing. `alone`: packages whose
 * own requirements are not installed. Null, with the reason printed, when that cannot be had: the test that needs it is then
 * skipped, never passed.
 */
export function pythonWith(requirements: string | readonly string[], alone: readonly string[] = []): string | null {
  const wanted = typeof requirements === 'string' ? [requirements] : requirements;
  const folder = join(tmpdir(), `gradswarm-python-${[...wanted, ...alone].join('-').replace(/[^a-z0-9.]+/gi, '-')}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'installed');
  if (existsSync(done)) return python;
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [python, [...install, ...wanted]],
    ...(alone.length > 0 ? [[python, [...install, '--no-deps', ...alone]] as [string, string[]]] : []),
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
