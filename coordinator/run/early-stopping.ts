import type { MetricsRow, RunRecord } from '../../protocol/scenario/expectation.js';
import { figureOf, inDigits, seriesValue } from '../../protocol/scenario/quantity.js';
import type { Scenario, StopRule } from '../../protocol/scenario/scenario.js';
import { improves } from './best-round.js';

/** The rules of `stopWhen` over the rows of a run. What it has seen is a function of the rows alone, so a resumed run continues it. */
class EarlyStopping {
  private readonly rows: MetricsRow[] = [];
  private readonly rules: readonly Watched[];

  /** `before`: rows that an earlier process wrote. */
  constructor(
    private readonly scenario: Scenario,
    before: readonly MetricsRow[],
  ) {
    this.rules = (scenario.stopWhen ?? []).map((rule) => ({ rule, best: null, waited: 0 }));
    for (const row of before) this.after(row);
  }

  /** Why the run stops after this row, or null. */
  after(row: MetricsRow): string | null {
    this.rows.push(row);
    let why: string | null = null;
    for (const watched of this.rules) why ??= this.reason(watched, row);
    return why;
  }

  private reason(watched: Watched, row: MetricsRow): string | null {
    const { of, below, above, patience, minDelta } = watched.rule;
    const value = seriesValue(row, of) ?? this.figure(of);
    if (value === null) return null;
    if (below !== null && value <= below) return `${of} is ${inDigits(value)}, at most ${below}`;
    if (above !== null && value >= above) return `${of} is ${inDigits(value)}, at least ${above}`;
    if (patience === null) return null;
    if (improves(watched.rule, value, watched.best, minDelta)) {
      watched.best = value;
      watched.waited = 0;
      return null;
    }
    watched.waited++;
    const best = watched.best === null ? 'none' : inDigits(watched.best);
    return watched.waited < patience ? null : `${of} has not improved on ${best} in ${patience} values`;
  }

  /** Of the rounds so far. */
  private figure(name: string): number | null {
    const record: RunRecord = {
      scenario: this.scenario,
      rows: this.rows,
      summary: {},
      faultsFired: [],
      stateDigest: '',
    };
    return figureOf(record, name);
  }
}

/**
 * Of a run loop: when `stopWhen` ends the run. `before`: the rows so far. `endsAfter`: of a run that is replayed, which ends where the
 * recorded one did, whatever a clock says.
 */
export function stopping(
  scenario: Scenario,
  before: () => readonly MetricsRow[],
  endsAfter?: number,
): { readonly stop?: (row: MetricsRow) => string | null } {
  if (!scenario.stopWhen) return {};
  if (endsAfter !== undefined) return { stop: ({ round }) => (round >= endsAfter ? 'as recorded' : null) };
  const rules = new EarlyStopping(scenario, before());
  return { stop: (row) => rules.after(row) };
}

interface Watched {
  readonly rule: StopRule;
  best: number | null;
  /** Values since the best. */
  waited: number;
}
