import { actsIn, selectsClient } from '../links/frame-filter.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { type TraceColumn, type TraceInput, TraceTable, traceIsSound, traceSettings } from './parts/trace.js';

/** What a CSV file has for it. */
export const columns: readonly TraceColumn[] = [
  { name: 'available', takes: '0 or 1', holds: (value) => value === 0 || value === 1 },
];
const settings = defineSettings(traceSettings(columns)).and(traceIsSound(columns));
type Settings = SettingsOf<typeof settings>;

/** Clients are on as a trace says: `availabilityTrace({ trace: 'phones.csv' })`. */
export function availabilityTrace(given: Omit<Given<Settings>, 'trace'> & { readonly trace: TraceInput }): Fault {
  return faultOf({ ...given, fault: 'availability-trace' } as never);
}

/** Looked up when the coordinator begins the round; with tasks, when it begins the server step. */
export default defineFault({
  name: 'availability-trace',
  summary: 'Clients come and go for whole rounds by the column `available` (0 or 1) of a CSV trace',
  settings,
  isSimulated: ({ timeUnit }) => timeUnit === 'seconds',
  losesMessages: true,
  create(rule) {
    const selects = selectsClient(rule.clients);
    const table = new TraceTable(rule);
    return {
      nextChangeMs: (atMs) => table.nextChangeMs(atMs),
      keepsAway: (client, round, atMs) =>
        actsIn(rule, round) && selects(client) && table.at(client, round, atMs)[2] === 0,
    };
  },
});
