import { expect } from 'chai';
import { SpareMemory } from '../../../protocol/wire/spare-memory.js';

const LENGTH = 20_000;

describe('memory of messages that have left', () => {
  it('is taken again for a message of exactly its length, and once', () => {
    const spare = new SpareMemory(10 * LENGTH);
    const memory = spare.take(LENGTH);
    spare.give(memory);
    expect(spare.take(LENGTH + 1)).to.not.equal(memory);
    expect(spare.take(LENGTH)).to.equal(memory);
    expect(spare.take(LENGTH)).to.not.equal(memory);
  });

  it('is not kept beyond its bound: lengths that no longer come make room for those that do', () => {
    const spare = new SpareMemory(3 * LENGTH);
    const old = [1, 2, 3].map(() => spare.take(LENGTH));
    for (const memory of old) spare.give(memory);
    const other = spare.take(LENGTH + 8);
    spare.give(other);
    expect(spare.take(LENGTH + 8)).to.equal(other);
    expect(old).to.not.include(spare.take(LENGTH));
  });

  it('is never a part of a larger buffer, small, or larger than the bound', () => {
    const spare = new SpareMemory(3 * LENGTH);
    for (const memory of [
      new Uint8Array(2 * LENGTH).subarray(0, LENGTH),
      new Uint8Array(8),
      new Uint8Array(4 * LENGTH),
    ]) {
      spare.give(memory);
      expect(spare.take(memory.byteLength)).to.not.equal(memory);
    }
  });
});
