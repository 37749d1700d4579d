import { expect } from 'chai';
import type { Holds, RunRecord } from '../../../../protocol/scenario/expectation.js';
import { above } from '../../../../protocol/scenario/expectations/above.js';
import { below } from '../../../../protocol/scenario/expectations/below.js';
import { between } from '../../../../protocol/scenario/expectations/between.js';
import { equalDigests } from '../../../../protocol/scenario/expectations/equal-digests.js';
import { everyFaultHappened } from '../../../../protocol/scenario/expectations/every-fault-happened.js';
import { finite } from '../../../../protocol/scenario/expectations/finite.js';
import { ratio } from '../../../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../../../protocol/scenario/expectations/reaches.js';
import type { Json, Spec } from '../../../../protocol/scenario/scenario.js';
import { base, falling, found, row, run } from '../../../support/run-records.js';

describe('expectations', () => {
  const cases: readonly [claim: string, records: RunRecord | RunRecord[], spec: Spec, holds: Holds, observed?: Json][] =
    [
      ['reaches: loss 1 after 3 rounds', falling, reaches({ loss: 1, byRound: 3 }), true, 3],
      ['reaches: not within 2', falling, reaches({ loss: 1, byRound: 2 }), false, 2],
      ['reaches: at any time', falling, reaches({ loss: 0.5 }), true, 4],
      [
        'reaches: a run that stopped early is inconclusive',
        run([4, 2]),
        reaches({ loss: 1, byRound: 3 }),
        'unknown',
        2,
      ],
      ['reaches: a run that got there and stopped can', run([4, 1]), reaches({ loss: 1, byRound: 3 }), true, 2],
      ['reaches: nothing recorded', run([null, null, null, null]), reaches({ loss: 1 }), 'unknown', null],
      ['reaches: a loss that rises again has reached it', run([4, 1, 9, 9]), reaches({ loss: 1 }), true, 2],
      ['reaches: NaN is not below', run([4, Number.NaN, Number.NaN, Number.NaN]), reaches({ loss: 1 }), false, 'NaN'],
      [
        'reaches: accuracy rises',
        { ...falling, rows: [row(1, 1, { accuracy: 0.5 }), row(2, 1, { accuracy: 0.75 })] },
        reaches({ accuracy: 0.75 }),
        true,
        2,
      ],
      [
        'reaches: accuracy needs rising, not falling',
        { ...falling, rows: [1, 2, 3, 4].map((r) => row(r, 1, { accuracy: 0.5 })) },
        reaches({ accuracy: 0.75 }),
        false,
        0.5,
      ],
      [
        'reaches: another series above',
        { ...falling, rows: [row(1, 1, { extra: { acceptance: 0.9 } })] },
        reaches({ of: 'acceptance', above: 0.8 }),
        true,
        1,
      ],
      ['reaches: every run of a sweep, the slowest shown', [falling, run([1, 1, 1, 1])], reaches({ loss: 1 }), true, 3],
      ['reaches: one run fails', [falling, run([2, 2, 2, 2])], reaches({ loss: 1 }), false, 2],
      ['below: strictly', falling, below({ of: 'finalLoss', value: 0.5 }), false, 0.5],
      ['below: holds', falling, below({ of: 'finalLoss', value: 0.51 }), true, 0.5],
      ['below: NaN is not below', run([Number.NaN]), below({ of: 'finalLoss', value: 1 }), false, 'NaN'],
      ['below: no such figure', falling, below({ of: 'finalLos', value: 1 }), 'unknown', null],
      ['below: no record', [], below({ of: 'finalLoss', value: 1 }), 'unknown', null],
      [
        'below: the mean over seeds, 3 of 1 and 5',
        [run([1], { seed: 1 }), run([5], { seed: 2 })],
        below({ of: 'finalLoss', value: 3.5 }),
        true,
        3,
      ],
      [
        'below: apart for each other setting',
        [run([1], { rounds: 1 }), run([5], { rounds: 2 })],
        below({ of: 'finalLoss', value: 3.5 }),
        false,
        5,
      ],
      [
        'below: grouped by a path on request',
        [run([1], { rounds: 1 }), run([5], { rounds: 2 })],
        below({ of: 'finalLoss', value: 3.5, groupBy: 'seed' }),
        true,
        3,
      ],
      [
        'below: one seed without the figure',
        [run([1], { seed: 1 }), run([null], { seed: 2 })],
        below({ of: 'finalLoss', value: 3.5 }),
        'unknown',
        null,
      ],
      ['above: strictly', falling, above({ of: 'firstLoss', value: 4 }), false, 4],
      ['above: holds', falling, above({ of: 'firstLoss', value: 3 }), true, 4],
      ['between: both ends included', falling, between({ of: 'firstLoss', least: 4, most: 4 }), true, 4],
      ['between: outside', falling, between({ of: 'firstLoss', least: 1, most: 3.9 }), false, 4],
      ['finite: holds', falling, finite(), true, 4],
      ['finite: NaN', run([1, Number.NaN]), finite(), false, 'NaN'],
      [
        'finite: an infinite measure',
        { ...falling, rows: [row(0, 1, { extra: { spread: Number.POSITIVE_INFINITY } })] },
        finite(),
        false,
        'Infinity',
      ],
      ['finite: three rounds, the last loss beyond any model', run([1, 1e9, 4e75]), finite(), false, 4e75],
      ['finite: the same where growth is allowed', run([1, 1e9, 4e75]), finite({ growth: 'allowed' }), true, 3],
      [
        'finite: a loss that doubles every round',
        run(Array.from({ length: 24 }, (_, k) => 2 ** k)),
        finite(),
        false,
        2 ** 23,
      ],
      [
        'finite: a measure that grows by a tenth a round from nothing, the loss being fine',
        {
          ...falling,
          rows: Array.from({ length: 100 }, (_, k) => row(k, 1, { extra: { consensusError: k === 0 ? 0 : 1.1 ** k } })),
        },
        finite(),
        false,
        1.1 ** 99,
      ],
      [
        'finite: growth that is meant',
        run(Array.from({ length: 24 }, (_, k) => 2 ** k)),
        finite({ growth: 'allowed' }),
        true,
        24,
      ],
      [
        'finite: a ratio may grow, since its denominator may vanish',
        { ...falling, rows: Array.from({ length: 24 }, (_, k) => row(k, 1, { extra: { noiseScale: 2 ** k } })) },
        finite(),
        true,
        48,
      ],
      ['finite: t^4 is not unbounded', run(Array.from({ length: 60 }, (_, k) => k ** 4)), finite(), true, 60],
      [
        'finite: a jump to a new level is not',
        run(Array.from({ length: 60 }, (_, k) => (k < 20 ? 1 : 1e6))),
        finite(),
        true,
        60,
      ],
      [
        'finite: noise at the end of a descent is not',
        run(Array.from({ length: 60 }, (_, k) => (k < 30 ? 0.1 ** k : 1e-30 * (1 + (k % 3))))),
        finite(),
        true,
        60,
      ],
      ['finite: a NaN of the whole run', run([1], {}, { summary: { w2: Number.NaN } }), finite(), false, 'NaN'],
      [
        'finite: an infinity of the whole run, as its file has it',
        run([1], {}, { summary: { w2: '-Infinity' } }),
        finite({ growth: 'allowed' }),
        false,
        '-Infinity',
      ],
      [
        'finite: words, and what the run has none of, are no numbers',
        run([1], {}, { summary: { ended: 'finished', mixed: false, rhatMax: null } }),
        finite(),
        true,
        1,
      ],
      [
        'below: NaN that was read from a file is not below',
        run([1], {}, { summary: { w2: 'NaN' } }),
        below({ of: 'w2', value: 1 }),
        false,
        'NaN',
      ],
      ['finite: nothing was measured', run([]), finite(), 'unknown', null],
      ['every fault happened: 2 and 1 times', falling, everyFaultHappened(), true, 3],
      ['every fault happened: none did', { ...falling, faultsFired: [0, 0] }, everyFaultHappened(), 'unknown', 0],
      ['every fault happened: one did not', { ...falling, faultsFired: [2, 0] }, everyFaultHappened(), 'unknown', 2],
      [
        'every fault happened: there are none',
        { ...falling, scenario: { ...base, faults: [] } },
        everyFaultHappened(),
        'unknown',
        0,
      ],
      ['equal digests: one run is inconclusive', falling, equalDigests(), 'unknown', 1],
      ['equal digests: equal', [falling, falling], equalDigests(), true, 'a1'],
      ['equal digests: two states', [falling, { ...falling, stateDigest: 'b2' }], equalDigests(), false, 2],
      [
        'equal digests: apart for each seed',
        [1, 1, 2, 2].map((seed) => run([1], { seed }, { stateDigest: `s${seed}` })),
        equalDigests({ groupBy: 'seed' }),
        true,
        's1',
      ],
      [
        'equal digests: a seed of its own is inconclusive',
        [1, 1, 2].map((seed) => run([1], { seed })),
        equalDigests({ groupBy: 'seed' }),
        'unknown',
        1,
      ],
      [
        'ratio: two figures of a run, 12 / 20',
        falling,
        ratio({ of: 'totalBytesUp', over: 'totalBytesDown', least: 0.6, most: 0.6 }),
        true,
        0.6,
      ],
      [
        'ratio: two parts of a sweep, 8 / 2',
        [run([8], { clients: 2 }), run([2], { clients: 4 })],
        ratio({ of: 'finalLoss', numerator: { clients: 2 }, denominator: { clients: 4 }, most: 3 }),
        false,
        4,
      ],
      [
        'ratio: means over seeds, (8 + 4) / 2 over 2',
        [run([8], { clients: 2, seed: 1 }), run([4], { clients: 2, seed: 2 }), run([2], { clients: 4 })],
        ratio({ of: 'finalLoss', numerator: { clients: 2 }, denominator: { clients: 4 }, least: 3 }),
        true,
        3,
      ],
      [
        'ratio: no such part',
        [falling],
        ratio({ of: 'finalLoss', numerator: { clients: 99 }, most: 3 }),
        'unknown',
        null,
      ],
      [
        'ratio: nothing over nothing',
        run([0]),
        ratio({ of: 'finalLoss', over: 'firstLoss', most: 3 }),
        'unknown',
        'NaN',
      ],
    ];
  for (const [claim, records, spec, holds, observed] of cases) {
    it(`${claim}: ${holds}`, () => {
      const finding = found(records, spec);
      expect(finding.holds, finding.detail).to.equal(holds);
      if (observed !== undefined) expect(finding.observed).to.equal(observed);
    });
  }

  it('say what they saw', () => {
    expect(found(falling, reaches({ loss: 1, byRound: 2 })).detail).to.equal(
      'loss is 2 after 2 rounds, expected 1 or below within 2',
    );
    expect(found({ ...falling, faultsFired: [2, 0] }, everyFaultHappened()).detail).to.equal(
      'never happened: faults.1 (crash)',
    );
  });

  it('name the figure, and the parts of a sweep that they compare', () => {
    const parts = [
      run([4], { method: { name: 'fedavg', rate: 1 } }),
      run([2], { method: { name: 'scaffold', rate: 1 } }),
    ];
    const of = 'finalLoss';
    const numerator = { 'method.name': 'fedavg' };
    const denominator = { 'method.name': 'scaffold', 'method.rate': 1 };
    expect(found(parts, ratio({ of, numerator, denominator, least: 1 })).detail).to.equal(
      'finalLoss 4 (method=fedavg) / 2 (method=scaffold, rate=1) = 2, expected at least 1',
    );
    expect(found(parts[0]!, ratio({ of, over: 'firstLoss', most: 3 })).detail).to.match(
      /^finalLoss 4 \/ firstLoss \S+ = \S+, expected at most 3$/,
    );
  });
});
