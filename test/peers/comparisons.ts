import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { networkRecords } from './network-records.js';
import { payloadRecords } from './payload-records.js';
import type { PeerRecord } from './peer-record.js';
import { samplerRecords } from './sampler-records.js';
import { serverRecords } from './server-records.js';

const SCRIPT = fileURLToPath(new URL('../../../test/peers/numpy/compare.py', import.meta.url));
export const NUMPY = 'numpy==2.4.6';

export interface Comparison extends Pick<PeerRecord, 'item' | 'limit' | 'unit'> {
  readonly difference: number;
}

/** Everything that was computed again in numpy, with its difference. `python`: an interpreter that has numpy. */
export async function comparisons(python: string): Promise<readonly Comparison[]> {
  const records: PeerRecord[] = [];
  for (const make of [...serverRecords, ...networkRecords, ...payloadRecords, ...samplerRecords])
    records.push(...[await make()].flat());
  const { status, stdout, stderr } = spawnSync(python, [SCRIPT], {
    input: records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  const differences = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly difference: number }).difference);
  return records.map(({ item, limit, unit }, k) => ({
    item,
    limit,
    ...(unit && { unit }),
    difference: differences[k]!,
  }));
}
