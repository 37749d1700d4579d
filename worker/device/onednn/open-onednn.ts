import { existsSync } from 'node:fs';
import type { ForeignFunctions, ForeignLibrary } from '../foreign/foreign-functions.js';
import { DECLARATIONS, type Functions, Onednn } from './onednn.js';
import { onednnLibraries, VARIABLE } from './onednn-library.js';

/** The major version whose functions these are. */
const VERSION = 3;
/** Of a library that takes the number of its threads from its caller; with others it would take every core. */
const RUNTIMES: Readonly<Record<number, string>> = { 1: 'sequential', 2: 'OpenMP, one thread' };
const INSTRUCTION_SETS: Readonly<Record<number, string>> = { 1: 'SSE 4.1', 3: 'AVX', 7: 'AVX2', 15: 'AVX2 VNNI' };
const AVX512 = 0x20;
const OPENMP = 2;
/** Of the processor's runtime in what `dnnl_version` points to. */
const RUNTIME_OFFSET = 24;

/**
 * The first oneDNN that can be loaded. Throws 'absent ...' where there is none, with what was looked for, and where all that were found are
 * of other versions or of a runtime that cannot be held to one thread.
 */
export function openOnednn(
  foreign: Pick<ForeignFunctions, 'load' | 'decode'>,
  libraries: readonly string[] = onednnLibraries(),
): Onednn {
  const refused: string[] = [];
  for (const path of libraries) {
    let library: ForeignLibrary;
    try {
      library = foreign.load(path);
    } catch (error) {
      if (libraries.length === 1 || existsSync(path)) refused.push(`; ${path}: ${(error as Error).message}`);
      continue;
    }
    const { version, runtime, isRight } = aboutLibrary(foreign, library);
    if (!isRight) {
      refused.push(`; ${path} is oneDNN ${version}${runtime}`);
      continue;
    }
    const functions = Object.fromEntries(
      Object.entries(DECLARATIONS).map(([name, declaration]) => [name, library.func(declaration)]),
    ) as unknown as Functions;
    return new Onednn(functions, `oneDNN ${version}, ${instructionSet(library)}, ${runtime}, ${path}`);
  }
  throw new Error(
    `absent (package koffi is installed, but no oneDNN ${VERSION} with OpenMP was found: pip install onednn-cpu-gomp; or a system's libdnnl.so.3; or ${VARIABLE}=FILE${refused.join('')})`,
  );
}

function aboutLibrary({ decode }: Pick<ForeignFunctions, 'decode'>, library: ForeignLibrary) {
  const about = library.func('void *dnnl_version()')();
  const [major, minor, patch] = ([0, 4, 8] as const).map((offset) => Number(decode(about, offset, 'int')));
  const version = `${major}.${minor}.${patch}`;
  // After a pointer to the commit; earlier versions have other fields.
  const runtime = major === VERSION ? Number(decode(about, RUNTIME_OFFSET, 'unsigned int')) : 0;
  const name = RUNTIMES[runtime];
  // A worker computes on one core; the threads of several would take each other's time. Found in what the library has loaded.
  if (runtime === OPENMP) library.func('void omp_set_num_threads(int threads)')(1);
  const isRight = major === VERSION && name !== undefined;
  const other = major === VERSION ? ' with threads that cannot be held to one' : '';
  return { version, runtime: isRight ? name : other, isRight };
}

function instructionSet(library: ForeignLibrary): string {
  const set = library.func('int dnnl_get_effective_cpu_isa()')() as number;
  return (
    INSTRUCTION_SETS[set] ?? (set & AVX512 ? `AVX-512 (0x${set.toString(16)})` : `instructions 0x${set.toString(16)}`)
  );
}
