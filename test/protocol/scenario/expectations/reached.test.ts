import { expect } from 'chai';
import type { RunRecord } from '../../../../protocol/scenario/expectation.js';
import { criticalBatch } from '../../../../protocol/scenario/expectations/critical-batch.js';
import { roundsToMatch } from '../../../../protocol/scenario/expectations/rounds-to-match.js';
import { settlesInOrder } from '../../../../protocol/scenario/expectations/settles-in-order.js';
import { figureOf } from '../../../../protocol/scenario/quantity.js';
import { falling, found, row, run } from '../../../support/run-records.js';

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

  it('rounds-to-match over seeds: each run against the rival of its seed; both numbers, and the interval of the mean', () => {
    const at = (record: RunRecord, seed: number): RunRecord => ({ ...record, scenario: { ...record.scenario, seed } });
    const slower = run([16, 8, 4, 2, 1, 0.5], { 'method.localEpochs': 1 });
    // 2 and 4 after 3 rounds: reached in rounds 2 and 1. Against their mean, 3, both would need 2.
    const records = [at(slow, 1), at(slower, 2), at(fast, 1), at(fast, 2)];
    const { holds, observed, detail } = found(
      records,
      roundsToMatch({ of: 'loss', runner, rival, rivalRound: 3, most: 2 }),
    );
    expect({ holds, observed }).to.deep.equal({ holds: true, observed: 1.5 });
    // Of 2 and 1: 1.5 +- 12.706 sqrt(1/2) / sqrt 2.
    expect(detail).to.equal(
      'loss 3 after 3 rounds (localEpochs=1) is reached after 1.5 rounds (localEpochs=2) (95 % interval -4.8531 to 7.8531, 2 seeds), expected at most 2',
    );
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
