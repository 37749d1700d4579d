import { expect } from 'chai';
import { limitHeapGrowth } from '../../../scenarios/run/heap-growth.js';

describe('the growth of the heap', () => {
  function flagsOf(clients: number, isOwnProcess: boolean): readonly string[] {
    const flags: string[] = [];
    limitHeapGrowth({ clients }, isOwnProcess, (flag) => flags.push(flag));
    return flags;
  }

  it('is limited for many clients in a process of the program itself', () => {
    expect(flagsOf(100_000, true)).to.deep.equal(['--heap-growing-percent=100']);
    expect(flagsOf(99_999, true)).to.deep.equal([]);
  });

  it("is left alone in a process of another program's", () => {
    expect(flagsOf(1_000_000, false)).to.deep.equal([]);
    const flags: string[] = [];
    limitHeapGrowth({ clients: 1_000_000 }, undefined, (flag) => flags.push(flag));
    expect(flags).to.deep.equal([]);
  });
});
