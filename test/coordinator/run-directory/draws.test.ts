import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  decodeDraws,
  encodeDraws,
  parameterChains,
  readDraws,
  writeDraws,
} from '../../../coordinator/run-directory/draws.js';

const draws = [0, 10].map((chain) => [0, 1, 2].map((n) => Float64Array.of(chain + n, -(chain + n) / 3)));

describe('coordinator/run-directory/draws', () => {
  it('bytes: NumPy magic and version 1.0, a header that ends at a multiple of 64 in a line feed, then C order', () => {
    const bytes = encodeDraws(draws);
    expect([...bytes.subarray(0, 8)]).to.deep.equal([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    const headerLength = bytes[8]! + 256 * bytes[9]!;
    const start = 10 + headerLength;
    expect(start).to.equal(128);
    expect(new TextDecoder().decode(bytes.subarray(10, start)).trimEnd()).to.equal(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2), }",
    );
    expect(bytes[start - 1]).to.equal(0x0a);
    expect(bytes.length).to.equal(start + 2 * 3 * 2 * 8);
    const view = new DataView(bytes.buffer);
    // Chain 1, draw 2, parameter 1 is number (1 * 3 + 2) * 2 + 1 = 11.
    expect(view.getFloat64(start + 8 * 11, true)).to.equal(-4);
    expect([...bytes.subarray(start + 8, start + 16)]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0x80]); // -0, low byte first
  });

  it('a file comes back bit for bit, and no partial file stays', () => {
    const folder = mkdtempSync(join(tmpdir(), 'draws-'));
    try {
      writeDraws(join(folder, 'draws.npy'), draws);
      expect(readDraws(join(folder, 'draws.npy'))).to.deep.equal(draws);
      expect(readdirSync(folder)).to.deep.equal(['draws.npy']);
      writeFileSync(join(folder, 'other.npy'), 'not an array');
      expect(() => readDraws(join(folder, 'other.npy'))).to.throw('ERR_DATA_FORMAT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a file cut short, one of float32 and chains of unequal length are refused', () => {
    const bytes = encodeDraws(draws);
    expect(() => decodeDraws(bytes.subarray(0, bytes.length - 1), 'x.npy')).to.throw('ERR_DATA_FORMAT', '2 x 3 x 2');
    const single = Uint8Array.from(bytes);
    single[10 + "{'descr': '<f".length] = '4'.charCodeAt(0);
    expect(() => decodeDraws(single, 'x.npy')).to.throw('ERR_DATA_FORMAT', 'float64');
    expect(() => encodeDraws([draws[0]!, draws[1]!.slice(1)])).to.throw(RangeError, 'chain 1 has 2 draws');
  });

  it('one parameter of all chains is what the diagnostics take', () => {
    expect(parameterChains(draws, 0).map((chain) => [...chain])).to.deep.equal([
      [0, 1, 2],
      [10, 11, 12],
    ]);
  });
});
