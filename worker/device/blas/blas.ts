import type { ForeignFunctions, ForeignLibrary } from '../foreign/foreign-functions.js';
import type { HeapAddress } from '../foreign/heap-address.js';
import type { HeapModule } from '../simd/heap-module.js';
import { type Multiply, singly } from '../simd/multiply.js';
import { blasLibraries, NAMINGS, VARIABLE } from './blas-library.js';

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

/** Matrices by their addresses: views of the heap would take longer to make than a small product takes. */
type Sgemm = (
  order: number,
  transposeA: number,
  transposeB: number,
  rows: number,
  columns: number,
  depth: number,
  alpha: number,
  a: number,
  strideA: number,
  b: number,
  strideB: number,
  beta: number,
  c: number,
  strideC: number,
) => void;

/** An OpenBLAS with one thread. */
export interface Blas {
  readonly sgemm: Sgemm;
  /** The file it was loaded from, and what it says of itself. */
  readonly detail: string;
}

/** The first OpenBLAS that can be loaded. Throws 'absent ...' where there is none, with what was looked for. */
export function openBlas(
  { load }: Pick<ForeignFunctions, 'load'>,
  libraries: readonly string[] = blasLibraries(),
): Blas {
  for (const path of libraries) {
    let library: ForeignLibrary;
    try {
      library = load(path);
    } catch {
      continue;
    }
    for (const { prefix, suffix, integer } of NAMINGS) {
      const named = (name: string) => `${prefix}${name}${suffix}`;
      const sizes = (names: string) =>
        names
          .split(' ')
          .map((name) => `${integer} ${name}`)
          .join(', ');
      try {
        const sgemm = library.func(
          `void ${named('cblas_sgemm')}(int order, int ta, int tb, ${sizes('m n k')}, float alpha, uintptr_t a, ${sizes('lda')}, uintptr_t b, ${sizes('ldb')}, float beta, uintptr_t c, ${sizes('ldc')})`,
        ) as Sgemm;
        // A worker computes on one core; the threads of several would take each other's time.
        library.func(`void ${named('openblas_set_num_threads')}(int threads)`)(1);
        const config = library.func(`const char *${named('openblas_get_config')}()`)() as string;
        return { sgemm, detail: `${config.trim().replace(/\s+/g, ' ')}, one thread, ${path}` };
      } catch {
        // Other names, or a BLAS that is not OpenBLAS.
      }
    }
  }
  throw new Error(
    `absent (package koffi is installed, but no OpenBLAS was found: Debian, Ubuntu: apt install libopenblas0; or a NumPy installation; or ${VARIABLE}=FILE)`,
  );
}

/** Products on the heap of the wasm backend, where they lie. */
export function blasMultiply(base: HeapAddress, module: HeapModule, { sgemm }: Blas): Multiply {
  return singly(({ a, transposeA, b, transposeB, c, rows, columns, depth, bias, relu, adds }) => {
    if (rows === 0 || columns === 0) return;
    const heap = base.get();
    sgemm(
      ROW_MAJOR,
      transposeA ? TRANSPOSED : PLAIN,
      transposeB ? TRANSPOSED : PLAIN,
      rows,
      columns,
      depth,
      1,
      heap + a,
      Math.max(1, transposeA ? rows : depth),
      heap + b,
      Math.max(1, transposeB ? depth : columns),
      adds ? 1 : 0,
      heap + c,
      columns,
    );
    if (bias !== 0 || relu) module.addBias(c, rows, columns, bias, relu);
  });
}
