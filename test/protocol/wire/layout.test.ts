import { expect } from 'chai';
import fc from 'fast-check';
import { GradswarmError } from '../../../protocol/errors.js';
import type { MessageKind, Precision } from '../../../protocol/method.js';
import type { AnyPayload } from '../../../protocol/wire/encoded-message.js';
import { joinBody } from '../../../protocol/wire/frame.js';
import { KindLayout, layoutsOf } from '../../../protocol/wire/layout.js';

const KIND: MessageKind = {
  from: 'clients',
  to: 'coordinator',
  vectors: ['delta', 'control'],
  integers: ['counts'],
  bytes: ['mask'],
  scalars: ['examples', 'loss'],
};
const FINITE = { noNaN: true, noDefaultInfinity: true };
const layout = (precision: Precision = 'float64') => new KindLayout('update', 0, KIND, precision);

function payloadOf(precision: Precision): fc.Arbitrary<AnyPayload> {
  const finite = { maxLength: 9, noNaN: true, noDefaultInfinity: true };
  const vector = precision === 'float64' ? fc.float64Array(finite) : fc.float32Array(finite);
  return fc.record({
    delta: vector,
    control: vector,
    counts: fc.oneof(fc.int32Array({ maxLength: 5 }), fc.uint32Array({ maxLength: 5 })),
    mask: fc.uint8Array({ maxLength: 11 }),
    examples: fc.double(FINITE),
    loss: fc.double(FINITE),
  }) as fc.Arbitrary<AnyPayload>;
}

const sound = (): Record<string, AnyPayload[string]> => ({
  delta: Float64Array.of(1),
  control: Float64Array.of(2),
  counts: Int32Array.of(3),
  mask: Uint8Array.of(4),
  examples: 5,
  loss: 6,
});

function refusal(payload: Record<string, AnyPayload[string]>): string {
  try {
    layout().encode(payload, null);
  } catch (error) {
    expect((error as GradswarmError).code).to.equal('ERR_PAYLOAD');
    return (error as GradswarmError).message;
  }
  return 'accepted';
}

