import { expect } from 'chai';
import { crash } from '../../../protocol/faults/crash.js';
import { drop } from '../../../protocol/faults/drop.js';
import { always } from '../../../protocol/faults/fault.js';
import type { Finding, Holds, MetricsRow, RunRecord } from '../../../protocol/scenario/expectation.js';
import { above } from '../../../protocol/scenario/expectations/above.js';
import { below } from '../../../protocol/scenario/expectations/below.js';
import { between } from '../../../protocol/scenario/expectations/between.js';
import { criticalBatch } from '../../../protocol/scenario/expectations/critical-batch.js';
import { equalDigests } from '../../../protocol/scenario/expectations/equal-digests.js';
import { everyFaultHappened } from '../../../protocol/scenario/expectations/every-fault-happened.js';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import { monotone } from '../../../protocol/scenario/expectations/monotone.js';
import { ratio } from '../../../protocol/scenario/expectations/ratio.js';
import { reaches } from '../../../protocol/scenario/expectations/reaches.js';
import { roundsToMatch } from '../../../protocol/scenario/expectations/rounds-to-match.js';
import { settlesInOrder } from '../../../protocol/scenario/expectations/settles-in-order.js';
import { slope } from '../../../protocol/scenario/expectations/slope.js';
import { conjunction, judge, sweepVerdict } from '../../../protocol/scenario/judge.js';
import { figureOf } from '../../../protocol/scenario/quantity.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Json, Scenario, Spec } from '../../../protocol/scenario/scenario.js';
import { setPath } from '../../../protocol/scenario/set-path.js';
import { expectations, tinyCatalogue } from '../../support/tiny-catalogue.js';

const base = await resolveScenario(
  {
    name: 'judged',
    method: 'fedavg',
    data: { name: 'mnist', partition: 'dirichlet' },
    rounds: 4,
    faults: [always(drop({ probability: 0.5 })), always(crash({ client: 1 }))],
  },
  tinyCatalogue,
);

function row(round: number, loss: number | null, others: Partial<MetricsRow> = {}): MetricsRow {
  const clocks = { simulatedMs: 10 * round, wallMs: round };
  return { round, loss, accuracy: null, bytesUp: 3, bytesDown: 5, bytesPeer: 7, ...clocks, extra: {}, ...others };
}

