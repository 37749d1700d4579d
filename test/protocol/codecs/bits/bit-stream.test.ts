import { expect } from 'chai';
import { BitReader, BitWriter } from '../../../../protocol/codecs/bits/bit-stream.js';

const reader = (...bytes: number[]) => new BitReader(Uint8Array.from(bytes));

describe('protocol/codecs/bits/bit-stream', () => {
  it('gives the bits of a byte from the lowest, and notices the first bit beyond the end', () => {
    const exact = reader(0b1011_0110);
    expect([exact.read(3), exact.read(5), exact.overrun]).to.deep.equal([0b110, 0b10110, false]);
    expect([exact.read(1), exact.overrun]).to.deep.equal([0, true]);
  });

  it('many numbers of one width: as many as fit, and one bit too many is noticed', () => {
    const values = new Int32Array(3);
    const exact = reader(0xff, 0x01);
    expect(exact.readAll(values, 2, 1, 8)).to.equal(255);
    expect([...values.subarray(0, 2), exact.overrun]).to.deep.equal([254, 0, false]);
    const short = reader(0xff, 0x01);
    short.readAll(values, 1, 0, 17);
    expect(short.overrun).to.equal(true);
  });

  it('long numbers of 0 to 32 bits are read as they were written, between others', () => {
    const widths = Array.from({ length: 33 }, (_, width) => width);
    const numberOf = (width: number) => (width === 0 ? 0 : (0x9e3779b9 >>> (32 - width)) | 1) >>> 0;
    const bytes = new Uint8Array(200);
    const writer = new BitWriter(bytes, 0);
    for (const width of widths) {
      writer.writeLong(numberOf(width), width);
      writer.write(width & 7, 3);
    }
    const written = new BitReader(bytes.subarray(0, writer.finish()));
    for (const width of widths) {
      const low = written.read(Math.min(width, 16));
      const high = written.read(Math.max(0, width - 16));
      expect(low + 65536 * high, `${width} bits`).to.equal(numberOf(width));
      expect(written.read(3)).to.equal(width & 7);
    }
  });
});
