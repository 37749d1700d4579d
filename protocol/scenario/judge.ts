import { GradswarmError } from '../errors.js';
import { describe } from '../settings/problems.js';
import type { NotApplicable } from './applicable.js';
import type { ExpectationFamily, Finding, Holds, Judgement, RunRecord } from './expectation.js';
import { matches } from './groups.js';
import type { Json, Spec } from './scenario.js';
import { choiceInWords } from './wording.js';

/** What verdict.json holds. */
export interface Verdict {
  readonly valid: Holds;
  readonly expectations: readonly Judgement[];
  /** Expectations that were written for other settings. Left out: none. */
  readonly notApplicable?: readonly NotApplicable[];
}

/**
 * Judges each expectation on all records (one record: a run; several: a sweep's points). `find` gives the family by
 * name; the specs are those of a resolved scenario. A spec's `where` narrows it to the runs with those values at those paths.
 */
export function judge(
  records: readonly RunRecord[],
  expectations: readonly Spec[],
  find: (name: string) => ExpectationFamily | undefined,
): Verdict {
  const judgements = expectations.map(({ name, where, ...settings }): Judgement => {
    const family = find(name);
    const chosen = where ? records.filter((record) => matches(record, where as Record<string, Json>)) : records;
    if (!family) throw new GradswarmError('ERR_SCENARIO', `expect: expected the name of an expectation, got '${name}'`);
    const finding = plainFinding(foundBy(family, chosen, family.settings.parse(name, settings)));
    const part = where ? `${choiceInWords(where as Record<string, Json>)}: ` : '';
    return { name, ...finding, detail: `${part}${finding.detail}` };
  });
  return { valid: conjunction(judgements.map(({ holds }) => holds)), expectations: judgements };
}

/**
 * One false makes it false, else one unknown makes it unknown. Without expectations it is unknown: what was not expected
 * was not shown. (A resolved scenario always expects `finite`, so a run that only stayed finite is valid.)
 */
export function conjunction(all: readonly Holds[]): Holds {
  if (all.includes(false)) return false;
  return all.length === 0 || all.includes('unknown') ? 'unknown' : true;
}

/** A sweep's verdict: that of every point and what is expected over all of them. */
export function sweepVerdict(points: readonly Verdict[], overall: Verdict): Holds {
  const all = points.map(({ valid }) => valid);
  return conjunction(overall.expectations.length === 0 ? all : [...all, overall.valid]);
}

/** A mistake of an expectation leaves its question open: the run is over and stands. */
function foundBy(family: ExpectationFamily, records: readonly RunRecord[], settings: object): Finding {
  try {
    const finding: Finding | undefined = family.judge(records, settings as Readonly<Record<string, unknown>>);
    if (finding && [true, false, 'unknown'].includes(finding.holds)) return finding;
    return {
      holds: 'unknown',
      observed: null,
      detail: `it found neither true, false nor 'unknown': ${describe(finding)}`,
    };
  } catch (error) {
    if (error instanceof GradswarmError) throw error;
    return { holds: 'unknown', observed: null, detail: `it threw ${error}` };
  }
}

/** JSON has no NaN and no infinity; such an observed number becomes a string. */
function plainFinding(finding: Finding): Finding {
  const { observed } = finding;
  return typeof observed === 'number' && !Number.isFinite(observed)
    ? { ...finding, observed: String(observed) }
    : finding;
}
