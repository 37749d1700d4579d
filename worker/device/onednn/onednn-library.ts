import { join } from 'node:path';
import { pythonPrefixes } from '../foreign/python-folders.js';

/** Names the library, a file or a name that the system's loader knows; nothing else is looked for then. */
export const VARIABLE = 'GRADSWARM_ONEDNN';
/** As the system's loader finds them (ldconfig, LD_LIBRARY_PATH), and where Homebrew keeps it. */
const OF_THE_SYSTEM = [
  'libdnnl.so.3',
  'libdnnl.so',
  '/opt/homebrew/opt/onednn/lib/libdnnl.dylib',
  'libdnnl.dylib',
  'dnnl.dll',
];
/** Of the wheels of PyPI, and of Conda. */
const OF_AN_ENVIRONMENT = ['libdnnl.so.3', 'libdnnl.3.dylib'];

/** Files and names under which oneDNN may be found, the likeliest first: the variable, the system's, those of Python environments. */
export function onednnLibraries(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = environment[VARIABLE];
  if (named) return [named];
  const ofPython = pythonPrefixes(environment).flatMap((prefix) =>
    OF_AN_ENVIRONMENT.map((name) => join(prefix, 'lib', name)),
  );
  return [...OF_THE_SYSTEM, ...ofPython];
}
