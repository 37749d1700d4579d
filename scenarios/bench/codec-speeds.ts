import type { BenchmarkAim, BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, rowOf } from './benchmark.js';
import { BENCHED_CODECS, benchCodecs, type CodecBenchRow } from './codecs.js';

const LENGTHS = [1e6, 1e7];
/** Of a copy's speed, for decoding and adding to a sum. */
const DECODE_ADD: BenchmarkAim = { atLeast: 0.3 };
/** Of a copy's speed, for encoding ten million numbers; by the codec's name in the table. */
const ENCODE: Readonly<Record<string, number>> = {
  'scaled-sign': 1,
  bf16: 0.3,
  'int8-linear (rounding stochastic)': 0.2,
  'top-k': 0.15,
  'top-k (values bf16)': 0.15,
};
/** Bits over the entropy of what is coded. */
const SIZE_SLACK = 1.02;

function rowsOf(row: CodecBenchRow): readonly BenchmarkRow[] {
  const { codec, distribution, length, entropyBits } = row;
  const name = (what: string) => `${codec}, ${distribution}, ${length.toExponential(0).replace('+', '')}: ${what}`;
  const encodeAim = length === 1e7 ? ENCODE[codec] : undefined;
  // Fixed-width levels do not try to reach the entropy.
  const bounded = entropyBits !== null && codec !== 'qsgd';
  const sizeAim: BenchmarkAim | null = bounded ? { atMost: Number((SIZE_SLACK * entropyBits).toPrecision(4)) } : null;
  return [
    rowOf(name('encode'), 'MB/s', [row.encodeMbPerS]),
    rowOf(name('encode'), 'x copy', [row.encodeRatio], encodeAim ? { aim: { atLeast: encodeAim } } : {}),
    rowOf(name('encode a vector of ordinary memory into new memory'), 'x copy', [row.encodeOrdinaryRatio]),
    rowOf(name('decode'), 'MB/s', [row.decodeMbPerS]),
    rowOf(name('decode'), 'x copy', [row.decodeRatio]),
    rowOf(name('decode and add'), 'x copy', [row.decodeAddRatio], { aim: DECODE_ADD }),
    rowOf(name('size'), 'bits/parameter', [row.bitsPerParameter], sizeAim ? { aim: sizeAim } : {}),
  ];
}

async function measure({ repeats, signal, note }: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const spec of BENCHED_CODECS) {
    if (signal.aborted) break;
    const measured = await benchCodecs({ lengths: LENGTHS, codecs: [spec], repeats });
    rows.push(...measured.flatMap(rowsOf));
    note(`codec ${measured[0]?.codec}: measured`);
  }
  return rows;
}

/**
 * Speeds of all codecs in megabytes of float32 a second and as shares of a plain copy's in the same run, on Gaussian and heavy-tailed
 * numbers. `encode` is of a vector that a run lends, into the memory of the message before, the line below it of one in ordinary
 * memory into new memory. Sizes with the entropy of the source, where that is known.
 */
export const codecs: Benchmark = { name: 'codecs', run: measure };
