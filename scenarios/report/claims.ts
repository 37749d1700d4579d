import type { Claim, ClaimStatus } from '../../coordinator/report/report.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { changedInWords } from '../../protocol/scenario/applicable.js';
import type { Holds, RunRecord } from '../../protocol/scenario/expectation.js';
import { matches } from '../../protocol/scenario/groups.js';
import { conjunction, judge } from '../../protocol/scenario/judge.js';
import { seedsOf } from '../../protocol/scenario/paired-ratio.js';
import type { JsonObject, Claim as ScenarioClaim } from '../../protocol/scenario/scenario.js';
import { choiceInWords } from '../../protocol/scenario/wording.js';
import { loadExpectations } from '../run/catalogue.js';

/**
 * Each claim beside what the runs that it names gave. `records`: all runs of a sweep, or the one run. Runs with other settings than
 * the claims were written for (`changed`: paths) decide none, nor do runs whose settings were chosen by the claim.
 */
export async function judgeClaims(
  claims: readonly ScenarioClaim[],
  records: readonly RunRecord[],
  changed: readonly string[] = [],
): Promise<Claim[]> {
  const expectations = await loadExpectations(claims.flatMap(({ judgedBy }) => judgedBy));
  const judged: Claim[] = [];
  for (const { claim, source, where, against, judgedBy, text, note } of claims) {
    const claimed = records.filter((record) => where === null || matches(record, where));
    const compared = against === null ? [] : records.filter((record) => matches(record, against));
    const runs = [...claimed, ...compared.filter((record) => !claimed.includes(record))];
    const methods = [...new Set(claimed.map(({ scenario }) => scenario.method.name))];
    const { expectations: findings } = judge(runs, judgedBy, (name) => expectations.get(name));
    const others = [...new Set([...changed, ...runs.flatMap(({ scenario }) => scenario.changed ?? [])])];
    const known = claimed.length > 0 && findings.length > 0 && others.length === 0 && text !== 'chosen';
    const holds = known ? conjunction(findings.map((finding) => finding.holds)) : 'unknown';
    judged.push({
      claim,
      source,
      runs: runsInWords(methods, where, against, claimed),
      ours: findings.map(({ detail }) => detail).join('; ') || 'nothing that decides it',
      status: statusOf(holds, text === 'method' ? await anyReconstruction(methods) : text === 'reconstruction'),
      note: others.length === 0 ? note : [changedInWords(others), note].filter(Boolean).join('; '),
    });
  }
  return judged;
}

function statusOf(holds: Holds, reconstruction: boolean): ClaimStatus {
  if (holds === 'unknown') return 'not judged';
  if (reconstruction) return holds ? 'reconstruction agrees' : 'reconstruction does not agree';
  return holds ? 'reproduced' : 'not reproduced';
}

async function anyReconstruction(methods: readonly string[]): Promise<boolean> {
  const loaded = await Promise.all(methods.map(loadMethod));
  return loaded.some(({ paper }) => paper.reconstruction !== undefined);
}

function runsInWords(
  methods: readonly string[],
  where: JsonObject | null,
  against: JsonObject | null,
  claimed: readonly RunRecord[],
): string {
  if (claimed.length === 0) return 'no run';
  const { 'method.name': _, ...settings } = where ?? {};
  const which = Object.keys(settings).length === 0 ? '' : ` (${choiceInWords(settings)})`;
  const rivals = against === null ? '' : ` against ${choiceInWords(against)}`;
  const seeds = seedsOf(claimed);
  return `${methods.join(', ')}${which}${rivals}; ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
}
