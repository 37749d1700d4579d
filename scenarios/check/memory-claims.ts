import type { Codec } from '../../protocol/codecs/codec.js';
import type { Memory } from '../../protocol/codecs/memory.js';
import { loadCodec } from '../../protocol/codecs/registry.js';
import type { Precision, ReadonlyVector } from '../../protocol/method.js';
import { copy, precisionOf } from '../../protocol/numerics/vector.js';
import { decodeState, encodeState } from '../../protocol/party/state-codec.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';
import { INPUTS, stream } from './parts/codec-inputs.js';

const LENGTH = 12;
const STEPS = 8;
const MOST_SENDS = 400;
const FEW = { name: 'top-k', fraction: 0.25 };
const ONE = { name: 'top-k', fraction: 1 / LENGTH };

/** The contract of a memory: pure functions over plain states, receivers that hold what `post` answered, and nothing that never arrives. */
export function memoryClaims(open: () => Promise<Memory>): readonly Claim[] {
  return (['float32', 'float64'] as const).flatMap((precision) => [
    claim(`keeps plain data of the run's precision, and changes none of its arguments (${precision})`, async () => {
      const [memory, codec] = [await open(), await loadCodec(FEW)];
      let state = memory.init(LENGTH, precision);
      for (let step = 0; step < STEPS; step++) {
        expectPlain(state, precision);
        const value = valueAt(step, precision);
        const before = structuredClone({ state, value });
        const { prepared, decoded } = sent(memory, codec, state, value, precision);
        ensureEqual([prepared.length, precisionOf(prepared)], [LENGTH, precision], 'length and precision of prepare');
        const into = copy(prepared).fill(7);
        ensureEqual(copy(memory.prepare(state, value, into)), copy(prepared), 'prepare with a vector to write to');
        const given = structuredClone({ prepared, decoded });
        memory.deliveredValue(state, decoded);
        expectPlain(memory.lost(state, value, prepared, decoded), precision);
        const next = memory.settle(state, value, prepared, decoded);
        ensureEqual({ state, value }, before, `message ${step}, what was given, afterwards`);
        ensureEqual({ prepared, decoded }, given, `message ${step}, what was given, afterwards`);
        state = next;
      }
    }),
    claim(`does the same again from the same state, in a copy too (${precision})`, async () => {
      const codec = await loadCodec(FEW);
      const run = (memory: Memory, copied: boolean) => {
        let state = memory.init(LENGTH, precision);
        for (let step = 0; step < STEPS; step++) {
          const value = valueAt(step, precision);
          const { prepared, decoded } = sent(memory, codec, state, value, precision);
          state =
            step % 3 === 1
              ? memory.lost(state, value, prepared, decoded)
              : memory.settle(state, value, prepared, decoded);
          if (copied) state = decodeState(encodeState(state));
        }
        return decodeState(encodeState(state));
      };
      const memory = await open();
      const first = run(memory, false);
      ensureEqual(run(memory, true), first, `state after ${STEPS} messages, the second time with copied states`);
    }),
    claim(`receivers hold what deliveredValue says (${precision})`, async () => {
      const [memory, codec] = [await open(), await loadCodec(FEW)];
      let state = memory.init(LENGTH, precision);
      let receiver = memory.receiver?.init(LENGTH, precision);
      for (let step = 0; step < STEPS; step++) {
        const value = valueAt(step, precision);
        const { prepared, decoded } = sent(memory, codec, state, value, precision);
        const reported = copy(memory.deliveredValue(state, decoded));
        let held: ReadonlyVector = decoded;
        if (memory.receiver) [held, receiver] = memory.receiver.receive(receiver, decoded);
        ensureEqual(reported, copy(held), `message ${step}: deliveredValue against what a receiver holds`);
        state = memory.settle(state, value, prepared, decoded);
      }
    }),
    claim(
      `what one message leaves out comes with a later one: each of 12 equal entries within ${MOST_SENDS} (${precision})`,
      async () => {
        const [memory, codec] = [await open(), await loadCodec(ONE)];
        let state = memory.init(LENGTH, precision);
        const arrived = new Set<number>();
        const value = INPUTS.constant!(LENGTH, precision);
        for (let step = 0; step < MOST_SENDS && arrived.size < LENGTH; step++) {
          const { prepared, decoded } = sent(memory, codec, state, value, precision);
          for (const [i, x] of decoded.entries()) if (x !== 0) arrived.add(i);
          state = memory.settle(state, value, prepared, decoded);
        }
        ensure(arrived.size === LENGTH, `entries that arrived: expected ${LENGTH}, got ${arrived.size}`);
      },
    ),
  ]);
}

function sent(memory: Memory, codec: Codec, state: unknown, value: ReadonlyVector, precision: Precision) {
  const prepared = memory.prepare(state, value);
  const decoded = codec.decode(codec.encode(prepared, stream(4, precision)), LENGTH, precision);
  return { prepared, decoded };
}

function valueAt(step: number, precision: Precision) {
  return stream(20 + step, precision).normal(LENGTH);
}

function expectPlain(value: unknown, precision: Precision, path = 'state'): void {
  encodeState(value, path);
  if (value instanceof Float32Array || value instanceof Float64Array)
    ensureEqual(precisionOf(value), precision, `precision of ${path}`);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    for (const [key, inner] of Object.entries(value)) expectPlain(inner, precision, `${path}.${key}`);
}
