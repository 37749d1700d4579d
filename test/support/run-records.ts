import { crash } from '../../protocol/faults/crash.js';
import { drop } from '../../protocol/faults/drop.js';
import { always } from '../../protocol/faults/fault.js';
import type { Finding, MetricsRow, RunRecord } from '../../protocol/scenario/expectation.js';
import { judge } from '../../protocol/scenario/judge.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Json, Scenario, Spec } from '../../protocol/scenario/scenario.js';
import { setPath } from '../../protocol/scenario/set-path.js';
import { expectations, tinyCatalogue } from './tiny-catalogue.js';

/** Records of finished runs, written by hand. */

export const base = await resolveScenario(
  {
    name: 'judged',
    method: 'fedavg',
    data: { name: 'mnist', partition: 'dirichlet' },
    rounds: 4,
    faults: [always(drop({ probability: 0.5 })), always(crash({ client: 1 }))],
  },
  tinyCatalogue,
);

export function row(round: number, loss: number | null, others: Partial<MetricsRow> = {}): MetricsRow {
  const clocks = { simulatedMs: 10 * round, wallMs: round };
  return { round, loss, accuracy: null, bytesUp: 3, bytesDown: 5, bytesPeer: 7, ...clocks, extra: {}, ...others };
}

/** A record of these losses, one a round, at a point of a sweep. */
export function run(
  losses: readonly (number | null)[],
  point: Record<string, Json> = {},
  others: Partial<RunRecord> = {},
): RunRecord {
  const scenario = Object.entries(point).reduce(
    (so, [path, value]) => setPath(so as unknown as Spec, path, value) as unknown as Scenario,
    base,
  );
  const rows = losses.map((loss, index) => row(index + 1, loss));
  return { scenario, rows, summary: {}, faultsFired: [2, 1], stateDigest: 'a1', point, ...others };
}

export function found(records: RunRecord | readonly RunRecord[], spec: Spec): Finding {
  const all = Array.isArray(records) ? (records as readonly RunRecord[]) : [records as RunRecord];
  return judge(all, [spec], expectations.find).expectations[0]!;
}

export const falling = run([4, 2, 1, 0.5]);
