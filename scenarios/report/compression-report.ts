import type { ReportTable } from '../../coordinator/report/report.js';
import { betweenWords } from '../../coordinator/report/run-plots.js';
import { bytesText, numberText, timeText } from '../../coordinator/report/units.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { valueInWords } from '../../protocol/scenario/wording.js';

const DIRECTIONS = [
  ['Up', 'up', 'bytesUp'],
  ['Down', 'down', 'bytesDown'],
  ['Peer', null, 'bytesPeer'],
] as const;

/** What the codecs of a run did, a row for each direction in which there was one; null when there was none. */
export function compressionTable(
  { codecs }: Scenario,
  rows: readonly MetricsRow[],
  edgeServers: number,
): ReportTable | null {
  const lines = DIRECTIONS.flatMap(([suffix, words, wireColumn]) => {
    const total = (name: string) => rows.reduce((sum, { extra }) => sum + (extra[`${name}${suffix}`] ?? 0), 0);
    const raw = total('rawBytes');
    const payload = total('payloadBytes');
    if (raw === 0) return [];
    const wire = rows.reduce((sum, row) => sum + row[wireColumn], 0);
    const errors = rows.flatMap(({ extra }) => extra[`compressionError${suffix}`] ?? []);
    const error = errors.reduce((sum, each) => sum + each, 0) / Math.max(1, errors.length);
    return [
      [
        words ?? betweenWords(edgeServers),
        bytesText(raw),
        bytesText(payload),
        bytesText(wire),
        `${numberText(raw / payload)} : 1`,
        `${numberText(raw / wire)} : 1`,
        timeText(total('encodeMs')),
        timeText(total('decodeMs')),
        numberText(error),
      ],
    ];
  });
  if (lines.length === 0) return null;
  const used = Object.entries(codecs).filter(([, { codec, memory }]) => codec.name !== 'identity' || memory !== null);
  return {
    heading: 'Compression',
    note: `${used.map(([kind, { codec, memory, scope }]) => `${kind}: ${valueInWords(codec)}${memory ? ` with ${valueInWords(memory)}` : ''}${scope === 'tensor' ? ', tensor by tensor' : ''}`).join('; ')}. Vectors alone are compressed: the wire holds headers, scalars and kinds without a codec too. Times are those of all parties together; the relative error is the mean over the rounds.`,
    columns: [
      'direction',
      'vectors before',
      'vectors after',
      'on the wire',
      'ratio of vectors',
      'ratio on the wire',
      'encoding',
      'decoding',
      'relative error',
    ],
    rows: lines,
  };
}
