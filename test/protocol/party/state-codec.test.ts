import { expect } from 'chai';
import fc from 'fast-check';
import { GradswarmError } from '../../../protocol/errors.js';
import { assertFinite, decodeState, encodeState } from '../../../protocol/party/state-codec.js';

function thrown(action: () => unknown): GradswarmError {
  try {
    action();
  } catch (error) {
    if (error instanceof GradswarmError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const typedArrays = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);
const leaf = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 2 ** 51, -(2 ** 51), 2 ** 51 - 1, Number.MAX_VALUE, 5e-324),
  fc.string({ unit: 'grapheme' }),
  fc.constant('\ufeffbyte order mark'),
  fc.boolean(),
  fc.constant(null),
  typedArrays,
);
const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
const state = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('array'), tie('record')),
  array: fc.array(tie('value'), { maxLength: 6 }),
  record: fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
})).value;

/** A copy with every record's keys in the opposite order. */
function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, reversedKeys(member)]));
}

describe('encodeState and decodeState', () => {
  it('any plain state comes back with the same structure and equal bits (500 states, NaN and -0 among them)', () => {
    fc.assert(
      fc.property(state, (value) => {
        const bytes = encodeState(value);
        const back = decodeState(bytes);
        // chai's deep equality distinguishes -0 from 0, compares typed arrays by kind, and NaN with NaN.
        expect(back).to.deep.equal(value);
        expect(encodeState(back)).to.deep.equal(bytes);
      }),
      { numRuns: 500, seed: 11 },
    );
  });

  it('keeps the bits of NaNs inside a Float64Array', () => {
    const bits = new BigUint64Array([0x7ff8000000000123n, 0xfff0000000000001n]);
    const back = decodeState(encodeState(new Float64Array(bits.buffer))) as Float64Array;
    expect(new BigUint64Array(back.buffer)).to.deep.equal(bits);
  });

  it('the order in which keys were added does not show in the bytes', () => {
    expect(encodeState({ b: 1, a: { d: 2, c: 3 } })).to.deep.equal(encodeState({ a: { c: 3, d: 2 }, b: 1 }));
    fc.assert(
      fc.property(state, (value) => {
        expect(encodeState(reversedKeys(value))).to.deep.equal(encodeState(value));
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it('a million float32 numbers cost four bytes each and at most 8 bytes around them', () => {
    const bytes = encodeState(new Float32Array(1_000_000).fill(0.1));
    expect(bytes.length).to.be.within(4_000_000, 4_000_008);
  });

  it('large arrays between small values, and views into a larger buffer, keep their places', () => {
    const whole = Float64Array.from({ length: 5000 }, (_, i) => i / 3);
    const value = { a: 'before', b: whole.subarray(7, 4007), c: [1, new Int16Array(3000).fill(-2), 'after'] };
    expect(decodeState(encodeState(value))).to.deep.equal({ ...value, b: whole.slice(7, 4007) });
  });

  it('the result is a copy: writing into the source or the result does not reach the other', () => {
    const source = new Float32Array(4000).fill(1);
    const bytes = encodeState(source);
    source[0] = 2;
    const back = decodeState(bytes) as Float32Array;
    back[1] = 3;
    expect((decodeState(bytes) as Float32Array).slice(0, 2)).to.deep.equal(Float32Array.of(1, 1));
  });

  it('a member that is undefined is left out', () => {
    expect(encodeState({ a: undefined, b: 1 })).to.deep.equal(encodeState({ b: 1 }));
  });

  it("Node's Buffer counts as the Uint8Array that it extends", () => {
    expect(encodeState({ body: Buffer.from([7, 8]) })).to.deep.equal(encodeState({ body: Uint8Array.of(7, 8) }));
  });

  const cycle: { inner: unknown[] } = { inner: [] };
  cycle.inner.push({ again: cycle });
  let deep: unknown = 0;
  for (let i = 0; i < 65; i++) deep = [deep];
  const refused: [string, unknown, string][] = [
    ['a function', { a: { f: () => 0 } }, 'state.a.f'],
    ['a class instance', { list: [1, new Date(0)] }, 'state.list[1]'],
    ['a Map', { m: new Map() }, 'state.m'],
    ['a Set', [new Set()], 'state[0]'],
    ['a bigint', { count: 3n }, 'state.count'],
    ['a symbol', [Symbol('s')], 'state[0]'],
    ['undefined in an array', [1, undefined], 'state[1]'],
    ['undefined itself', undefined, 'state'],
    ['a cycle', cycle, 'state.inner[0].again'],
    ['an ArrayBuffer', { b: new ArrayBuffer(4) }, 'state.b'],
    ['a DataView', { v: new DataView(new ArrayBuffer(4)) }, 'state.v'],
    ['an array with a named member', { inbox: Object.assign([1], { absent: [] }) }, 'state.inbox'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point.
    ['an array with a hole', { h: [1, , 2] }, 'state.h'],
    ['half of a surrogate pair', { s: '\ud800' }, 'state.s'],
    ['65 levels', deep, `state${'[0]'.repeat(64)}`],
    ['the key __proto__', JSON.parse('{"__proto__": {"polluted": 1}}'), 'state'],
  ];
  for (const [what, value, path] of refused) {
    it(`${what} is refused with ERR_STATE and its path`, () => {
      const error = thrown(() => encodeState(value));
      expect(error.code).to.equal('ERR_STATE');
      expect(error.message).to.match(/^ERR_STATE: (\S+): expected plain data/);
      expect(error.message.split(': ')[1]).to.equal(path);
    });
  }

  it('64 levels, and one object in two places, are allowed', () => {
    let value: unknown = 0;
    for (let i = 0; i < 64; i++) value = [value];
    expect(decodeState(encodeState(value))).to.deep.equal(value);
    const shared = { x: 1 };
    expect(decodeState(encodeState([shared, shared]))).to.deep.equal([{ x: 1 }, { x: 1 }]);
  });
});

describe('decodeState on hostile bytes', () => {
  it('random bytes, and states with one byte changed or cut, give ERR_STATE or a state that encodes to the same bytes', () => {
    const changed = fc.tuple(state, fc.nat(), fc.nat(255), fc.boolean()).map(([value, position, byte, cut]) => {
      const bytes = encodeState(value);
      if (cut) return bytes.subarray(0, position % bytes.length);
      bytes[position % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), changed), (bytes) => {
        let value: unknown;
        try {
          value = decodeState(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(GradswarmError).with.property('code', 'ERR_STATE');
          return;
        }
        expect(encodeState(value)).to.deep.equal(Uint8Array.from(bytes));
      }),
      { numRuns: 3000, seed: 13 },
    );
  });

  const hostile: [string, number[], RegExp][] = [
    ['an array that claims 2^40 items in 9 bytes', [6, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0, 0], /entries/],
    ['a Float64Array longer than the bytes', [24, 2, ...Array(15).fill(0)], /entries/],
    ['a string that is not UTF-8', [5, 1, 0xff], /UTF-8/],
    ['keys out of order', [7, 2, 1, 98, 0, 1, 97, 0], /ascending/],
    ['a key twice', [7, 2, 1, 97, 0, 1, 97, 0], /ascending/],
    ['bytes after the end', [0, 0], /the end/],
    ['no bytes', [], /another value/],
    ['an unknown tag', [200], /known tag/],
    ['a varint with a needless byte', [3, 0x80, 0], /shortest/],
    ['a varint of nine bytes', [3, ...Array(8).fill(0xff), 1], /at most 8/],
    ['65 levels', [...Array(65).fill([6, 1]).flat(), 0], /levels/],
  ];
  for (const [what, bytes, message] of hostile) {
    it(`${what} is refused`, () => {
      const error = thrown(() => decodeState(Uint8Array.from(bytes), 'client 3'));
      expect(error.code).to.equal('ERR_STATE');
      expect(error.message).to.match(message).and.to.contain('client 3, byte');
    });
  }
});

describe('assertFinite', () => {
  it('names the party, the path and the number', () => {
    const error = thrown(() => assertFinite({ a: [{ x: Float32Array.of(1, 2, -Infinity) }] }, 3));
    expect(error.code).to.equal('ERR_NOT_FINITE');
    expect(error.message).to.contain('client 3, state.a[0].x[2]: expected a finite number, got -Infinity');
    expect(thrown(() => assertFinite({ loss: NaN }, 'coordinator')).message).to.contain('coordinator, state.loss');
  });

  it('accepts the largest and smallest finite numbers, integers of 64 bits, text and null', () => {
    assertFinite([Number.MAX_VALUE, -5e-324, Float64Array.of(-Number.MAX_VALUE), BigInt64Array.of(1n), 'NaN', null], 0);
  });
});
