import type { Energy } from '../scenario/scenario.js';

/** What one party did in one round, as its energy follows from it. */
interface Work {
  readonly startedMs: number;
  readonly clockMs: number;
  readonly waitedMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

type Use = Pick<Energy, 'computeWatts' | 'waitingWatts' | 'joulesPerMegabyteUp' | 'joulesPerMegabyteDown'>;

/** Joules of a device in one round: power times simulated seconds, and joules a byte times bytes on the wire. */
export function energyMeasures(use: Use, work: Work): [name: string, joules: number][] {
  const computedMs = Math.max(0, work.clockMs - work.startedMs - work.waitedMs);
  const radio = work.sentBytes * use.joulesPerMegabyteUp + work.receivedBytes * use.joulesPerMegabyteDown;
  return [
    ['computeJoules', (use.computeWatts * computedMs + use.waitingWatts * work.waitedMs) / 1000],
    ['radioJoules', radio / 1e6],
  ];
}
