import { expect } from 'chai';
import type { Codec, CodecSpec } from '../../../protocol/codecs/codec.js';
import type { DgcState } from '../../../protocol/codecs/memories/dgc.js';
import type { Ef21State } from '../../../protocol/codecs/memories/ef21.js';
import type { ErrorFeedbackState } from '../../../protocol/codecs/memories/error-feedback.js';
import { type Memory, memoryAccepts } from '../../../protocol/codecs/memory.js';
import { loadCodec, loadMemory } from '../../../protocol/codecs/registry.js';
import type { Precision, ReadonlyVector, Vector } from '../../../protocol/method.js';
import { accumulate, add, copy, dot, squaredDistance } from '../../../protocol/numerics/vector.js';
import { gaussian, squaredError, stream } from '../../../scenarios/check/parts/codec-inputs.js';

interface Sent<S> {
  readonly state: S;
  readonly decoded: Vector;
  readonly delivered: ReadonlyVector;
}

/** One message in the documented order of calls. */
function send<S>(memory: Memory<S>, codec: Codec, state: S, value: Vector, seed: number, lost = false): Sent<S> {
  const precision: Precision = value.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64';
  const prepared = memory.prepare(state, value);
  const decoded = codec.decode(codec.encode(prepared, stream(seed)), value.length, precision);
  const delivered = memory.deliveredValue(state, decoded);
  return { state: memory[lost ? 'lost' : 'settle'](state, value, prepared, decoded), decoded, delivered };
}

