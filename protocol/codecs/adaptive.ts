import type { ReadonlyVector, Rng } from '../method.js';
import { count, list, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import type { AdaptiveLevelSettings } from './bits/adaptive-level.js';
import { malformed } from './bits/body.js';
import { type Codec, type CodecContract, type CodecSpec, defineCodec } from './codec.js';
import { buildCodec, codec } from './registry.js';

/**
 * One of several codecs, from fine to coarse; the last byte of a body is its index. Initially the finest. A run moves the
 * level of each client's vectors so that the compression variance stays within `share` of their sampling variance: every
 * `everyRounds` rounds a client does its round twice, with other batches, and compares the two messages.
 */
export interface AdaptiveCodec extends Codec {
  readonly ladder: readonly Codec[];
  readonly rule: AdaptiveLevelSettings;
  readonly everyRounds: number;
  encodeAt(level: number, value: ReadonlyVector, rng: Rng): Uint8Array;
}

const NAME = 'adaptive';

export function isAdaptive(codec: Codec): codec is AdaptiveCodec {
  return 'ladder' in codec;
}

/** The weakest promise of all: a ladder of unbiased and contractive codecs together keeps neither. */
function commonContract(ladder: readonly Codec[]): CodecContract {
  const [first, ...others] = new Set(ladder.map(({ contract }) => contract).filter((each) => each !== 'lossless'));
  if (first === undefined) return 'lossless';
  return others.length === 0 ? first : 'none';
}

export function adaptiveCodec(
  ladder: readonly Codec[],
  rule: AdaptiveLevelSettings,
  everyRounds: number,
): AdaptiveCodec {
  const [finest] = ladder as readonly [Codec, ...Codec[]];
  const contract = commonContract(ladder);
  const encodeAt = (level: number, value: ReadonlyVector, rng: Rng): Uint8Array => {
    const inner = ladder[level]!.encode(value, rng);
    const body = new Uint8Array(inner.length + 1);
    body.set(inner);
    body[inner.length] = level;
    return body;
  };
  return {
    name: NAME,
    contract,
    ...(contract === 'unbiased' && { omega: Math.max(...ladder.map(({ omega }) => omega ?? 0)) }),
    ...(finest.expectedSquaredError && { expectedSquaredError: (value) => finest.expectedSquaredError!(value) }),
    ladder,
    rule,
    everyRounds,
    encodeAt,
    encode: (value, rng) => encodeAt(0, value, rng),
    decode(body, length, precision, into) {
      const codec = ladder[body[body.length - 1] ?? ladder.length];
      if (!codec) return malformed(NAME, `the last byte names no codec of a ladder of ${ladder.length}`);
      return codec.decode(body.subarray(0, -1), length, precision, into);
    },
  };
}

const adaptive = defineCodec({
  name: NAME,
  summary: "One of several codecs, the coarsest whose variance stays within a share of the gradient's own",
  settings: defineSettings({
    ladder: list(
      codec(required, 'A codec'),
      [64, 16, 4, 1].map((levels): CodecSpec => ({ name: 'qsgd', levels, coding: 'entropy' })),
      'Codecs from fine to coarse, 255 at most',
      1,
    ),
    share: positive(0.025, 'Largest compression variance / sampling variance'),
    everyRounds: count(10, 'Rounds from one measurement to the next, which costs a second gradient', 2147483647),
    retryAfter: count(10, 'Measurements after which a codec that was too coarse is tried again', 2147483647),
  }).and(({ ladder }) =>
    ladder.length <= 255 && ladder.every(({ name }) => name !== NAME)
      ? null
      : { at: 'ladder', expected: 'at most 255 codecs, none of them adaptive' },
  ),
  create({ ladder, share, retryAfter, everyRounds }): Codec {
    return adaptiveCodec(ladder.map(buildCodec), { ladder, share, retryAfter }, everyRounds);
  },
});

export default adaptive;
