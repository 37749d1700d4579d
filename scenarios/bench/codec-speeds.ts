import type { BenchmarkOptions, BenchmarkRow } from '../run.js';
import { type Benchmark, rowOf } from './benchmark.js';
import { BENCHED_CODECS, benchCodecs, type CodecBenchRow } from './codecs.js';

const LENGTH = 1e6;
/** Of a copy's speed, for decoding and adding to a sum. */
const DECODE_ADD_AIM = 0.3;

function rowsOf(rows: readonly CodecBenchRow[]): readonly BenchmarkRow[] {
  const [first] = rows;
  if (!first) return [];
  const name = `codec ${first.codec}`;
  const speeds = (of: (row: CodecBenchRow) => number) => rows.map(of);
  return [
    rowOf(
      `${name}, encode`,
      'x copy',
      speeds(({ encodeRatio }) => encodeRatio),
    ),
    rowOf(
      `${name}, decode`,
      'x copy',
      speeds(({ decodeRatio }) => decodeRatio),
    ),
    rowOf(
      `${name}, decode and add`,
      'x copy',
      speeds(({ decodeAddRatio }) => decodeAddRatio),
      {
        aim: { atLeast: DECODE_ADD_AIM },
      },
    ),
    rowOf(
      `${name}, size`,
      'bits/parameter',
      speeds(({ bitsPerParameter }) => bitsPerParameter),
    ),
  ];
}

async function measure({ repeats, signal, note }: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const spec of BENCHED_CODECS) {
    if (signal.aborted) break;
    const both = await benchCodecs({ lengths: [LENGTH], codecs: [spec], repeats });
    rows.push(...rowsOf(both.filter(({ distribution }) => distribution === 'gaussian')));
    note(`codec ${both[0]?.codec}: measured`);
  }
  return rows;
}

/** Speeds of all codecs as shares of a plain copy's, on a million Gaussian numbers. */
export const codecs: Benchmark = { name: 'codecs', run: measure };
