import type { Codec, CodecSpec } from '../../protocol/codecs/codec.js';
import { loadCodec } from '../../protocol/codecs/registry.js';
import type { Vector } from '../../protocol/method.js';
import { log } from '../../protocol/numerics/elementary.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { accumulate } from '../../protocol/numerics/vector.js';
import { LentVectors } from '../../protocol/party/lent-vectors.js';
import { SpareMemory } from '../../protocol/wire/spare-memory.js';

/** Speed and size of the codecs. Speeds are compared with a plain copy in the same run: machines differ, ratios less. */
export interface CodecBenchOptions {
  /** Numbers per vector; 1e6 and 1e7 by default. */
  readonly lengths?: readonly number[];
  readonly codecs?: readonly CodecSpec[];
  /** The best of this many repeats is reported; 5 by default. */
  readonly repeats?: number;
  /** Called after each row, for progress. */
  readonly onRow?: (row: CodecBenchRow) => void;
}

export interface CodecBenchRow {
  readonly codec: string;
  readonly distribution: 'gaussian' | 'heavy-tailed';
  readonly length: number;
  /** Copying a Float32Array into another one, and into a new one. */
  readonly copyMbPerS: number;
  readonly newCopyMbPerS: number;
  /** Megabytes of float32 input or output a second. Encoded as in a run: a vector that was lent, into the memory of the message before. */
  readonly encodeMbPerS: number;
  readonly decodeMbPerS: number;
  /** Decoding into scratch and adding that to a sum. */
  readonly decodeAddMbPerS: number;
  /** Times the plain copy's speed. */
  readonly encodeRatio: number;
  /** The same of a vector in ordinary memory, into new memory. */
  readonly encodeOrdinaryRatio: number;
  readonly decodeRatio: number;
  readonly decodeAddRatio: number;
  readonly bitsPerParameter: number;
  /** Entropy of the decoded numbers' positions and levels a parameter; null for codes that keep real values. */
  readonly entropyBits: number | null;
  /** |decoded - x|^2 / |x|^2. */
  readonly relativeError: number;
}

/** The codecs that are compared by default. */
export const BENCHED_CODECS: readonly CodecSpec[] = [
  { name: 'identity' },
  { name: 'bf16' },
  { name: 'bf16', rounding: 'stochastic' },
  { name: 'fp16' },
  { name: 'int8-linear' },
  { name: 'int8-linear', rounding: 'stochastic' },
  { name: 'int8-dynamic' },
  { name: 'qsgd' },
  { name: 'qsgd', coding: 'entropy' },
  { name: 'terngrad' },
  { name: 'natural' },
  { name: 'scaled-sign' },
  { name: 'one-bit' },
  { name: 'random-k' },
  { name: 'top-k' },
  { name: 'top-k', values: { name: 'bf16' } },
  { name: 'threshold', absolute: 2 },
];

function input(distribution: CodecBenchRow['distribution'], length: number): Vector {
  const rng = rootStream(1, 'float32').derive('bench');
  if (distribution === 'gaussian') return rng.normal(length);
  // A fast stream is enough to give one large entry in many.
  const words = rng.words(new Uint32Array(length));
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const size = -log(((words[i]! >>> 1) + 0.5) / 2147483648);
    result[i] = (words[i]! & 1 ? -1 : 1) * size * size * size;
  }
  return result;
}

const FEWEST_REPEATS = 3;
/** Of one figure: ten million numbers may take a second. */
const ENOUGH_MS = 400;

const lentOf = new Map<number, Vector>();

/** These numbers in a vector as a run with codecs lends it; the same one for each length, since an engine grants few. */
function lentVector(value: Vector): Vector {
  const { length } = value;
  let lent = lentOf.get(length);
  if (!lent) lentOf.set(length, (lent = new LentVectors(length, 'float32', true).borrow()));
  lent.set(value);
  return lent;
}

/** Best of the repeats, in milliseconds, after one run that is not counted. Slow work is repeated less. */
function bestMs(repeats: number, work: () => void): number {
  work();
  let best = Infinity;
  let spent = 0;
  for (let i = 0; i < repeats && (i < FEWEST_REPEATS || spent < ENOUGH_MS); i++) {
    const begin = performance.now();
    work();
    const ms = performance.now() - begin;
    best = Math.min(best, ms);
    spent += ms;
  }
  return best;
}

function binaryEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
}

