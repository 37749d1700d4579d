import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { moduleMemory, moduleVector } from '../../../../protocol/numerics/simd/module-vectors.js';

const LARGE = 2 ** 18;

describe('vectors in WebAssembly memories', () => {
  it('have one of their own each from 1 MiB on, and are zero; smaller ones have none', () => {
    const [one, other] = [moduleVector(LARGE), moduleVector(LARGE + 1)];
    for (const [vector, length] of [
      [one, LARGE],
      [other, LARGE + 1],
    ] as const) {
      expect(vector.length).to.equal(length);
      expect(vector.every((x) => x === 0)).to.equal(true);
      expect(moduleMemory(vector.buffer)!.buffer).to.equal(vector.buffer);
    }
    expect(one.buffer).to.not.equal(other.buffer);
    const small = moduleVector(LARGE - 1);
    expect(small.length).to.equal(LARGE - 1);
    expect(moduleMemory(small.buffer)).to.equal(undefined);
  });

  it('are bounded in number, since each takes address space: one that is collected makes room', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    /** The least bound under which one more is granted. */
    const boundOfNext = () => {
      for (let most = 0; ; most++) if (moduleMemory(moduleVector(LARGE, most).buffer)) return most;
    };
    const first = boundOfNext();
    expect(first).to.be.at.least(1);
    for (let i = 0; i < 10; i++) {
      collectGarbage();
      await new Promise(setImmediate);
    }
    expect(boundOfNext()).to.be.at.most(first);
    expect(boundOfNext()).to.be.at.least(2);
  });

  it('are ordinary where the engine grants no memory', () => {
    const { Memory } = WebAssembly;
    WebAssembly.Memory = class {
      constructor() {
        throw new RangeError('could not allocate memory');
      }
    } as never;
    try {
      const vector = moduleVector(LARGE);
      expect([vector.length, vector.byteOffset]).to.deep.equal([LARGE, 0]);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });
});
