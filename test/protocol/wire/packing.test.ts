import { expect } from 'chai';
import fc from 'fast-check';
import { GradswarmError } from '../../../protocol/errors.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { pack, unpack } from '../../../protocol/wire/packing.js';

function refusalOf(bytes: unknown, values?: number): string {
  try {
    unpack(bytes, values);
  } catch (error) {
    expect(error).to.be.instanceOf(GradswarmError);
    expect((error as GradswarmError).code).to.equal('ERR_PROTOCOL');
    return (error as Error).message;
  }
  return 'accepted';
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

describe('msgpack of members', () => {
  it('plain messages come back as they were', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, false),
        fc.integer(),
        fc.double({ noNaN: true }),
        fc.string(),
        fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
        fc.array(tie('any'), { maxLength: 20 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,40}$/), tie('any'), { noNullPrototype: true }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (message) => {
        const back = unpack(pack(message));
        expect(pack(back)).to.deep.equal(pack(message));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('integers of 64 bits are numbers, and what is undefined is left out', () => {
    expect(unpack(hex('82a161cf0000000100000000a162d3ffffffffffffffff'))).to.deep.equal({ a: 2 ** 32, b: -1 });
    expect(pack({ a: undefined, b: { c: undefined } })).to.deep.equal(Buffer.from('81a16280', 'hex'));
  });

  it('any bytes are a message or refused with ERR_PROTOCOL', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refusalOf(new Uint8Array(bytes))),
      { seed: 2, numRuns: 20_000 },
    );
  });

  // Typed by hand from the msgpack specification.
  const refused: readonly (readonly [what: string, bytes: unknown, why: RegExp])[] = [
    ['nothing', new Uint8Array(0), /ends too early/],
    ['something else than bytes', 'text', /one binary argument/],
    ['an array of 4 G', hex('ddffffffff'), /beyond the message/],
    ['a map of 4 G', hex('dfffffffff00'), /beyond the message/],
    ['4 GB of bytes', hex('c6ffffffff00'), /beyond the message/],
    ['a string that is cut', hex('a461'), /beyond the message/],
    ['an array that is cut', hex('9201'), /ends too early|beyond/],
    ['two messages', hex('0101'), /bytes after the message/],
    ['an extension', hex('c70372010203'), /which no message has/],
    ['the extension that stands for undefined', hex('81a161d40000'), /which no message has/],
    ['a map with a key twice', hex('9182a16101a16102'), /a key twice/],
    ['a map with a key as number and as text', hex('820101a13102'), /a key twice/],
    ['a record of msgpackr', hex('d47240'), /which no message has/],
    ['the byte that is never used', hex('c1'), /which no message has/],
    ['nesting', new Uint8Array(1000).fill(0x91), /nested deeper than 32/],
    ['a long string', pack('x'.repeat(LIMITS.packedStringBytes + 1)), /a string of 65537 bytes/],
  ];
  for (const [what, bytes, why] of refused)
    it(`${what}: refused`, () => {
      expect(refusalOf(bytes)).to.match(why);
    });

  it('a few bytes that stand for millions of objects are refused before one is made', () => {
    const arrays = new Uint8Array(3_000_005).fill(0x90);
    arrays.set(hex('dd002dc6c0'));
    const before = process.memoryUsage().heapUsed;
    expect(refusalOf(arrays)).to.match(/more than 1048576 values/);
    expect(process.memoryUsage().heapUsed - before).to.be.below(40 << 20);
    expect(refusalOf(pack(Array.from({ length: 9 }, () => 0)), 9)).to.match(/more than 9 values/);
    expect(refusalOf(pack(Array.from({ length: 8 }, () => 0)), 9)).to.equal('accepted');
  });
});
