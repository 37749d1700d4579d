import { actsIn, selectsClient } from '../links/frame-filter.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { type TraceColumn, type TraceInput, TraceTable, traceIsSound, traceSettings } from './parts/trace.js';

/** What a CSV file has for it. */
export const columns: readonly TraceColumn[] = [
  { name: 'speed', takes: 'a number from 1e-9 to 1e9', holds: (value) => value >= 1e-9 && value <= 1e9 },
];
const settings = defineSettings(traceSettings(columns)).and(traceIsSound(columns));
type Settings = SettingsOf<typeof settings>;

/** Devices are as fast as a trace says: `speedTrace({ trace: 'phones.csv' })`. */
export function speedTrace(given: Omit<Given<Settings>, 'trace'> & { readonly trace: TraceInput }): Fault {
  return faultOf({ ...given, fault: 'speed-trace' } as never);
}

/** Looked up when a device begins a piece of work, at its own simulated time. */
export default defineFault({
  name: 'speed-trace',
  summary:
    "Clients' devices are faster or slower in simulated time by the column `speed` (1: as in `devices`) of a CSV trace",
  settings,
  isSimulated: () => true,
  create(rule) {
    const selects = selectsClient(rule.clients);
    const table = new TraceTable(rule);
    return {
      slowdown: (client, round, atMs) =>
        actsIn(rule, round) && selects(client) ? 1 / table.at(client, round, atMs)[2]! : 1,
    };
  },
});
