import { expect } from 'chai';
import { decodeNpy, encodeNpy } from '../../../worker/arrays/npy.js';
import { decodeNpz, encodeNpz } from '../../../worker/arrays/npz.js';
import type { NumberArray } from '../../../worker/arrays/number-array.js';
import { decodeSafetensors, encodeSafetensors } from '../../../worker/arrays/safetensors.js';

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
});
