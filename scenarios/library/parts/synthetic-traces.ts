import { logNormal } from '../../../protocol/numerics/distributions.js';
import { sineOfTurns } from '../../../protocol/numerics/elementary.js';
import { rootStream } from '../../../protocol/numerics/random.js';

const HALF_HOUR = 1800;
const HALF_HOURS = 48;

/** [client, time, available, speed, down, up], a row each half hour of a day. */
type SyntheticRows = readonly (readonly [number, number, number, number, number, number])[];

/**
 * Phones of four time zones over a day, made up: no measurement. A phone is on with probability 0.55 + 0.35 sin(2 pi (t / day + zone / 4));
 * its speed is a log-normal factor of its own (log-sd 0.6) times one of each half hour (0.1); its bandwidth is log-normal around
 * 10 Mbit/s down (0.6) times one of each half hour (0.5), a quarter of it up. Every number is drawn from (seed, client) alone.
 */
export function syntheticTraces({ clients, seed }: { readonly clients: number; readonly seed: number }): SyntheticRows {
  const streams = rootStream(seed, 'float64').derive('synthetic-traces');
  const inShort = (value: number): number => Number(value.toPrecision(4));
  return Array.from({ length: clients }, (_, client) => {
    const draws = streams.derive(client);
    const speed = logNormal(draws, 0, 0.6);
    const down = 10 * logNormal(draws, 0, 0.6);
    return Array.from({ length: HALF_HOURS }, (_, at) => {
      const chance = 0.55 + 0.35 * sineOfTurns(at / HALF_HOURS + (client % 4) / 4);
      const available = draws.uniform() < chance ? 1 : 0;
      const now = inShort(speed * logNormal(draws, 0, 0.1));
      const bandwidth = inShort(down * logNormal(draws, 0, 0.5));
      return [client, at * HALF_HOUR, available, now, bandwidth, inShort(bandwidth / 4)] as const;
    });
  }).flat();
}

/** As a CSV file. */
export function traceCsv(rows: SyntheticRows): string {
  return `${['client,time,available,speed,down,up', ...rows.map((row) => row.join(','))].join('\n')}\n`;
}
