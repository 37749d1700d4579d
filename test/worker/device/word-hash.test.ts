import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { openDevice } from '../../../worker/device/device.js';
import { inFourLanes, wordByWord } from '../../../worker/device/word-hash.js';

const drawn = (length: number, name: string) => rootStream(7, 'float32').derive(name).normal(length) as Float32Array;

/** FNV-1a of 32-bit words, in exact integers. */
function reference(words: readonly number[], beginning: bigint, turn: bigint): number {
  let hash = beginning;
  for (const word of words) {
    const turned = ((BigInt(word) << turn) | (BigInt(word) >> (32n - turn))) & 0xffffffffn;
    hash = ((hash ^ turned) * 0x01000193n) & 0xffffffffn;
  }
  return Number(hash);
}

const both = (words: readonly number[]) => [reference(words, 0x811c9dc5n, 0n), reference(words, 0x9747b28cn, 17n)];
const wordsOf = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

describe('worker/device: hashes of weights', () => {
  const tensors = [1, 2, 3, 4, 5, 7, 8, 1001].map((length, i) => drawn(length, `tensor ${i}`));

  it('word by word: FNV-1a with two beginnings, the second of words turned by 17 bits, however the words are cut', () => {
    const hash = wordByWord.empty();
    for (const tensor of tensors) wordByWord.add(hash, tensor);
    const expected = both(tensors.flatMap(wordsOf));
    expect([...wordByWord.key(hash)]).to.deep.equal(expected);
  });

  it('in four lanes: lane l has words l, l + 4, ... of each tensor; the key is the hash of both hashes of the lanes', () => {
    const hash = inFourLanes.empty();
    for (const tensor of tensors) inFourLanes.add(hash, tensor);
    const lanes = [0, 1, 2, 3].map((lane) =>
      both(tensors.flatMap((one) => wordsOf(one).filter((_, i) => i % 4 === lane))),
    );
    const expected = [...lanes.map(([first]) => first!), ...lanes.map(([, second]) => second!)];
    expect([...hash]).to.deep.equal(expected);
    expect([...inFourLanes.key(hash)]).to.deep.equal(both(expected));
  });

  for (const name of ['wasm', 'simd', 'simd-relaxed'])
    it(`${name}: hashes of tensors on the heap, and of what a step makes of them, have the bits of the plain loop`, async () => {
      const { hashing, stepping, upload } = await openDevice(name);
      expect(hashing).to.equal(name === 'wasm' ? wordByWord : inFourLanes);
      const plain = (all: readonly Float32Array[]) => all.reduce(hashing.add, hashing.empty());
      const weights = tensors.map((one) => upload(one, [one.length]));
      const gradients = tensors.map((one, i) => drawn(one.length, `gradient ${i}`));
      expect(stepping!.hash!(weights, hashing.empty())).to.deep.equal(plain(tensors));
      const hash = hashing.empty();
      const on = gradients.map((one) => upload(one, [one.length]));
      const next = await stepping!.stepped(weights, on, 0.3, hash);
      const stepped = tensors.map((one, i) => one.map((weight, j) => weight - 0.3 * gradients[i]![j]!));
      expect(next.map((one) => [...one.dataSync()])).to.deep.equal(stepped.map((one) => [...one]));
      expect(hash).to.deep.equal(plain(stepped));
      for (const tensor of [...weights, ...on, ...next]) tensor.dispose();
    });
});
