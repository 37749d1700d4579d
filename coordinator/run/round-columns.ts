import type { CodingCosts } from '../../protocol/party/coding-cost.js';
import type { ByteCounts } from '../../protocol/party/dispatch.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { isEnergy } from '../../protocol/scenario/energy.js';

/** The coordinator's own numbers, and the mean over clients of each name that clients measured; of joules the sum. */
export function measureColumns(parties: readonly PartyReport[], own: PartyReport | null): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { measures } of parties)
    for (const [name, value] of measures) {
      const entry = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, entry);
      entry.sum += value;
      entry.count++;
    }
  const result: Record<string, number> = {};
  for (const [name, { sum, count }] of sums) result[name] = isEnergy(name) ? sum : sum / count;
  if ('computeJoules' in result) result.energyJoules = result.computeJoules! + (result.radioJoules ?? 0);
  for (const [name, value] of own?.measures ?? []) result[name] = value;
  return result;
}

/**
 * Of the directions with a codec: bytes of vectors before it and after, milliseconds that all parties together
 * spent in it, and |decoded - encoded| / |encoded| over all vectors of the round.
 */
export function codecColumns(bytes: ByteCounts, coding: CodingCosts): Record<string, number> {
  const columns: Record<string, number> = {};
  for (const [direction, name] of [
    ['up', 'Up'],
    ['down', 'Down'],
    ['peer', 'Peer'],
  ] as const) {
    const { raw, payload } = bytes[direction];
    const { encodeMs, decodeMs, squaredError, squaredNorm } = coding[direction];
    if (raw === payload && squaredNorm === 0) continue;
    columns[`rawBytes${name}`] = raw;
    columns[`payloadBytes${name}`] = payload;
    columns[`encodeMs${name}`] = encodeMs;
    columns[`decodeMs${name}`] = decodeMs;
    if (squaredNorm > 0) columns[`compressionError${name}`] = Math.sqrt(squaredError / squaredNorm);
  }
  return columns;
}
