import { count, number } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type Finding, type RunRecord } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import { inDigits, seriesOf } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { series } from '../settings.js';

type Target = { loss: number } | { accuracy: number } | { of: string; below: number } | { of: string; above: number };

/** A series passes a value within the first `byRound` rounds (left out: at any time). `loss`: falls to it or below; `accuracy`: rises to it or above. */
export function reaches(settings: Target & { byRound?: number | null }): Made<Spec> {
  return madeSpec({ ...settings, name: 'reaches' });
}

export default defineExpectation({
  name: 'reaches',
  summary: 'the loss, the accuracy or another series passes a value within a number of rounds; every run of a sweep',
  settings: defineSettings({
    loss: number(null, 'The loss falls to this or below'),
    accuracy: number(null, 'The accuracy rises to this or above'),
    of: series(null, 'Another series'),
    below: number(null, 'It falls to this or below'),
    above: number(null, 'It rises to this or above'),
    byRound: count(null, 'Within so many rounds; null: at any time'),
  })
    .and(({ loss, accuracy, below, above }) =>
      [loss, accuracy, below, above].filter((value) => value !== null).length === 1
        ? null
        : { expected: 'one of loss, accuracy, below and above' },
    )
    .and(({ of, below, above }) =>
      (of !== null) === (below !== null || above !== null)
        ? null
        : { expected: "the series under 'of' together with below or above" },
    ),
  judge(records, { loss, accuracy, of, below, above, byRound }) {
    const name = of ?? (loss !== null ? 'loss' : 'accuracy');
    const ceiling = loss ?? below;
    const floor = accuracy ?? above;
    const target = ceiling !== null ? `${ceiling} or below` : `${floor} or above`;
    const passed = (value: number) => (ceiling !== null ? value <= ceiling : value >= floor!);
    let slowest: Finding = { holds: 'unknown', observed: null, detail: 'there is no record to judge' };
    for (const record of records) {
      const finding = reached(record, name, passed, target, byRound ?? record.scenario.rounds);
      if (finding.holds !== true) return finding;
      if (slowest.observed === null || Number(finding.observed) > Number(slowest.observed)) slowest = finding;
    }
    return slowest;
  },
});

function reached(
  record: RunRecord,
  name: string,
  passed: (value: number) => boolean,
  target: string,
  byRound: number,
): Finding {
  const inTime = seriesOf(record, name).filter(({ round }) => round <= byRound);
  const first = inTime.find(({ value }) => passed(value));
  if (first) {
    const detail = `${name} is ${inDigits(first.value)} after ${first.round} rounds, expected ${target} within ${byRound}`;
    return { holds: true, observed: first.round, detail };
  }
  const last = inTime.at(-1);
  if (!last) return { holds: 'unknown', observed: null, detail: `no '${name}' was recorded in ${byRound} rounds` };
  const roundsDone = record.rows.at(-1)!.round;
  const detail = `${name} is ${inDigits(last.value)} after ${last.round} rounds, expected ${target} within ${byRound}`;
  if (roundsDone < byRound)
    return { holds: 'unknown', observed: last.value, detail: `${detail}; the run has ${roundsDone} rounds` };
  return { holds: false, observed: last.value, detail };
}
