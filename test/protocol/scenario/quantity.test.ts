import { expect } from 'chai';
import type { RunRecord } from '../../../protocol/scenario/expectation.js';
import { figureOf } from '../../../protocol/scenario/quantity.js';
import { falling, run } from '../../support/run-records.js';

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
