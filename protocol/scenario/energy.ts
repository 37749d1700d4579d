import { type TraceColumn, traceIsSound, traceSetting } from '../faults/parts/trace.js';
import type { ClientIndex } from '../method.js';
import { atLeastZero, number, positive, probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, group } from '../settings/settings.js';
import type { Energy } from './scenario.js';
import { clients } from './selectors.js';

/** Series of a run with `energy`, in joules: over the clients of a round. The first two are also measured for each client. */
export const ENERGY_SERIES = ['computeJoules', 'radioJoules', 'energyJoules'] as const;
/** The same of batteries: clients that are empty, and the mean charge as a share. */
export const BATTERY_SERIES = ['batteriesEmpty', 'batteryCharge'] as const;

/** What a CSV file of charging has. */
export const chargingColumns: readonly TraceColumn[] = [
  { name: 'charging', takes: 'watts, at least 0', holds: (value) => value >= 0 && Number.isFinite(value) },
];

export const battery = defineSettings({
  capacityJoules: positive(required, 'Charge of a full battery'),
  start: probability(1, 'Charge at the beginning of the run, as a share of the capacity'),
  resume: number(0.2, 'Share of the capacity from which a client that was empty takes part again', {
    above: 0,
    most: 1,
  }),
  trace: traceSetting(chargingColumns, null),
  period: positive(null, 'The trace begins again after so many simulated seconds; null: its last rows hold to the end'),
}).and((settings) => (settings.trace === null ? null : traceIsSound(chargingColumns)(settings as never)));

export const energy = defineSettings({
  clients: clients(required),
  computeWatts: atLeastZero(required, 'While the device computes, in simulated time'),
  waitingWatts: atLeastZero(0, 'While it waits for messages of its round'),
  joulesPerMegabyteUp: atLeastZero(0, 'For each 10^6 bytes that it sends, framing included'),
  joulesPerMegabyteDown: atLeastZero(0, 'For each 10^6 bytes that it receives'),
  battery: group(battery, null, 'null: on the mains'),
});

/** Is it what a client's device used? */
export function isEnergy(measure: string): boolean {
  return measure === 'computeJoules' || measure === 'radioJoules';
}

/** The client's entry, or null. */
export function energyOf(entries: readonly Energy[], client: ClientIndex): Energy | null {
  return entries.findLast((entry) => entry.clients === 'all' || entry.clients.includes(client)) ?? null;
}
