import { expect } from 'chai';
import { clientColumns, ownColumns, percentile } from '../../../coordinator/run/client-columns.js';

const rowsOf = (name: string, values: readonly number[]) =>
  values.map((value, client) => ({ client, figures: { [name]: value } }));

describe('columns over clients', () => {
  it('percentiles lie on the line between the two nearest values', () => {
    const shares = [0, 0.25, 0.5, 0.75, 1];
    expect(shares.map((share) => percentile([0, 10, 20, 40], share))).to.deep.equal([0, 7.5, 15, 25, 40]);
  });

  it('of 12 losses 1 … 12 in any order: mean 6.5, median 6.5, P10 2.1, P90 10.9, worst 12, worst tenth (two) 11.5', () => {
    const columns = clientColumns(rowsOf('loss', [3, 12, 1, 2, 11, 5, 4, 10, 9, 8, 7, 6]));
    expect(Object.keys(columns)).to.have.length(6);
    expect(columns.clientLossMean).to.equal(6.5);
    expect(columns.clientLossMedian).to.equal(6.5);
    expect(columns.clientLossP10).to.be.closeTo(2.1, 1e-12);
    expect(columns.clientLossP90).to.be.closeTo(10.9, 1e-12);
    expect(columns.clientLossWorst).to.equal(12);
    expect(columns.clientLossWorstDecile).to.equal(11.5);
  });

  it('an accuracy is the worse the lower, and a client without the figure does not count', () => {
    const columns = clientColumns([...rowsOf('accuracy', [0.9, 0.2, 0.6]), { client: 3, figures: { loss: 1 } }]);
    expect(columns.clientAccuracyWorst).to.equal(0.2);
    expect(columns.clientAccuracyWorstDecile).to.equal(0.2);
    expect(columns.clientAccuracyMedian).to.equal(0.6);
    expect(columns.clientLossMean).to.equal(1);
  });

  it('of equal values, infinite ones too, every percentile is that value', () => {
    for (const value of [0.1, Number.POSITIVE_INFINITY])
      expect(Object.values(clientColumns(rowsOf('loss', [value, value, value, value])))).to.deep.equal(
        new Array(6).fill(value),
      );
  });

  it('of figures of one’s own worst is by their mode, what is not a number in both, and of a client the last value counts', () => {
    const rows = [...rowsOf('drift', [9, 2, 3]), { client: 0, figures: { drift: 1 } }];
    const worst = (mode: 'auto' | 'min' | 'max', more = rows) =>
      ownColumns(more, [{ of: 'drift', mode }]).clientDriftWorst;
    expect([worst('auto'), worst('min'), worst('max')]).to.deep.equal([3, 3, 1]);
    expect(ownColumns(rows, [{ of: 'drift', mode: 'auto' }]).clientDriftMean).to.equal(2);
    const broken = [...rows, { client: 3, figures: { drift: Number.NaN } }];
    expect([worst('min', broken), worst('max', broken)]).to.deep.equal([Number.NaN, Number.NaN]);
    expect(ownColumns(rows, [{ of: 'other', mode: 'auto' }])).to.deep.equal({});
  });

  it('a loss that is not a number is the worst', () => {
    expect(clientColumns(rowsOf('loss', [Number.NaN, 3, 1])).clientLossWorst).to.be.NaN;
  });
});
