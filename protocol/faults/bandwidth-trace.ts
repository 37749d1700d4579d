import { actsIn, selectsClient } from '../links/frame-filter.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { type TraceColumn, type TraceInput, TraceTable, traceIsSound, traceSettings } from './parts/trace.js';

const mbps = {
  takes: 'megabits (10^6) a second, at least 0.000001',
  holds: (value: number) => value >= 1e-6 && Number.isFinite(value),
};
/** What a CSV file has for it. */
export const columns: readonly TraceColumn[] = [
  { name: 'down', ...mbps },
  { name: 'up', ...mbps },
];
const settings = defineSettings(traceSettings(columns)).and(traceIsSound(columns));
type Settings = SettingsOf<typeof settings>;

/** Clients have the bandwidth that a trace says: `bandwidthTrace({ trace: 'phones.csv' })`. */
export function bandwidthTrace(given: Omit<Given<Settings>, 'trace'> & { readonly trace: TraceInput }): Fault {
  return faultOf({ ...given, fault: 'bandwidth-trace' } as never);
}

/** Looked up when a frame leaves, at simulated time. Between two clients the smaller of the sender's `up` and the receiver's `down` counts. */
export default defineFault({
  name: 'bandwidth-trace',
  summary:
    "Clients' bandwidth, in place of that of `links`, by the columns `down` and `up` (megabits a second) of a CSV trace",
  settings,
  isSimulated: () => true,
  create(rule) {
    const selects = selectsClient(rule.clients);
    const table = new TraceTable(rule);
    return {
      bandwidthMbps({ from, to, round, arrivesAtMs: leavesAtMs }) {
        if (!actsIn(rule, round)) return null;
        const up = from !== 'coordinator' && selects(from) ? table.at(from, round, leavesAtMs)[3]! : null;
        const down = to !== 'coordinator' && selects(to) ? table.at(to, round, leavesAtMs)[2]! : null;
        return up === null ? down : down === null ? up : Math.min(up, down);
      },
    };
  },
});
