import { join } from 'node:path';
import { expect } from 'chai';
import { onednnLibraries } from '../../../../worker/device/onednn/onednn-library.js';
import { openOnednn } from '../../../../worker/device/onednn/open-onednn.js';

interface Library {
  readonly version: readonly [major: number, minor: number, patch: number];
  /** 1: sequential, 2: OpenMP, 4: TBB. */
  readonly runtime: number;
}

/** Libraries by path; every function succeeds and writes nothing. */
function foreign(libraries: Readonly<Record<string, Library>>, calls: string[] = []) {
  return {
    load(path: string) {
      const library = libraries[path];
      if (!library) throw new Error(`${path}: cannot open shared object file`);
      return {
        func(declaration: string) {
          const name = /(\w+)\(/.exec(declaration)![1]!;
          return (...args: unknown[]) => {
            calls.push(`${name}(${args})`);
            if (name === 'dnnl_version') return library;
            return name === 'dnnl_get_effective_cpu_isa' ? 7 : 0;
          };
        },
      };
    },
    decode(pointer: unknown, offset: number) {
      const { version, runtime } = pointer as Library;
      return offset === 24 ? runtime : version[offset / 4];
    },
  };
}

describe('worker/device/onednn', () => {
  it('a library that is named by the variable is the only one that is tried', () => {
    expect(onednnLibraries({ GRADSWARM_ONEDNN: '/opt/mine.so' })).to.deep.equal(['/opt/mine.so']);
  });

  it("looks for the system's first, then where a wheel puts it in the active environment", () => {
    const found = onednnLibraries({ VIRTUAL_ENV: '/home/me/env' });
    expect(found[0]).to.equal('libdnnl.so.3');
    expect(found).to.include(join('/home/me/env', 'lib', 'libdnnl.so.3'));
  });

  it('takes the first of version 3 that can be held to one thread, and holds it', () => {
    const calls: string[] = [];
    const libraries: Readonly<Record<string, Library>> = {
      'old.so': { version: [2, 6, 3], runtime: 2 },
      'tbb.so': { version: [3, 4, 0], runtime: 4 },
      'right.so': { version: [3, 2, 0], runtime: 2 },
      'last.so': { version: [3, 9, 0], runtime: 1 },
    };
    const { detail } = openOnednn(foreign(libraries, calls), ['missing.so', ...Object.keys(libraries)]);
    expect(detail).to.equal('oneDNN 3.2.0, AVX2, OpenMP, one thread, right.so');
    expect(calls.filter((call) => call.startsWith('omp_'))).to.deep.equal(['omp_set_num_threads(1)']);
  });

  it('without a right library: absent, with what to install and what was found instead', () => {
    const libraries: Readonly<Record<string, Library>> = {
      'old.so': { version: [2, 6, 3], runtime: 2 },
      'tbb.so': { version: [3, 4, 0], runtime: 4 },
    };
    expect(() => openOnednn(foreign(libraries), Object.keys(libraries))).to.throw(
      /^absent \(package koffi is installed, but no oneDNN 3 .*onednn-cpu-gomp; .*GRADSWARM_ONEDNN=FILE; old\.so is oneDNN 2\.6\.3; tbb\.so is oneDNN 3\.4\.0 with threads that cannot be held to one\)$/,
    );
  });

  it('a library that is named and cannot be loaded: absent, with what the loader says', () => {
    expect(() => openOnednn(foreign({}), ['mine.so'])).to.throw(
      /^absent .*; mine\.so: .*cannot open shared object file\)$/,
    );
  });

  it('a call that fails names the function and why', () => {
    const failing = foreign({ 'right.so': { version: [3, 2, 0], runtime: 1 } });
    const { load } = failing;
    const broken = (path: string) => ({
      func(declaration: string) {
        const works = load(path).func(declaration);
        return (...args: unknown[]) => (declaration.includes('dnnl_stream_create') ? 3 : works(...args));
      },
    });
    expect(() => openOnednn({ ...failing, load: broken }, ['right.so'])).to.throw('dnnl_stream_create: unimplemented');
  });
});
