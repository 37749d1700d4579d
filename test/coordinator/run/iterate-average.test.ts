import { expect } from 'chai';
import { evaluateRound } from '../../../coordinator/run/evaluation.js';
import { estimatesBehind, IterateAverage } from '../../../coordinator/run/iterate-average.js';
import type { PartyId, ReadonlyVector } from '../../../protocol/method.js';
import { decodeState, encodeState } from '../../../protocol/party/state-codec.js';

type Estimates = ReadonlyMap<PartyId, readonly ReadonlyVector[]>;
const server = (...values: readonly number[]): Estimates => new Map([['coordinator', [Float64Array.from(values)]]]);
const valuesOf = (estimates: Estimates, party: PartyId = 'coordinator') => Array.from(estimates.get(party)![0]!);

describe('coordinator/iterate-average', () => {
  it('is by hand, at decay 1/2 over 8, 4, 16: 8, then (4 + 2) / (3/4) = 16/3, then (1 + 1 + 8) / (7/8) = 80/7', () => {
    const average = new IterateAverage(0.5);
    const seen: number[] = [];
    for (const value of [8, 4, 16]) {
      average.add(server(value));
      seen.push(valuesOf(average.of(server(value)))[0]!);
    }
    expect(seen[0]).to.equal(8);
    expect(seen[1]).to.be.closeTo(16 / 3, 4e-15);
    expect(seen[2]).to.be.closeTo(80 / 7, 4e-15);
  });

  it('is the estimate itself at decay 0, and near the plain mean at a decay near 1', () => {
    const [none, long] = [new IterateAverage(0), new IterateAverage(1 - 1e-9)];
    for (const value of [1, 2, 6]) for (const average of [none, long]) average.add(server(value, -value));
    expect(valuesOf(none.of(server(6, -6)))).to.deep.equal([6, -6]);
    expect(valuesOf(long.of(server(6, -6)))[0]).to.be.closeTo(3, 1e-6);
  });

  it("is each peer's own, in the precision of its estimates, and of those that still answer", () => {
    const average = new IterateAverage(0.5);
    const peers = (a: number, b: number): Estimates =>
      new Map([
        [0, [Float32Array.of(a)]],
        [1, [Float32Array.of(b)]],
      ]);
    average.add(peers(1, 10));
    average.add(new Map([[1, [Float32Array.of(40)]]]));
    expect(valuesOf(average.of(peers(1, 40)), 1)).to.deep.equal([30]);
    expect(average.of(peers(1, 40)).get(0)![0]).to.deep.equal(Float32Array.of(1));
    expect([...average.of(new Map([[1, [Float32Array.of(40)]]])).keys()]).to.deep.equal([1]);
  });

  it('continues from its state, through the bytes of a checkpoint, with equal bits', () => {
    const [whole, resumed] = [new IterateAverage(0.9), new IterateAverage(0.9)];
    const rounds = [0.1, 0.7, -2, 1 / 3].map((value) => server(value, value * value));
    for (const estimates of rounds) whole.add(estimates);
    const half = new IterateAverage(0.9);
    for (const estimates of rounds.slice(0, 2)) half.add(estimates);
    resumed.restore(decodeState(encodeState(half.state, 'average'), 'average') as typeof half.state);
    for (const estimates of rounds.slice(2)) resumed.add(estimates);
    expect(resumed.of(rounds[3]!)).to.deep.equal(whole.of(rounds[3]!));
  });

  it('has columns beside those of the estimates, and its model is kept where its series is watched', async () => {
    const average = new IterateAverage(0.5);
    for (const estimates of [server(8), server(4)]) average.add(estimates);
    const evaluator = {
      optimum: Float64Array.of(4),
      evaluate: ([x]: readonly ReadonlyVector[]) => ({ loss: x![0]!, accuracy: x![0]! / 10 }),
    };
    const scenario = { evaluation: { everyRounds: 1, train: false } };
    const { loss, accuracy, extra } = await evaluateRound({ evaluator, scenario }, server(4), average);
    expect([loss, accuracy, extra.meanSquaredError]).to.deep.equal([4, 0.4, 0]);
    expect(extra.averagedLoss).to.be.closeTo(16 / 3, 4e-15);
    expect(extra.averagedAccuracy).to.be.closeTo(16 / 30, 4e-15);
    expect(extra.averagedMeanSquaredError).to.be.closeTo(16 / 9, 4e-15);
    expect(valuesOf(estimatesBehind('averagedLoss', average, server(4)))[0]).to.equal(extra.averagedLoss);
    expect(valuesOf(estimatesBehind('loss', average, server(4)))).to.deep.equal([4]);
  });
});
