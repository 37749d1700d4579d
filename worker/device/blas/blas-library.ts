import { join } from 'node:path';
import { namesIn, pythonPackages } from '../foreign/python-folders.js';

/** Names the library, a file or a name that the system's loader knows; nothing else is looked for then. */
export const VARIABLE = 'GRADSWARM_BLAS';
/** As the system's loader finds them (ldconfig, LD_LIBRARY_PATH), and where Homebrew keeps it. */
const OF_THE_SYSTEM = [
  'libopenblas.so.0',
  'libopenblas.so',
  '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
  'libopenblas.dylib',
  'libopenblas.dll',
];

/** A function's name in OpenBLAS: plain, of the builds that NumPy ships (`scipy_`), and with 64-bit integers (`64_`). */
export interface Naming {
  readonly prefix: string;
  readonly suffix: string;
  readonly integer: 'int' | 'int64_t';
}

export const NAMINGS: readonly Naming[] = [
  { prefix: '', suffix: '', integer: 'int' },
  { prefix: 'scipy_', suffix: '', integer: 'int' },
  { prefix: 'scipy_', suffix: '64_', integer: 'int64_t' },
  { prefix: '', suffix: '64_', integer: 'int64_t' },
];

/** Files and names under which OpenBLAS may be found, the likeliest first: the variable, the system's, those of NumPy. */
export function blasLibraries(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = environment[VARIABLE];
  if (named) return [named];
  return [...OF_THE_SYSTEM, ...ofNumpy(environment)];
}

/** NumPy's own copies. */
function ofNumpy(environment: NodeJS.ProcessEnv): readonly string[] {
  return pythonPackages(environment).flatMap((folder) => {
    const libraries = join(folder, 'numpy.libs');
    return namesIn(libraries)
      .filter((name) => name.includes('openblas'))
      .map((name) => join(libraries, name));
  });
}
