import { expect } from 'chai';
import type { CodecSpec } from '../../../protocol/codecs/codec.js';
import { loadCodec, loadMemory } from '../../../protocol/codecs/registry.js';
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
  it('a name without a file, of a file that is no codec, of a memory, or that is a path, is ERR_CODEC_UNKNOWN', async () => {
    for (const name of ['top-kk', 'bit-stream', 'registry', 'error-feedback', '../method', './identity', '', 'Top-K'])
      expect((await failure(loadCodec({ name }))).code, name).to.equal('ERR_CODEC_UNKNOWN');
    expect((await failure(loadMemory({ name: 'identity' }))).code).to.equal('ERR_CODEC_UNKNOWN');
  });

  it('an unknown setting, or a value out of range, is ERR_SCENARIO and names the setting and what was expected', async () => {
    const cases: readonly (readonly [CodecSpec, RegExp])[] = [
      [{ name: 'qsgd', level: 4 }, /codec qsgd: unknown setting 'level'; expected one of levels, bucket, norm, coding/],
      [{ name: 'identity', block: 4 }, /codec identity: unknown setting 'block'; expected no settings/],
      [{ name: 'qsgd', levels: 0 }, /codec qsgd, setting 'levels': expected an integer in \[1, 32767\], got 0/],
      [{ name: 'bf16', rounding: 'up' }, /setting 'rounding': expected 'nearest' or 'stochastic', got "up"/],
      [{ name: 'top-k', fraction: 1.5 }, /setting 'fraction': expected a number in \(0, 1\], got 1.5/],
      [{ name: 'top-k', values: 'bf16' }, /setting 'values': expected a codec such as/],
      [{ name: 'random-k', scaled: 1 }, /setting 'scaled': expected true or false, got 1/],
      [{ name: 'top-k', values: { name: 'int8-linear', block: 0 } }, /codec int8-linear, setting 'block'/],
    ];
    for (const [spec, message] of cases) {
      const error = await failure(loadCodec(spec));
      expect(error.code).to.equal('ERR_SCENARIO');
      expect(error.message).to.match(message);
    }
    expect((await failure(loadMemory({ name: 'dgc', momentum: -1 }))).message).to.match(
      /memory dgc, setting 'momentum'/,
    );
  });

  it('a nested codec that does not exist is ERR_CODEC_UNKNOWN with its own name', async () => {
    const error = await failure(loadCodec({ name: 'top-k', values: { name: 'bf17' } }));
    expect(error.code).to.equal('ERR_CODEC_UNKNOWN');
    expect(error.message).to.contain("'bf17'");
  });
});