/** What ideal coding would need: for sparse codes the support plus the bits of the values, for coded levels their entropy. */
function entropyBound(spec: CodecSpec, decoded: Vector): number | null {
  if (spec.name === 'top-k' || spec.name === 'threshold') {
    let kept = 0;
    for (let i = 0; i < decoded.length; i++) if (decoded[i] !== 0) kept++;
    const share = kept / decoded.length;
    const valueBits = (spec.values as CodecSpec | undefined)?.name === 'bf16' ? 16 : 32;
    return binaryEntropy(share) + valueBits * share;
  }
  if (spec.name !== 'qsgd') return null;
  const levels = (spec.levels as number | undefined) ?? 16;
  const bucket = (spec.bucket as number | undefined) ?? 512;
  return levelEntropy(decoded, bucket, levels) + 32 / bucket;
}

/** Levels are distinguished by their ratio to the smallest magnitude of the bucket, which is nearly always level 1. */
function levelEntropy(decoded: Vector, bucket: number, levels: number): number {
  const counts = new Float64Array(2 * levels + 1);
  for (let from = 0; from < decoded.length; from += bucket) {
    const to = Math.min(decoded.length, from + bucket);
    let unit = Infinity;
    for (let i = from; i < to; i++) if (decoded[i] !== 0) unit = Math.min(unit, Math.abs(decoded[i]!));
    for (let i = from; i < to; i++) {
      const level = unit === Infinity ? 0 : Math.floor(decoded[i]! / unit + 0.5);
      counts[Math.max(-levels, Math.min(levels, level)) + levels]!++;
    }
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / decoded.length) * Math.log2(count / decoded.length);
  return bits;
}

function nameOf(spec: CodecSpec): string {
  const { name, ...settings } = spec;
  const parts = Object.entries(settings).map(([key, value]) => `${key} ${(value as CodecSpec)?.name ?? String(value)}`);
  return parts.length === 0 ? name : `${name} (${parts.join(', ')})`;
}

function measure(
  spec: CodecSpec,
  codec: Codec,
  distribution: CodecBenchRow['distribution'],
  value: Vector,
  repeats: number,
): CodecBenchRow {
  const { length } = value;
  const megabytes = (4 * length) / 1e6;
  const into = new Float32Array(length);
  const sum = new Float32Array(length);
  const rng = rootStream(2, 'float32').derive('encode');
  const copyMs = bestMs(repeats, () => into.set(value));
  const newCopyMs = bestMs(repeats, () => value.slice());
  let body: Uint8Array = new Uint8Array(0);
  const encodeOrdinaryMs = bestMs(repeats, () => {
    body = codec.encode(value, rng.derive(1));
  });
  const lent = lentVector(value);
  const spare = new SpareMemory(lent.byteLength);
  const encodeMs = bestMs(repeats, () => {
    spare.give(body);
    body = codec.encode(lent, rng.derive(1), (bytes) => spare.take(bytes));
  });
  const decodeMs = bestMs(repeats, () => codec.decode(body, length, 'float32', into));
  const decodeAddMs = bestMs(repeats, () => {
    accumulate(sum, 0.5, codec.decode(body, length, 'float32', into));
  });
  let error = 0;
  let energy = 0;
  for (let i = 0; i < length; i++) {
    error += (into[i]! - value[i]!) ** 2;
    energy += value[i]! ** 2;
  }
  const speed = (ms: number) => (1000 * megabytes) / ms;
  return {
    codec: nameOf(spec),
    distribution,
    length,
    copyMbPerS: speed(copyMs),
    newCopyMbPerS: speed(newCopyMs),
    encodeMbPerS: speed(encodeMs),
    decodeMbPerS: speed(decodeMs),
    decodeAddMbPerS: speed(decodeAddMs),
    encodeRatio: copyMs / encodeMs,
    encodeOrdinaryRatio: copyMs / encodeOrdinaryMs,
    decodeRatio: copyMs / decodeMs,
    decodeAddRatio: copyMs / decodeAddMs,
    bitsPerParameter: (8 * body.length) / length,
    entropyBits: entropyBound(spec, into),
    relativeError: error / energy,
  };
}

/** One row for every codec, distribution and length. Takes about a second a codec at 1e7 numbers. */
export async function benchCodecs(options: CodecBenchOptions = {}): Promise<readonly CodecBenchRow[]> {
  const rows: CodecBenchRow[] = [];
  for (const length of options.lengths ?? [1e6, 1e7])
    for (const distribution of ['gaussian', 'heavy-tailed'] as const) {
      const value = input(distribution, length);
      for (const spec of options.codecs ?? BENCHED_CODECS) {
        const row = measure(spec, await loadCodec(spec), distribution, value, options.repeats ?? 5);
        rows.push(row);
        options.onRow?.(row);
      }
    }
  return rows;
}