describe('the layout of a kind', () => {
  for (const precision of ['float64', 'float32'] as const)
    it(`${precision}: messages survive joining, cutting and decoding with equal bits, also from an odd offset`, () => {
      fc.assert(
        fc.property(fc.array(payloadOf(precision), { maxLength: 4 }), fc.nat(9), (payloads, offset) => {
          const messages = payloads.map((payload) => layout(precision).encode(payload, null));
          const body = joinBody({ messages });
          const moved = new Uint8Array(offset + body.length);
          moved.set(body, offset);
          const cut = layout(precision).split(moved.subarray(offset), payloads.length);
          expect(cut.map(({ byteLength }) => byteLength)).to.deep.equal(messages.map(({ byteLength }) => byteLength));
          const back = cut.map((message) => layout(precision).decode(message, 3, null));
          expect(back).to.deep.equal(payloads.map((payload) => ({ from: 3, ...payload })));
        }),
        { seed: 1, numRuns: 200 },
      );
    });

  it('gives a receiver in the same process what one behind a socket reads, and another object than was posted', () => {
    fc.assert(
      fc.property(payloadOf('float64'), (payload) => {
        const message = layout().encode({ from: 9, ...payload }, null);
        const near = layout().decode(message, 3, null);
        const [cut] = layout().split(joinBody({ messages: [message] }), 1);
        expect(near).to.deep.equal(layout().decode(cut!, 3, null));
        expect(near).not.to.equal(layout().decode(message, 3, null));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('has the length it says: 8 bytes a field, and each field of data padded to 8', () => {
    const message = layout('float32').encode(
      { ...sound(), delta: new Float32Array(3), control: new Float32Array(0) },
      null,
    );
    expect(message.byteLength).to.equal(6 * 8 + 16 + 0 + 8 + 8);
    expect(joinBody({ messages: [message] })).to.have.lengthOf(message.byteLength);
    expect(message.rawBytes).to.equal(12);
    expect(message.payloadBytes).to.equal(12);
  });

  it('gives the array that was posted where nothing is joined: no copy', () => {
    const payload = { ...sound(), delta: Float64Array.of(1, 2, 3).subarray(1) };
    const read = layout().decode(layout().encode(payload, null), 0, null);
    payload.delta[0] = 9;
    expect(read.delta).to.deep.equal(Float64Array.of(9, 3));
  });

  it('refuses a payload with a missing field and names it', () => {
    const { loss: _loss, mask: _mask, ...rest } = sound();
    expect(refusal(rest)).to.include("kind 'update': missing field mask, loss");
  });

  it('refuses a payload with a misspelt field and names it', () => {
    const { delta, ...rest } = sound();
    expect(refusal({ ...rest, detla: delta! })).to.include(
      "kind 'update': expected the fields delta, control, counts, mask, examples, loss, got 'detla'",
    );
  });

  it('refuses a payload with one field too many and names it', () => {
    expect(refusal({ ...sound(), gradient: Float64Array.of(1) })).to.include("got 'gradient'");
  });

  it('refuses values that are another thing behind a socket: true for 1, 16-bit integers, an array of bytes', () => {
    expect(refusal({ ...sound(), loss: true as never })).to.contain("scalar 'loss': expected a number");
    expect(refusal({ ...sound(), counts: Int16Array.of(3) as never })).to.contain(
      "integers 'counts': expected an Int32",
    );
    expect(refusal({ ...sound(), mask: [4] as never })).to.contain("bytes 'mask': expected a Uint8Array");
    expect(refusal({ ...sound(), delta: [1] as never })).to.contain("vector 'delta': expected float64 numbers");
  });

  it('refuses a vector of the other precision, and says how vectors are made', () => {
    expect(refusal({ ...sound(), control: Float32Array.of(1) })).to.include(
      "vector 'control': expected float64 numbers, got 4-byte ones; make vectors with at.zeros()",
    );
  });

  it('takes a received message as a payload: its sender is no field', () => {
    expect(refusal({ ...sound(), from: 3 })).to.equal('accepted');
  });

  it('refuses numbers that are not finite and vectors of another length than the model, near and behind a socket', () => {
    const kind: MessageKind = { ...KIND, otherLengths: ['control'] };
    const two = new KindLayout('update', 0, kind, 'float64', 2);
    const problem = (change: Record<string, AnyPayload[string]>): string[] => {
      const message = two.encode({ ...sound(), delta: Float64Array.of(1, 2), ...change }, null);
      const [cut] = two.split(joinBody({ messages: [message] }), 1);
      return [message, cut!].map((each) => {
        try {
          two.decode(each, 3, null);
          return 'read';
        } catch (error) {
          return (error as GradswarmError).code;
        }
      });
    };
    expect(problem({})).to.deep.equal(['read', 'read']);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(problem({ delta: Float64Array.of(1, bad) })).to.deep.equal(['ERR_NOT_FINITE', 'ERR_NOT_FINITE']);
      expect(problem({ control: Float64Array.of(1, 2, 3, 4, 5, bad, 7) })).to.deep.equal([
        'ERR_NOT_FINITE',
        'ERR_NOT_FINITE',
      ]);
      expect(problem({ loss: bad })).to.deep.equal(['ERR_NOT_FINITE', 'ERR_NOT_FINITE']);
    }
    expect(problem({ delta: Float64Array.of(1) })).to.deep.equal(['ERR_FRAME_LENGTH', 'ERR_FRAME_LENGTH']);
    expect(problem({ delta: Float64Array.of(1, 2, 3) })).to.deep.equal(['ERR_FRAME_LENGTH', 'ERR_FRAME_LENGTH']);
    expect(problem({ control: new Float64Array(9) })).to.deep.equal(['read', 'read']);
  });

  it('finds a number that is not finite at any place, and takes the largest, the least and the subnormal for finite', () => {
    for (const precision of ['float32', 'float64'] as const) {
      const one = new KindLayout('update', 0, { from: 'clients', to: 'coordinator', vectors: ['x'] }, precision);
      const array = (numbers: number[]) =>
        precision === 'float32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
      const read = (numbers: number[]): boolean => {
        try {
          one.decode(one.encode({ x: array(numbers) }, null), 3, null);
          return true;
        } catch {
          return false;
        }
      };
      const [largest, least] = precision === 'float32' ? [3.4028234663852886e38, 1.4e-45] : [Number.MAX_VALUE, 5e-324];
      for (let length = 0; length < 9; length++) {
        const sound = Array.from({ length }, (_, i) => [largest, -largest, least, -least, 0, -0, 1.5][i % 7]!);
        expect(read(sound), `${precision} ${length}`).to.equal(true);
        for (let at = 0; at < length; at++)
          for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
            expect(read(sound.with(at, bad)), `${precision} ${length} ${at} ${bad}`).to.equal(false);
      }
    }
  });

  it('refuses kinds that declare a reserved name or one name twice', () => {
    for (const fields of [{ vectors: ['from'] }, { scalars: ['absent'] }, { vectors: ['x'], scalars: ['x'] }])
      expect(() => layoutsOf({ bad: { from: 'clients', to: 'coordinator', ...fields } }, 'float64')).to.throw(
        GradswarmError,
        "ERR_PAYLOAD: kind 'bad': field names must differ",
      );
  });

  it('numbers kinds by their names, whatever the order in which a method lists them', () => {
    const one = layoutsOf({ b: KIND, a: KIND, c: KIND }, 'float64');
    const other = layoutsOf({ c: KIND, b: KIND, a: KIND }, 'float64');
    const indices = (layouts: typeof one) => ['a', 'b', 'c'].map((name) => layouts.get(name)!.index);
    expect(indices(one)).to.deep.equal([0, 1, 2]);
    expect(indices(other)).to.deep.equal([0, 1, 2]);
  });

  it('refuses a vector whose count and bytes disagree: the other side runs another model or precision', () => {
    const body = joinBody({
      messages: [
        layout('float32').encode({ ...sound(), delta: Float32Array.of(1, 2), control: Float32Array.of(1) }, null),
      ],
    });
    const [message] = layout('float64').split(body, 1);
    expect(() => layout('float64').decode(message!, 0, null)).to.throw(
      GradswarmError,
      "ERR_FRAME_LENGTH: kind 'update', vector 'delta': expected 2 numbers in 16 bytes, got 8",
    );
  });

  it('of any bytes is cut and read, or refused with ERR_FRAME_LENGTH', () => {
    fc.assert(
      fc.property(payloadOf('float64'), fc.nat(47), fc.nat(255), fc.nat(60), (payload, at, value, cut) => {
        const body = joinBody({ messages: [layout().encode(payload, null)] });
        body[at] = value;
        const short = body.subarray(0, Math.max(0, body.length - (cut < 40 ? 0 : cut - 40)));
        try {
          for (const message of layout().split(short, 1)) layout().decode(message, 0, null);
        } catch (error) {
          expect((error as GradswarmError).code, String(error)).to.equal('ERR_FRAME_LENGTH');
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('makes no millions of messages of a header alone: those of a kind without fields have no bytes', () => {
    const empty = new KindLayout('empty', 0, { from: 'coordinator', to: 'cohort' }, 'float64');
    expect(empty.split(new Uint8Array(0), 1024)).to.have.lengthOf(1024);
    expect(() => empty.split(new Uint8Array(0), 1025)).to.throw('ERR_FRAME_LENGTH');
  });

  it('asks no codec for more numbers than a frame can hold', () => {
    const packing = {
      encode: () => new Uint8Array(0),
      decode: (_field: string, _body: Uint8Array, length: number) => new Float64Array(length),
    };
    const message = layout().encode(sound(), packing);
    new DataView(message.fixed.buffer).setUint32(0, 0xffffffff, true);
    expect(() => layout().decode(message, 0, packing)).to.throw(
      GradswarmError,
      "ERR_FRAME_LENGTH: kind 'update', vector 'delta'",
    );
  });
});
