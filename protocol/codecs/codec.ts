import type { MessageKind, Precision, ReadonlyVector, Rng, Segment, Vector } from '../method.js';
import { extension } from '../settings/extension.js';
import type { NamedSpec } from '../settings/named-modules.js';
import type { Settings } from '../settings/settings.js';

/**
 * What a codec promises. 'lossless': decode(encode(x)) = x bit for bit. 'unbiased': the mean over its coins is x.
 * 'contractive': E|C(x) - x|^2 <= (1 - delta)|x|^2 for some delta > 0. 'absolute': the error is bounded whatever |x|.
 * 'none': none of these (a composition that breaks them); allowed only on kinds that take any codec.
 *
 * Whatever the contract, decode(encode(0)) = 0: a client with nothing to report must not move a model.
 *
 * All of them up to the rounding of a decoded number to the run's precision, and up to 2^-32 in the probability of a coin.
 */
export type CodecContract = 'lossless' | 'unbiased' | 'contractive' | 'absolute' | 'none';

/** Memory for a body of so many bytes, 8-aligned, in a buffer of its own. What it holds is any: a codec writes all of it. */
export type BodyRoom = (bytes: number) => Uint8Array;

/** Vectors become few bytes. Memoryless: what it leaves out is kept by a Memory. Multi-byte numbers are little-endian. */
export interface Codec {
  readonly name: string;
  readonly contract: CodecContract;
  /** Unbiased codecs: E|Q(x) - x|^2 <= omega |x|^2 for every x in range, Infinity where no such bound is free of length. */
  readonly omega?: number;
  /**
   * Bytes whose first byte is 8-aligned when that helps a view; an array that the codec will not touch again: a new one, or one of
   * `room`, which is used again once messages have left. Does not write into `value`. Throws ERR_CODEC_NOT_FINITE for NaN, infinities and numbers beyond the code's range.
   */
  encode(value: ReadonlyVector, rng: Rng, room?: BodyRoom): Uint8Array;
  /**
   * `length`: numbers the model has, known to the receiver. Throws ERR_CODEC_MALFORMED or ERR_CODEC_NOT_FINITE before
   * allocating anything that the bytes, and not `length`, ask for. Without `into` the result may be a view of `body`; a
   * failed decode leaves `into` (of `length` numbers) undefined.
   */
  decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector;
  /**
   * Exact size of encode's result for codes of fixed size; left out where it depends on the values. `precision` of the
   * vector, float32 by default, matters where values travel at the run's precision.
   */
  encodedBytes?(length: number, precision?: Precision): number;
  /** Exact E|decode(encode(x)) - x|^2 over the coins; left out by deterministic codecs, where one encoding gives it. */
  expectedSquaredError?(value: ReadonlyVector): number;
  /** The codec applied tensor by tensor. Left out: each tensor is coded by itself, as `bits/by-segment.ts` does. */
  bySegment?(segments: readonly Segment[]): Codec;
  /** How a codec with several levels chooses one. Left out: it has one level. */
  readonly control?: LevelControl;
}

/** Of one vector, or summed over vectors. */
export interface Variances {
  /** E|decode(encode(g)) - g|^2 over the coins: the codec's `expectedSquaredError`, or the error of one encoding. */
  readonly compressionVariance: number;
  /** Variance of g itself over batches. */
  readonly samplingVariance: number;
}

/**
 * How the level of a codec follows measurements. Pure functions over plain-data states; a state belongs to one (sender, kind,
 * field, stream) and is kept in the sender's record.
 */
export interface LevelControl<State = unknown> {
  init(): State;
  /** Reported in the rounds that measure, as `codecLevel.<kind>`. */
  levelOf(state: State): number;
  /** The codec at the state's level: encodes what the codec of all levels decodes. */
  at(state: State): Codec;
  /** Are variances measured in this round? A sender then does its round twice, with other batches, and sends one of them. */
  measuredIn(round: number): boolean;
  next(state: State, measured: Variances): State;
}

/** How a scenario names a codec: its name and its own settings. */
export type CodecSpec = NamedSpec<'codec'>;

/** The default export of every file of this folder that is a codec; the file name is the codec's name. */
export interface CodecFamily<S extends object = object> {
  readonly name: string;
  /** What it does to a vector, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  create(settings: S): Codec;
}

/** A codec that scenarios can name under `codecs`. The same value, marked as a codec. */
export function defineCodec<S extends object>(family: CodecFamily<S>): CodecFamily<S> {
  return extension('codec', family);
}

/** May this codec be used on this kind? */
export function allowedOn(kind: MessageKind, contract: CodecContract): boolean {
  if (contract === 'lossless') return true;
  if (kind.lossy === undefined) return false;
  return kind.lossy === 'any' || kind.lossy === contract;
}
