import type { ReadonlyVector, Rng } from '../method.js';
import { type AdaptiveLevelSettings, initAdaptiveLevel } from './bits/adaptive-level.js';
import { malformed } from './bits/body.js';
import type { Codec, CodecContract, CodecFamily, CodecSpec } from './codec.js';
import { isCodecSpec, SettingReader } from './settings.js';

/**
 * One of several codecs, from fine to coarse; the last byte of a body says which. By itself it takes the finest. A run moves the
 * level of each client's vectors so that the compression variance stays within `share` of their sampling variance: every
 * `everyRounds` rounds a client does its round twice, with other batches, and compares what it would have said.
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

const adaptive: CodecFamily = {
  name: NAME,
  defaults: {
    ladder: [64, 16, 4, 1].map((levels): CodecSpec => ({ name: 'qsgd', levels, coding: 'entropy' })),
    share: 0.025,
    everyRounds: 10,
    retryAfter: 10,
  },
  create(settings, build) {
    const reader = new SettingReader(`codec ${NAME}`, settings);
    const specs = reader.list('ladder', 'codecs from fine to coarse, at most 255', (value) => {
      return isCodecSpec(value) && value.name !== NAME ? value : undefined;
    });
    if (specs.length === 0 || specs.length > 255) reader.refuse('ladder', 'from 1 to 255 codecs');
    const rule = {
      ladder: specs,
      share: reader.number('share', Number.MAX_VALUE),
      retryAfter: reader.integer('retryAfter', 1, 2147483647),
    };
    initAdaptiveLevel(rule);
    return adaptiveCodec(specs.map(build), rule, reader.integer('everyRounds', 1, 2147483647));
  },
};

export default adaptive;
