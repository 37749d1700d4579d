import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { ForeignFunctions, ForeignLibrary } from '../foreign/foreign-functions.js';
import type { HeapModule } from '../simd/heap-module.js';
import { heapOf } from '../simd/heap-module.js';
import { type Multiply, singly } from '../simd/multiply.js';
import { blasLibraries, NAMINGS, VARIABLE } from './blas-library.js';

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

type Sgemm = (
  order: number,
  transposeA: number,
  transposeB: number,
  rows: number,
  columns: number,
  depth: number,
  alpha: number,
  a: Float32Array,
  strideA: number,
  b: Float32Array,
  strideB: number,
  beta: number,
  c: Float32Array,
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
          `void ${named('cblas_sgemm')}(int order, int ta, int tb, ${sizes('m n k')}, float alpha, const float *a, ${sizes('lda')}, const float *b, ${sizes('ldb')}, float beta, float *c, ${sizes('ldc')})`,
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
export function blasMultiply(backend: BackendWasm, module: HeapModule, { sgemm }: Blas): Multiply {
  const heap = heapOf(backend);
  return singly(({ a, transposeA, b, transposeB, c, rows, columns, depth, bias, relu, adds }) => {
    if (rows === 0 || columns === 0) return;
    // Taken for each call: growing the memory detaches views.
    const { buffer } = heap.HEAPU8;
    const view = (at: number, size: number) => new Float32Array(buffer, at, size);
    sgemm(
      ROW_MAJOR,
      transposeA ? TRANSPOSED : PLAIN,
      transposeB ? TRANSPOSED : PLAIN,
      rows,
      columns,
      depth,
      1,
      view(a, rows * depth),
      Math.max(1, transposeA ? rows : depth),
      view(b, depth * columns),
      Math.max(1, transposeB ? depth : columns),
      adds ? 1 : 0,
      view(c, rows * columns),
      columns,
    );
    if (bias !== 0 || relu) module.addBias(c, rows, columns, bias, relu);
  });
}
