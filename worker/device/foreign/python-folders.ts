import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Where Python installations lie: an active environment, the user's packages, that of the python3 on the path, and the system's. */
export function pythonPrefixes({ VIRTUAL_ENV, CONDA_PREFIX, HOME, PATH }: NodeJS.ProcessEnv): readonly string[] {
  const onPath = (PATH ?? '').split(delimiter).filter((folder) => existsSync(join(folder, 'python3')));
  const places = [VIRTUAL_ENV, CONDA_PREFIX, HOME && join(HOME, '.local'), ...onPath.map((folder) => dirname(folder))];
  return [...new Set([...places, '/usr/local', '/usr'].filter((one): one is string => Boolean(one)))];
}

/** Their folders of packages, after those of PYTHONPATH. */
export function pythonPackages(environment: NodeJS.ProcessEnv): readonly string[] {
  return [
    ...(environment.PYTHONPATH ?? '').split(delimiter).filter((one) => one !== ''),
    ...pythonPrefixes(environment).flatMap((prefix) =>
      namesIn(join(prefix, 'lib'))
        .filter((name) => /^python3/.test(name))
        .flatMap((python) => ['site-packages', 'dist-packages'].map((kind) => join(prefix, 'lib', python, kind))),
    ),
  ];
}

/** In order; none where the folder cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there, or not ours to read.
    return [];
  }
}
