import { withoutUpdateText } from '../../coordinator/report/units.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import { applicable } from '../../protocol/scenario/applicable.js';
import type { Judgement, RunRecord } from '../../protocol/scenario/expectation.js';
import { judge, type Verdict } from '../../protocol/scenario/judge.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { loadExpectations } from './catalogue.js';

/** What the scenario expects, and that the result is of all its clients and of some training: a run without either is inconclusive. */
export async function verdictOf(
  scenario: Scenario,
  record: RunRecord,
  result: Pick<RunResult, 'lostClients' | 'withoutUpdate' | 'roundsDone'>,
): Promise<Verdict> {
  const expectations = await loadExpectations(scenario.expect);
  const { judged, notApplicable } = applicable(scenario.expect, scenario.changed);
  const verdict: Verdict = {
    ...judge([record], judged, (name) => expectations.get(name)),
    ...(notApplicable.length > 0 && { notApplicable }),
  };
  const doubts = [allClients(scenario, result), trained(result)].filter((doubt) => doubt !== null);
  if (doubts.length === 0) return verdict;
  return {
    ...verdict,
    valid: verdict.valid === true ? 'unknown' : verdict.valid,
    expectations: [...verdict.expectations, ...doubts],
  };
}

function allClients({ clients, workers }: Scenario, { lostClients }: Pick<RunResult, 'lostClients'>): Judgement | null {
  if (lostClients.length === 0 || workers.allowAbsent) return null;
  return {
    name: 'all-clients',
    holds: 'unknown',
    observed: lostClients.length,
    detail:
      `${lostClients.length} of ${clients} clients were lost with their workers and are not in the result; ` +
      'with workers.allowAbsent = true that is allowed',
  };
}

function trained({ withoutUpdate, roundsDone }: Pick<RunResult, 'withoutUpdate' | 'roundsDone'>): Judgement | null {
  if (roundsDone === 0 || withoutUpdate < roundsDone) return null;
  return {
    name: 'trained',
    holds: 'unknown',
    observed: withoutUpdate,
    detail: `nothing was trained: ${withoutUpdateText(withoutUpdate, roundsDone)}`,
  };
}
