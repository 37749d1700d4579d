import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { openDevice } from '../../../worker/device/device.js';
import { addToHash, emptyHash, keyOf } from '../../../worker/device/word-hash.js';

const drawn = (length: number, name: string) => rootStream(7, 'float32').derive(name).normal(length) as Float32Array;

/** The definition, a word at a time in whole numbers: word i belongs to lane i modulo 4. */
function byDefinition(numbers: Float32Array): readonly number[] {
  const mix = (hash: bigint, word: bigint) => ((hash ^ word) * 0x01000193n) & 0xffffffffn;
  const turned = (word: bigint) => ((word << 17n) | (word >> 15n)) & 0xffffffffn;
  const firsts = Array.from({ length: 4 }, () => 0x811c9dc5n);
  const seconds = Array.from({ length: 4 }, () => 0x9747b28cn);
  const words = [...new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)].map(BigInt);
  for (const [i, word] of words.entries()) {
    firsts[i % 4] = mix(firsts[i % 4]!, word);
    seconds[i % 4] = mix(seconds[i % 4]!, turned(word));
  }
  const next = words.length % 4;
  return [firsts, seconds].flatMap((lanes) => [...lanes.slice(next), ...lanes.slice(0, next)]).map(Number);
}

describe('the hash of parameters', () => {
  const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 13];

  it('gives the words to four lanes in turn, however many there are', () => {
    for (const length of lengths) {
      const numbers = drawn(length, 'numbers');
      expect([...addToHash(emptyHash(), numbers)], `${length} numbers`).to.deep.equal(byDefinition(numbers));
    }
  });

  it('is that of the whole vector, however it is cut into tensors, on every device that hashes', async () => {
    const parts = lengths.map((length, i) => drawn(length, `part ${i}`));
    const whole = byDefinition(Float32Array.from(parts.flatMap((part) => [...part])));
    const hash = emptyHash();
    for (const part of parts) addToHash(hash, part);
    expect([...hash]).to.deep.equal(whole);
    for (const name of ['wasm', 'simd', 'simd-relaxed']) {
      const device = await openDevice(name);
      const tensors = parts.filter(({ length }) => length > 0).map((part) => device.upload(part, [part.length]));
      expect([...device.stepping!.hash!(tensors, emptyHash())], name).to.deep.equal(whole);
      const stepped = emptyHash();
      // w - 0.5 x -2 w = 2 w: each word is another than before, and exact.
      const slopes = parts
        .filter(({ length }) => length > 0)
        .map((part) =>
          device.upload(
            part.map((one) => -2 * one),
            [part.length],
          ),
        );
      const next = await device.stepping!.stepped(tensors, slopes, 0.5, stepped);
      const doubled = byDefinition(
        Float32Array.from(
          parts.flatMap((part) => [...part]),
          (one) => 2 * one,
        ),
      );
      expect([...stepped], `${name}, of a step`).to.deep.equal(doubled);
      for (const tensor of [...tensors, ...slopes, ...next]) tensor.dispose();
    }
  });

  it('has another key when one bit of one word changes, wherever it is', () => {
    const numbers = drawn(11, 'numbers');
    const keys = new Set([keyOf(addToHash(emptyHash(), numbers)).join()]);
    for (let i = 0; i < 11; i++)
      for (const bit of [0, 22, 31]) {
        const changed = numbers.slice();
        new Uint32Array(changed.buffer)[i]! ^= 1 << bit;
        keys.add(keyOf(addToHash(emptyHash(), changed)).join());
      }
    expect(keys.size).to.equal(1 + 33);
  });
});
