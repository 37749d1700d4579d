import { expect } from 'chai';
import type { CodecSpec } from '../../../protocol/codecs/codec.js';
import { memoryAccepts } from '../../../protocol/codecs/memory.js';
import { codecs, loadCodec, loadMemory } from '../../../protocol/codecs/registry.js';
import { GradswarmError } from '../../../protocol/errors.js';

async function failure(promise: Promise<unknown>): Promise<GradswarmError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GradswarmError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('protocol/codecs/registry', () => {
  it('a name without a file, of a file that is no codec, of a memory, or that is a path, is no codec: ERR_SCENARIO', async () => {
    for (const name of ['top-kk', 'bit-stream', 'registry', 'error-feedback', '../method', './identity', '', 'Top-K'])
      expect((await failure(loadCodec({ name }))).code, name).to.equal('ERR_SCENARIO');
    expect((await failure(loadMemory({ name: 'identity' }))).code).to.equal('ERR_SCENARIO');
  });

  it('a ladder of unbiased codecs has the largest omega of them, lossless ones nothing to add; where one states none it states none', async () => {
    const omegaOf = async (...ladder: CodecSpec[]) => (await loadCodec({ name: 'adaptive', ladder })).omega;
    const eighth = { name: 'natural' };
    expect(await omegaOf({ name: 'identity' }, eighth)).to.equal(1 / 8);
    expect(await omegaOf({ name: 'random-k', fraction: 0.25, scaled: true }, eighth)).to.be.closeTo(3, 1e-12);
    expect(await omegaOf({ name: 'identity' }, { name: 'scaled-sign' })).to.equal(undefined);
    // natural, for as long as this takes, as a codec that does not say its omega.
    const [natural, module] = [codecs.get('natural'), await codecs.module('natural')];
    const { omega: _, ...silent } = await loadCodec(eighth);
    codecs.add({ ...natural, create: () => silent });
    try {
      const codec = await loadCodec({ name: 'adaptive', ladder: [eighth, { name: 'random-k', scaled: true }] });
      expect([codec.contract, codec.omega]).to.deep.equal(['unbiased', undefined]);
      // So a memory, which an expanding error would make diverge, takes the ladder no more than the codec itself.
      for (const needs of ['contractive', 'contractive-or-absolute'] as const)
        expect([memoryAccepts({ needs }, silent), memoryAccepts({ needs }, codec)]).to.deep.equal([false, false]);
    } finally {
      codecs.add(natural, module);
    }
  });

  it('an unknown setting, or a value out of range, is ERR_SCENARIO and names the setting and what was expected', async () => {
    const cases: readonly (readonly [CodecSpec, RegExp])[] = [
      [{ name: 'qsgd', level: 4 }, /codec.level: expected the name of a setting, got 'level'; nearest is 'levels'/],
      [{ name: 'identity', block: 4 }, /codec.block: expected the name of a setting \(there is none\), got 'block'/],
      [{ name: 'qsgd', levels: 0 }, /codec.levels: expected an integer in \[1, 32767\], got 0/],
      [{ name: 'bf16', rounding: 'up' }, /codec.rounding: expected one of 'nearest', 'stochastic', got 'up'/],
      [{ name: 'top-k', fraction: 1.5 }, /codec.fraction: expected a number in \(0, 1\], got 1.5/],
      [{ name: 'top-k', values: 7 }, /codec.values: expected the name of a codec, or an object with a name/],
      [{ name: 'random-k', scaled: 1 }, /codec.scaled: expected true or false, got 1/],
      [
        { name: 'top-k', values: { name: 'int8-linear', block: 0 } },
        /codec.values.block: expected an integer in \[1, 2147483647\], got 0/,
      ],
    ];
    for (const [spec, message] of cases) {
      const error = await failure(loadCodec(spec));
      expect(error.code).to.equal('ERR_SCENARIO');
      expect(error.message).to.match(message);
    }
    expect((await failure(loadMemory({ name: 'dgc', momentum: -1 }))).message).to.match(
      /memory.momentum: expected a number in \[0, 1\], got -1/,
    );
  });

  it('a nested codec that does not exist is ERR_SCENARIO with its own name', async () => {
    const error = await failure(loadCodec({ name: 'top-k', values: { name: 'bf17' } }));
    expect(error.code).to.equal('ERR_SCENARIO');
    expect(error.message).to.contain("'bf17'");
  });
});
