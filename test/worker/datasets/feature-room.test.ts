import { expect } from 'chai';
import { featureRoom, featureRooms, moduleMemoryOf } from '../../../worker/datasets/feature-room.js';

describe('worker/datasets/feature-room', () => {
  it('features of two parts are zeros in one memory, one behind the other, and an array of their own where they are few', () => {
    const [train, test] = featureRooms([2 ** 20 - 3, 5]);
    expect(train!.length).to.equal(2 ** 20 - 3);
    expect(test!.length).to.equal(5);
    expect(test!.buffer).to.equal(train!.buffer);
    expect(test!.byteOffset).to.equal(train!.byteOffset + train!.byteLength);
    expect(train!.every((value) => value === 0)).to.equal(true);
    expect(moduleMemoryOf(test!)).to.equal(moduleMemoryOf(train!)).and.to.not.equal(null);
    const few = featureRoom(2 ** 20 - 1);
    expect([few.length, few.byteOffset, few.buffer.byteLength]).to.deep.equal([2 ** 20 - 1, 0, 2 ** 22 - 4]);
    expect(moduleMemoryOf(few)).to.equal(null);
  });

  it('room for arrays is taken in front of the features, apart and aligned, until 16 MiB are gone', () => {
    const [features] = featureRooms([10], 0);
    const memory = moduleMemoryOf(features!)!;
    let end = 2 ** 16;
    for (const bytes of [1, 16, 100, 2 ** 23]) {
      const start = memory.take(bytes)!;
      expect(start % 16).to.equal(0);
      expect(start).to.be.at.least(end);
      end = start + bytes;
      expect(end).to.be.at.most(features!.byteOffset);
    }
    expect(memory.take(2 ** 23)).to.equal(null);
    expect(memory.take(2 ** 22)).to.be.at.least(end);
  });
});
