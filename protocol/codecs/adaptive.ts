import type { ReadonlyVector, Rng } from '../method.js';
import { count, list, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import {
  type AdaptiveLevelSettings,
  type AdaptiveLevelState,
  initAdaptiveLevel,
  observeAdaptiveLevel,
} from './bits/adaptive-level.js';
import { malformed } from './bits/body.js';
import { bySegment } from './bits/by-segment.js';
import { type Codec, type CodecContract, type CodecSpec, defineCodec, type LevelControl } from './codec.js';
import { buildCodec, codec } from './registry.js';

const NAME = 'adaptive';

interface Rule extends AdaptiveLevelSettings {
  readonly everyRounds: number;
}

/** The weakest promise of all: a ladder of unbiased and contractive codecs together keeps neither. */
function commonContract(ladder: readonly Codec[]): CodecContract {
  const [first, ...others] = new Set(ladder.map(({ contract }) => contract).filter((each) => each !== 'lossless'));
  if (first === undefined) return 'lossless';
  return others.length === 0 ? first : 'none';
}

/** The largest of the unbiased; none where one of them states none. */
function commonOmega(ladder: readonly Codec[]): Pick<Codec, 'omega'> {
  let omega = 0;
  for (const codec of ladder) {
    if (codec.contract === 'lossless') continue;
    if (codec.omega === undefined) return {};
    omega = Math.max(omega, codec.omega);
  }
  return { omega };
}

function encodeAt(level: number, inner: Codec, value: ReadonlyVector, rng: Rng): Uint8Array {
  const body = inner.encode(value, rng);
  const whole = new Uint8Array(body.length + 1);
  whole.set(body);
  whole[body.length] = level;
  return whole;
}

/**
 * One of several codecs, from fine to coarse; the last byte of a body is its index. Without a state it is the finest. Its
 * level keeps the compression variance within `share` of the vectors' sampling variance, measured every `everyRounds` rounds.
 */
function adaptiveCodec(ladder: readonly Codec[], rule: Rule): Codec {
  const contract = commonContract(ladder);
  const whole = {
    name: NAME,
    contract,
    ...(contract === 'unbiased' && commonOmega(ladder)),
    decode(body, length, precision, into) {
      const inner = ladder[body[body.length - 1] ?? ladder.length];
      if (!inner) return malformed(NAME, `the last byte names no codec of a ladder of ${ladder.length}`);
      return inner.decode(body.subarray(0, -1), length, precision, into);
    },
  } satisfies Partial<Codec>;
  const levels = ladder.map(
    (inner, level): Codec => ({
      ...whole,
      ...(inner.expectedSquaredError && { expectedSquaredError: (value) => inner.expectedSquaredError!(value) }),
      encode: (value, rng) => encodeAt(level, inner, value, rng),
    }),
  );
  const control: LevelControl<AdaptiveLevelState> = {
    init: () => initAdaptiveLevel(rule),
    levelOf: ({ level }) => level,
    at: ({ level }) => levels[level]!,
    measuredIn: (round) => (round + 1) % rule.everyRounds === 0,
    next: (state, measured) => observeAdaptiveLevel(rule, state, measured),
  };
  return {
    ...levels[0]!,
    control,
    bySegment: (segments) =>
      adaptiveCodec(
        ladder.map((inner) => bySegment(inner, segments)),
        rule,
      ),
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
    ladder.length <= 255 && ladder.every((spec) => !buildCodec(spec).control)
      ? null
      : { at: 'ladder', expected: 'at most 255 codecs, each of one level' },
  ),
  create({ ladder, ...rule }): Codec {
    return adaptiveCodec(ladder.map(buildCodec), { levels: ladder.length, ...rule });
  },
});

export default adaptive;