describe('protocol/codecs/memories', () => {
  it('error feedback telescopes: sum of sent + e_T = sum of values to round-off, 1,000 steps, five codecs, 10 % lost', async () => {
    const memory = (await loadMemory({ name: 'error-feedback' })) as Memory<ErrorFeedbackState>;
    for (const spec of [
      { name: 'top-k', fraction: 0.1 },
      { name: 'scaled-sign' },
      { name: 'one-bit' },
      { name: 'int8-dynamic', block: 16 },
      { name: 'random-k', fraction: 0.2, scaled: false },
    ]) {
      const codec = await loadCodec(spec);
      let state = memory.init(40, 'float64');
      const sent = new Float64Array(40);
      const given = new Float64Array(40);
      for (let step = 0; step < 1000; step++) {
        const value = gaussian(40, 'float64', step);
        const lost = step % 10 === 7;
        const message = send(memory, codec, state, value, step, lost);
        state = message.state;
        if (!lost) accumulate(sent, 1, message.decoded);
        accumulate(given, 1, value);
      }
      expect(squaredDistance(add(sent, state.error), given), JSON.stringify(spec)).to.be.below(1e-22);
      expect(dot(state.error, state.error)).to.be.above(0);
    }
  });

  it('the virtual point x - mean e moves by -gamma mean g exactly, three workers', async () => {
    const memory = (await loadMemory({ name: 'error-feedback' })) as Memory<ErrorFeedbackState>;
    const codec = await loadCodec({ name: 'top-k', count: 2 });
    const states = [0, 1, 2].map(() => memory.init(10, 'float64'));
    let point: Vector = gaussian(10, 'float64', 77);
    let virtual: Vector = copy(point);
    for (let step = 0; step < 50; step++) {
      const next = copy(point);
      const expected = copy(virtual);
      for (let worker = 0; worker < 3; worker++) {
        const value = gaussian(10, 'float64', 100 * step + worker).map((x: number) => 0.1 * x) as Vector;
        const message = send(memory, codec, states[worker]!, value, step);
        states[worker] = message.state;
        accumulate(next, -1 / 3, message.decoded);
        accumulate(expected, -1 / 3, value);
      }
      point = next;
      virtual = copy(point);
      for (const { error } of states) accumulate(virtual, -1 / 3, error);
      expect(squaredDistance(virtual, expected)).to.be.below(1e-28);
    }
  });

  it('naive top-1 averaging grows by 1 + 11 gamma / 6 a step; EF21 on the same problem reaches |x|^2 = 1.6e-15', async () => {
    const rows = [Float64Array.of(-3, 2, 2), Float64Array.of(2, -3, 2), Float64Array.of(2, 2, -3)];
    const gradient = (a: Vector, x: ReadonlyVector) => {
      const along = 2 * dot(a, x);
      return Float64Array.from(a, (entry, j) => along * entry + x[j]! / 2);
    };
    const codec = await loadCodec({ name: 'top-k', count: 1 });
    let x: Vector = Float64Array.of(1, 1, 1);
    for (let step = 0; step < 5; step++) {
      const next = copy(x);
      for (const a of rows)
        accumulate(next, -0.01 / 3, codec.decode(codec.encode(gradient(a, x), stream(1)), 3, 'float64'));
      x = next;
    }
    for (const entry of x) expect(entry).to.be.closeTo(1.0950899650726722, 1e-14);

    const memory = (await loadMemory({ name: 'ef21' })) as Memory<Ef21State>;
    const states = rows.map(() => memory.init(3, 'float64'));
    x = Float64Array.of(1, 1, 1);
    for (let step = 0; step < 5000; step++) {
      const next = copy(x);
      for (const [i, a] of rows.entries()) {
        const message = send(memory, codec, states[i]!, gradient(a, x), step);
        states[i] = message.state;
        accumulate(next, -0.003 / 3, message.delivered);
      }
      x = next;
    }
    expect(dot(x, x)).to.be.closeTo(1.6e-15, 5e-17);
  });

  it('error feedback repairs sign descent on g = 4 (1/4), -1 (3/4): without it the point moves up, with it down', async () => {
    const memory = (await loadMemory({ name: 'error-feedback' })) as Memory<ErrorFeedbackState>;
    const sign = await loadCodec({ name: 'scaled-sign' });
    const rng = stream(5);
    let state = memory.init(1, 'float64');
    let plain = 0;
    let repaired = 0;
    for (let step = 0; step < 4000; step++) {
      const value = Float64Array.of(rng.below(4) === 0 ? 4 : -1);
      plain -= Math.sign(value[0]!);
      const message = send(memory, sign, state, value, step);
      state = message.state;
      repaired -= message.decoded[0]!;
    }
    expect(plain / 4000).to.be.closeTo(0.5, 0.1);
    expect(repaired / 4000).to.be.closeTo(-0.25, 0.2);
  });

  it('EF21: the copies of sender and receiver are equal bit for bit over 300 float32 messages, a lost one included', async () => {
    const memory = (await loadMemory({ name: 'ef21' })) as Memory<Ef21State, Ef21State>;
    const codec = await loadCodec({ name: 'top-k', fraction: 0.1 });
    let state = memory.init(50, 'float32');
    let copyAtReceiver = memory.receiver!.init(50, 'float32');
    for (let step = 0; step < 300; step++) {
      const lost = step % 7 === 3;
      const message = send(memory, codec, state, gaussian(50, 'float32', step), step, lost);
      state = message.state;
      if (lost) continue;
      const [value, next] = memory.receiver!.receive(copyAtReceiver, message.decoded);
      copyAtReceiver = next;
      expect(value).to.deep.equal(message.delivered);
      expect(next.estimate).to.deep.equal(state.estimate);
    }
  });

  it('EF21 on a constant vector: |g - v|^2 shrinks by at least 1 - k / d a message', async () => {
    const memory = (await loadMemory({ name: 'ef21' })) as Memory<Ef21State>;
    const codec = await loadCodec({ name: 'top-k', count: 4 });
    const value = gaussian(40, 'float64');
    let state = memory.init(40, 'float64');
    for (let step = 0; step < 9; step++) {
      const before = squaredError(state.estimate, value);
      state = send(memory, codec, state, value, step).state;
      expect(squaredError(state.estimate, value)).to.be.at.most(before * 0.9 + 1e-30);
    }
  });

  it('DGC: u = m u + g, v = v + u; sent entries become zero in both, the others stay; two steps by hand (m = 0.5)', async () => {
    const memory = (await loadMemory({ name: 'dgc', momentum: 0.5 })) as Memory<DgcState>;
    const codec = await loadCodec({ name: 'top-k', count: 1 });
    let state = memory.init(3, 'float64');
    const first = send(memory, codec, state, Float64Array.of(4, 2, 1), 1);
    expect(Array.from(first.decoded)).to.deep.equal([4, 0, 0]);
    expect(Array.from(first.state.momentum)).to.deep.equal([0, 2, 1]);
    expect(Array.from(first.state.accumulated)).to.deep.equal([0, 2, 1]);
    state = first.state;
    // u = (4, 1 + 2, 0.5 + 1), v = (4, 2 + 3, 1 + 1.5)
    const second = send(memory, codec, state, Float64Array.of(4, 2, 1), 2);
    expect(Array.from(second.decoded)).to.deep.equal([0, 5, 0]);
    expect(Array.from(second.state.momentum)).to.deep.equal([4, 0, 1.5]);
    expect(Array.from(second.state.accumulated)).to.deep.equal([4, 0, 2.5]);
    const lost = send(memory, codec, state, Float64Array.of(4, 2, 1), 2, true);
    expect(Array.from(lost.state.momentum)).to.deep.equal([4, 3, 1.5]);
    expect(Array.from(lost.state.accumulated)).to.deep.equal([4, 5, 2.5]);
  });

  it('memories take codecs that contract: top-k and natural yes, scaled random-k and terngrad no, threshold not in EF21', async () => {
    const accepted = async (memory: string, codec: CodecSpec) =>
      memoryAccepts(await loadMemory({ name: memory }), await loadCodec(codec));
    for (const memory of ['error-feedback', 'ef21', 'dgc']) {
      for (const name of ['identity', 'top-k', 'scaled-sign', 'natural', 'int8-linear'])
        expect(await accepted(memory, { name }), `${memory}, ${name}`).to.equal(true);
      expect(await accepted(memory, { name: 'random-k', fraction: 0.5, scaled: true }), 'omega 1').to.equal(false);
      for (const name of ['random-k', 'terngrad']) expect(await accepted(memory, { name }), name).to.equal(false);
      expect(await accepted(memory, { name: 'top-k', values: { name: 'terngrad' } })).to.equal(false);
      expect(await accepted(memory, { name: 'threshold' })).to.equal(memory !== 'ef21');
    }
  });

  it('no memory changes a state or a value it is given', async () => {
    const codec = await loadCodec({ name: 'top-k', count: 3 });
    for (const name of ['error-feedback', 'ef21', 'dgc']) {
      const memory = await loadMemory({ name });
      const state = send(memory, codec, memory.init(9, 'float32'), gaussian(9, 'float32', 1), 1).state;
      const snapshot = structuredClone(state);
      const value = gaussian(9, 'float32', 2);
      const before = value.slice();
      send(memory, codec, state, value, 2);
      send(memory, codec, state, value, 2, true);
      expect(state).to.deep.equal(snapshot);
      expect(value).to.deep.equal(before);
    }
  });
});