/** A record of these losses, one a round, at a point of a sweep. */
function run(
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

function found(records: RunRecord | readonly RunRecord[], spec: Spec): Finding {
  const all = Array.isArray(records) ? (records as readonly RunRecord[]) : [records as RunRecord];
  return judge(all, [spec], expectations.find).expectations[0]!;
}

const falling = run([4, 2, 1, 0.5]);

describe('figures', () => {
  const figures: readonly [name: string, value: number | null][] = [
    ['finalLoss', 0.5],
    ['firstLoss', 4],
    ['roundsTo(loss<=2)', 2],
    ['roundsTo(loss<=0.7)', 4],
    ['roundsTo(loss>=4)', 1],
    ['roundsTo(loss<=0.1)', null],
    ['leastLoss', 0.5],
    ['greatestLoss', 4],
    ['meanLoss', 1.875],
    ['totalBytesUp', 12],
    ['totalBytes', 60],
    ['finalSimulatedMs', 40],
    ['final.gsnr.mean', 0.25],
    ['finalGsnr', null],
    ['finalAccuracy', null],
    ['loss', null],
    ['epsilon', 3],
  ];
  const record: RunRecord = {
    ...falling,
    rows: falling.rows.map((one) => ({ ...one, extra: { 'gsnr.mean': 0.25 } })),
    summary: { epsilon: 3, note: 'text' },
  };
  for (const [name, value] of figures) {
    it(`${name} of losses 4, 2, 1, 0.5 with 3 + 5 + 7 bytes a round is ${value}`, () => {
      expect(figureOf(record, name)).to.equal(value);
    });
  }
  it('the final loss is that of the last round that was evaluated', () => {
    expect(figureOf(run([4, 2, null]), 'finalLoss')).to.equal(2);
  });
});

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

describe('a ratio judged by its interval', () => {
  // Residuals of the ratio 2 are -1, 0, 1 over a mean of 1: 2 +- 4.303 / sqrt 3.
  const records = [1, 2, 3].flatMap((seed) => [
    run([seed], { 'method.name': 'fedavg', seed }),
    run([1], { 'method.name': 'scaffold', seed }),
  ]);
  const judged = (bounds: { least?: number; most?: number }) =>
    found(
      records,
      ratio({
        of: 'finalLoss',
        numerator: { 'method.name': 'fedavg' },
        denominator: { 'method.name': 'scaffold' },
        interval: true,
        ...bounds,
      }),
    );

  it('holds where all of it is within the bounds, fails where none is, and is unknown where a bound cuts it', () => {
    expect(judged({ most: 4.5 }).holds).to.equal(true);
    expect(judged({ least: -0.49, most: 4.49 }).holds).to.equal(true);
    expect(judged({ least: 5 }).holds).to.equal(false);
    expect(judged({ most: -0.5 }).holds).to.equal(false);
    expect(judged({ most: 4 }).holds).to.equal('unknown');
    expect(judged({ least: 0 }).holds).to.equal('unknown');
  });

  it('says the interval and the number of seeds', () => {
    expect(judged({ most: 4 }).detail).to.equal(
      'finalLoss 2 (method=fedavg) / 1 (method=scaffold) = 2 (95 % interval -0.48414 to 4.4841, 3 seeds), expected at most 4',
    );
  });

  it('is unknown of one seed', () => {
    const one = ratio({ of: 'finalLoss', over: 'firstLoss', most: 3, interval: true });
    expect(found(falling, one).holds).to.equal('unknown');
  });
});

describe('monotone', () => {
  const at = (alpha: number, seed: number, loss: number) => run([loss], { 'data.partition.alpha': alpha, seed });
  const claim = monotone({ of: 'finalLoss', inOrderOf: 'data.partition.alpha', direction: 'falling' });

  it('sorts numbers as numbers and averages seeds: alpha 2, 10 with means 3, 1 falls', () => {
    const records = [at(10, 1, 0), at(10, 2, 2), at(2, 1, 6), at(2, 2, 0)];
    expect(found(records, claim)).to.include({ holds: true, observed: '3, 1' });
    expect(found(records, { ...claim, direction: 'rising' }).holds).to.equal(false);
  });

  it('allows each step the tolerance and no more', () => {
    const records = [at(1, 1, 1), at(2, 1, 1.25)];
    expect(found(records, { ...claim, tolerance: 0.25 }).holds).to.equal(true);
    expect(found(records, { ...claim, tolerance: 0.2 }).holds).to.equal(false);
  });

  it('takes equal neighbours as falling and as rising', () => {
    for (const direction of ['falling', 'rising'])
      expect(found([at(1, 1, 1), at(2, 1, 1)], { ...claim, direction }).holds).to.equal(true);
  });

  it('is inconclusive on one value, on a missing figure and on means with NaN', () => {
    expect(found([at(1, 1, 1), at(1, 2, 2)], claim).holds).to.equal('unknown');
    expect(found([at(1, 1, 1), run([null], { 'data.partition.alpha': 2 })], claim).holds).to.equal('unknown');
    expect(found([at(1, 1, 1), at(2, 1, Number.NaN)], claim).holds).to.equal(false);
  });

  it('judges each value of another path apart', () => {
    const point = (alpha: number, clients: number, loss: number) =>
      run([loss], { 'data.partition.alpha': alpha, clients });
    const records = [point(1, 2, 9), point(2, 2, 8), point(1, 4, 1), point(2, 4, 2)];
    expect(found(records, claim).holds).to.equal(true);
    expect(found(records, { ...claim, groupBy: 'clients' }).holds).to.equal(false);
  });
});

describe('slope', () => {
  const power = (exponent: number, factor: number, length = 40) =>
    run(Array.from({ length }, (_, round) => factor * (round + 1) ** exponent));

  for (const exponent of [-0.5, -1, -2, 1.5]) {
    it(`of 3 x^${exponent} against the round is ${exponent} to 12 digits`, () => {
      const { holds, observed } = found(
        power(exponent, 3),
        slope({ of: 'loss', least: exponent - 1e-12, most: exponent + 1e-12 }),
      );
      expect(holds, String(observed)).to.equal(true);
    });
  }

  it('against a figure of the runs: 3 x^-2 at the gaps 1/2, 1/4 and 1/8 is -2', () => {
    const records = [0.5, 0.25, 0.125].map((spectralGap) =>
      run([3 * spectralGap ** -2], {}, { summary: { spectralGap } }),
    );
    const { holds, observed } = found(records, slope({ of: 'finalLoss', against: 'spectralGap', most: -1.9 }));
    expect(holds).to.equal(true);
    expect(observed).to.be.closeTo(-2, 1e-12);
  });

  it('is false outside the bounds', () => {
    expect(found(power(-0.5, 3), slope({ of: 'loss', most: -0.6 })).holds).to.equal(false);
    expect(found(power(-0.5, 3), slope({ of: 'loss', least: -0.4 })).holds).to.equal(false);
  });

  it('sees the window only: rounds 1 to 10 rise as x^2, rounds 11 to 20 fall as x^-1', () => {
    const record = run(Array.from({ length: 20 }, (_, round) => (round < 10 ? (round + 1) ** 2 : 1 / (round + 1))));
    expect(found(record, slope({ of: 'loss', toRound: 10, least: 0 })).observed).to.be.closeTo(2, 1e-12);
    expect(found(record, slope({ of: 'loss', fromRound: 11, most: 0 })).observed).to.be.closeTo(-1, 1e-12);
    expect(found(record, slope({ of: 'loss', fromRound: 10, toRound: 11, most: 0 })).observed).to.be.closeTo(
      Math.log(1 / 11 / 100) / Math.log(11 / 10),
      1e-9,
    );
  });

  it('takes the known optimum off first: 7 + x^-1 less 7 has slope -1', () => {
    const record = run(Array.from({ length: 30 }, (_, round) => 7 + 1 / (round + 1)));
    expect(found(record, slope({ of: 'loss', minus: 7, most: 0 })).observed).to.be.closeTo(-1, 1e-9);
    expect(found(record, slope({ of: 'loss', minus: 7.5, most: 0 })).holds).to.equal('unknown');
  });

  it('averages runs at each round before the logarithm: 1, 3 and 3, 1 average to 2, 2 of slope 0', () => {
    expect(found([run([1, 3]), run([3, 1])], slope({ of: 'loss', least: 0, most: 0 })).observed).to.equal(0);
  });

  it('leaves the row before the first round out', () => {
    const record = { ...falling, rows: [row(0, 99), row(1, 8), row(2, 4)] };
    expect(found(record, slope({ of: 'loss', most: 0 })).observed).to.be.closeTo(-1, 1e-12);
  });

  it('skips rounds that were not evaluated', () => {
    expect(found(run([8, null, null, 2]), slope({ of: 'loss', most: 0 })).observed).to.be.closeTo(-1, 1e-12);
  });

  it('against a swept number: variance 12 / clients has slope -1', () => {
    const records = [2, 4, 8].map((clients) => run([12 / clients], { clients }));
    expect(
      found(records, slope({ of: 'finalLoss', against: 'clients', least: -1.01, most: -0.99 })).observed,
    ).to.be.closeTo(-1, 1e-12);
  });

  it('is inconclusive on one point and on a value that has no logarithm', () => {
    expect(found(run([1]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
    expect(found(run([1, 0]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
    expect(found(run([1, Number.NaN]), slope({ of: 'loss', most: 0 })).holds).to.equal('unknown');
  });
});

describe('a verdict', () => {
  const truth: readonly [all: Holds[], valid: Holds][] = [
    [[], 'unknown'],
    [[true], true],
    [[true, true], true],
    [[true, 'unknown'], 'unknown'],
    [['unknown', false], false],
    [[true, false], false],
    [[false, 'unknown', true], false],
  ];
  for (const [all, valid] of truth) {
    it(`of [${all.join(', ')}] is ${valid}`, () => {
      expect(conjunction(all)).to.equal(valid);
    });
  }

  it('of a run that was only expected to stay finite, and did, is true', () => {
    expect(judge([falling], [{ name: 'finite' }], expectations.find).valid).to.equal(true);
  });

  it('holds one entry an expectation, in order, as plain JSON even where NaN was seen', () => {
    const verdict = judge([run([Number.NaN])], [finite(), below({ of: 'finalLoss', value: 1 })], expectations.find);
    expect(verdict.expectations.map(({ name }) => name)).to.deep.equal(['finite', 'below']);
    expect(JSON.parse(JSON.stringify(verdict))).to.deep.equal(verdict);
  });

  it('of a sweep needs every point and what is expected over them', () => {
    const point = (valid: Holds) => ({ valid, expectations: [] });
    const overall = (valid: Holds) => ({
      valid,
      expectations: [{ name: 'x', holds: valid, observed: null, detail: '' }],
    });
    expect(sweepVerdict([point(true), point(true)], point('unknown'))).to.equal(true);
    expect(sweepVerdict([point(true), point('unknown')], overall(true))).to.equal('unknown');
    expect(sweepVerdict([point(true), point(true)], overall(false))).to.equal(false);
  });

  it('cannot be formed of an expectation that there is not', () => {
    expect(() => judge([falling], [{ name: 'nope' }], expectations.find)).to.throw(
      "ERR_SCENARIO: expect: no expectation is named 'nope'",
    );
  });

  it('every file of the folder is an expectation of its own name', () => {
    for (const name of expectations.names()) {
      expect(expectations.find(name)).to.include({ name });
      expect(expectations.find(name)!.summary).to.be.a('string').and.not.equal('');
    }
    expect(expectations.names()).to.have.lengthOf(13);
  });
});

describe('expectations on when something is reached', () => {
  const slow = run([8, 4, 2, 1, 0.5, 0.25], { 'method.localEpochs': 1 });
  const fast = run([4, 1, 0.25, 0.1, 0.1, 0.1], { 'method.localEpochs': 2 });
  const runner = { 'method.localEpochs': 2 };
  const rival = { 'method.localEpochs': 1 };

  it('rounds-to-match: the fast run is at 0.25, where the slow one ends, after 3 rounds, and at 2 after 2', () => {
    expect(found([slow, fast], roundsToMatch({ of: 'loss', runner, rival, most: 3 }))).to.include({
      holds: true,
      observed: 3,
    });
    expect(found([slow, fast], roundsToMatch({ of: 'loss', runner, rival, most: 2 })).holds).to.equal(false);
    expect(found([slow, fast], roundsToMatch({ of: 'loss', runner, rival, rivalRound: 3, most: 2 }))).to.include({
      holds: true,
      observed: 2,
    });
  });

  it('rounds-to-match: never arriving fails an upper bound and meets a lower one; no rival is unknown', () => {
    const swapped = { of: 'loss', runner: rival, rival: runner };
    expect(found([slow, fast], roundsToMatch({ ...swapped, most: 50 })).holds).to.equal(false);
    expect(found([slow, fast], roundsToMatch({ ...swapped, least: 5 })).holds).to.equal(true);
    expect(found([fast], roundsToMatch({ of: 'loss', runner, rival, most: 3 })).holds).to.equal('unknown');
  });

  const settling = (series: Record<string, number[]>): RunRecord => ({
    ...falling,
    rows: [0, 1, 2, 3].map((t) =>
      row(t + 1, 1, { extra: Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values[t]!])) }),
    ),
  });
  const groups = [['a', 'b'], ['c']];

  it('settles-in-order: counts from where a series stays low, not from where it first is', () => {
    const a = [1, 0, 0, 0];
    const b = [0, 0, 0, 0];
    expect(found(settling({ a, b, c: [0, 1, 0, 0] }), settlesInOrder({ groups, below: 0.5 }))).to.include({
      holds: true,
      observed: '2, 1; 3',
    });
    expect(found(settling({ a, b, c: [1, 0, 0, 0] }), settlesInOrder({ groups, below: 0.5 })).holds).to.equal(false);
    expect(found(settling({ a, b, c: [0, 0, 0, 1] }), settlesInOrder({ groups, below: 0.5 }))).to.include({
      holds: false,
      observed: '2, 1; never',
    });
  });

  /**
   * Reaches loss 1 after `steps` rounds and measures a variance that rises tenfold afterwards, and a squared gradient of 1 whose
   * estimates are 2.5 and -0.5 in turn.
   */
  const training = (batch: number, rate: number, steps: number, noiseScale: number): RunRecord => {
    const made = run([], { 'method.batchSize': batch, 'method.clientLearningRate': rate });
    const rows = Array.from({ length: steps + 5 }, (_, t) =>
      row(t + 1, t + 1 < steps ? 2 : 1, {
        extra: {
          gradientVariance: t < steps ? noiseScale : 10 * noiseScale,
          gradientSquared: t % 2 === 0 ? 2.5 : -0.5,
        },
      }),
    );
    return { ...made, scenario: { ...made.scenario, clients: 10 }, rows };
  };
  /** S = 20 (1 + 400 / B) at the better of two rates, B = 10 batch. */
  const curve = (noise: number) =>
    [4, 10, 40, 100].flatMap((batch) => {
      const steps = Math.round(20 * (1 + 400 / (10 * batch)));
      return [training(batch, 0.1, 3 * steps, 9 * noise), training(batch, 0.4, steps, noise)];
    });

  it('critical-batch: steps 20 (1 + 400 / B) give 400; a measured 300 agrees within 3, a measured 100 does not', () => {
    const agreeing = found(curve(300), criticalBatch({ loss: 1 }));
    expect(agreeing.holds).to.equal(true);
    expect(agreeing.observed as number).to.be.closeTo(400 / 300, 0.01);
    expect(found(curve(100), criticalBatch({ loss: 1 })).holds).to.equal(false);
    expect(found(curve(-300), criticalBatch({ loss: 1 })).holds, 'a negative variance is no evidence').to.equal(
      'unknown',
    );
    expect(found(curve(300).slice(0, 4), criticalBatch({ loss: 1 })).holds).to.equal('unknown');
  });

  it('late is the mean over the last quarter of the rounds, and a figure over a figure their quotient', () => {
    const eight = run([9, 9, 9, 9, 9, 9, 4, 2]);
    expect(figureOf(eight, 'lateLoss')).to.equal(3);
    expect(figureOf(eight, 'firstLoss / lateLoss')).to.equal(3);
    expect(figureOf(eight, 'finalLoss / lateNothing')).to.equal(null);
  });
});
