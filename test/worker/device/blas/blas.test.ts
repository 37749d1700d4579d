import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openBlas } from '../../../../worker/device/blas/blas.js';
import { blasLibraries } from '../../../../worker/device/blas/blas-library.js';

/** Libraries by path, with the functions that each has. */
function foreign(libraries: Readonly<Record<string, readonly string[]>>, calls: string[] = []) {
  return {
    load(path: string) {
      const functions = libraries[path];
      if (!functions) throw new Error(`${path}: cannot open shared object file`);
      return {
        func(declaration: string) {
          const name = /(\w+)\(/.exec(declaration)![1]!;
          if (!functions.includes(name)) throw new Error(`Cannot find function '${name}'`);
          return (...args: unknown[]) => {
            calls.push(`${declaration.includes('int64_t m') ? 'int64 ' : ''}${name}(${args})`);
            return 'OpenBLAS 0.3.21   Zen ';
          };
        },
      };
    },
  };
}

describe('worker/device/blas', () => {
  it('a library that is named by the variable is the only one that is tried', () => {
    expect(blasLibraries({ GRADSWARM_BLAS: '/opt/mine.so' })).to.deep.equal(['/opt/mine.so']);
  });

  for (const [where, environmentOf] of [
    ['the active virtual environment', (folder: string) => ({ VIRTUAL_ENV: folder })],
    ['the active Conda environment', (folder: string) => ({ CONDA_PREFIX: folder })],
    ['the installation of the python3 on the path', (folder: string) => ({ PATH: `/nowhere:${join(folder, 'bin')}` })],
  ] as const)
    it(`finds NumPy's copy in ${where}, after the system's`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'gradswarm-blas-'));
      try {
        const libraries = join(folder, 'lib', 'python3.11', 'site-packages', 'numpy.libs');
        for (const made of [libraries, join(folder, 'bin')]) mkdirSync(made, { recursive: true });
        writeFileSync(join(folder, 'bin', 'python3'), '');
        for (const name of ['libgfortran.so', 'libscipy_openblas64_-1.so']) writeFileSync(join(libraries, name), '');
        const found = blasLibraries(environmentOf(folder));
        expect(found[0]).to.equal('libopenblas.so.0');
        expect(found).to.include(join(libraries, 'libscipy_openblas64_-1.so'));
        expect(found.join()).not.to.contain('libgfortran');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

  it('takes the first library that loads and has the functions, under any of their names, with one thread', () => {
    const calls: string[] = [];
    const of = (prefix: string, suffix: string) =>
      ['cblas_sgemm', 'openblas_set_num_threads', 'openblas_get_config'].map((name) => `${prefix}${name}${suffix}`);
    const libraries = { 'other.so': ['cblas_sgemm'], 'numpy.so': of('scipy_', '64_'), 'last.so': of('', '') };
    const { detail, sgemm } = openBlas(foreign(libraries, calls), ['missing.so', ...Object.keys(libraries)]);
    expect(detail).to.equal('OpenBLAS 0.3.21 Zen, one thread, numpy.so');
    expect(calls[0]).to.equal('scipy_openblas_set_num_threads64_(1)');
    (sgemm as unknown as (one: number) => void)(7);
    expect(calls.at(-1)).to.equal('int64 scipy_cblas_sgemm64_(7)');
  });

  it('without a library: absent, with what to install', () => {
    expect(() => openBlas(foreign({}), ['missing.so'])).to.throw(
      /^absent \(package koffi is installed, but no OpenBLAS was found: .*libopenblas0; or a NumPy installation; or GRADSWARM_BLAS=FILE\)$/,
    );
  });
});
