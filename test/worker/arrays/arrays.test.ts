import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { zipSync } from 'fflate';
import { decodeNpy, encodeNpy } from '../../../worker/arrays/npy.js';
import { decodeNpz, encodeNpz } from '../../../worker/arrays/npz.js';
import type { NumberArray } from '../../../worker/arrays/number-array.js';
import { decodeSafetensors, encodeSafetensors } from '../../../worker/arrays/safetensors.js';
import { openNpz } from '../../../worker/arrays/stored-array.js';
import { temporaryFolder } from '../../support/scripted-run.js';

/** A .npy file as NumPy writes it: version 1.0, the header padded to 64 bytes. */
function numpyFile(descr: string, fortran: boolean, shape: string, numbers: readonly number[]): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  const header = `${text.padEnd(117)}\n`;
  return Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0, ...Buffer.from(header), ...numbers]);
}

const both: ReadonlyMap<string, NumberArray> = new Map([
  ['dense1/weights', { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-40, 3e38) }],
  ['dense1/biases', { shape: [], values: Float64Array.of(Math.PI) }],
]);

describe('files of arrays', () => {
  it('give back every bit of what was written, .npz and safetensors', () => {
    for (const back of [decodeNpz(encodeNpz(both), 'x.npz'), decodeSafetensors(encodeSafetensors(both), 'x')]) {
      expect([...back.keys()]).to.deep.equal([...both.keys()]);
      for (const [name, { shape, values }] of both) {
        expect(back.get(name)!.shape).to.deep.equal(shape);
        expect(back.get(name)!.values).to.deep.equal(values);
      }
    }
  });

  it('are the same bytes for the same arrays, whatever the time is', () => {
    expect(encodeNpz(both)).to.deep.equal(encodeNpz(both));
  });

  it('hold what NumPy writes: half precision, integers, big-endian numbers, and the first axis changing fastest', () => {
    const values = (descr: string, numbers: readonly number[], shape = `(${numbers.length},)`, fortran = false) =>
      Array.from(decodeNpy(numpyFile(descr, fortran, shape, numbers), 'x.npy').values);
    // 1, the least subnormal and -65504, the most negative number, in half precision.
    expect(values('<f2', [0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb], '(3,)')).to.deep.equal([1, 2 ** -24, -65504]);
    expect(values('|i1', [255, 1], '(2,)')).to.deep.equal([-1, 1]);
    expect(values('<i8', [0xfe, 255, 255, 255, 255, 255, 255, 255], '(1,)')).to.deep.equal([-2]);
    expect(values('>f4', [0x3f, 0x80, 0, 0], '(1,)')).to.deep.equal([1]);
    expect(values('|u1', [1, 2, 3, 4, 5, 6], '(2, 3)', true)).to.deep.equal([1, 3, 5, 2, 4, 6]);
  });

  it('are written with the header that NumPy expects', () => {
    const file = encodeNpy({ shape: [2], values: Float32Array.of(1, 2) });
    expect(Buffer.from(file.subarray(0, 10)).toString('latin1')).to.equal('\x93NUMPY\x01\x00\x76\x00');
    expect(Buffer.from(file.subarray(10, 128)).toString()).to.match(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2,\), \} +\n$/,
    );
  });

  it('that are cut short, of other kinds or with a wrong length are refused with the name of the file', () => {
    const npy = encodeNpy({ shape: [2], values: Float32Array.of(1, 2) });
    expect(() => decodeNpy(npy.subarray(0, npy.length - 1), 'x.npy')).to.throw(
      /ERR_DATA_FORMAT: x.npy: expected 8 bytes/,
    );
    expect(() => decodeNpy(numpyFile('|O', false, '(1,)', [0]), 'x.npy')).to.throw(
      /numbers of one of f2, f4, .*, got '\|O'/,
    );
    expect(() => decodeNpy(Uint8Array.of(1, 2, 3), 'x.npy')).to.throw(/does not begin with/);
    expect(() => decodeNpz(npy, 'x.npz')).to.throw(/ERR_DATA_FORMAT: x.npz: expected an .npz archive/);
    const tensors = encodeSafetensors(both);
    expect(() => decodeSafetensors(tensors.subarray(0, tensors.length - 1), 'x')).to.throw(/8 bytes of numbers/);
    expect(() => decodeSafetensors(tensors.subarray(0, 20), 'x')).to.throw(/header of \d+ bytes/);
  });

  it('with one byte that is another one are refused by their checksum, .npz as a model and as data, stored and deflated, read at once and in pieces', () => {
    const values = Float32Array.from({ length: 4000 }, (_, i) => i % 7);
    const entry = encodeNpy({ shape: [400, 10], values });
    for (const level of [0, 6] as const) {
      const whole = zipSync({ 'x.npy': entry }, { level });
      const file = join(temporaryFolder(), 'x.npz');
      const rowsOf = (bytes: Uint8Array, atOnce: number) => {
        writeFileSync(file, bytes);
        const array = openNpz(file).get('x')!();
        for (let row = 0; row < 400; row += atOnce) array.read(row, Math.min(400, row + atOnce));
      };
      for (const atOnce of [400, 64]) expect(() => rowsOf(whole, atOnce)).to.not.throw();
      const other = whole.slice();
      if (level === 0) other[other.length - 1000]! ^= 1;
      // Of deflated bytes another one seldom ends in such: the checksum itself is another, in the list at the end.
      else other[other.length - 22 - 'x.npy'.length - 46 + 16]! ^= 1;
      for (const atOnce of [400, 64])
        expect(() => rowsOf(other, atOnce)).to.throw(/ERR_DATA_FORMAT: .*x\.npy: expected the bytes that were written/);
      expect(() => decodeNpz(other, 'm.npz')).to.throw(/ERR_DATA_FORMAT: m\.npz: x\.npy: .*damaged/);
    }
  });
});
