import { expect } from 'chai';
import { checkpointText } from '../../../coordinator/report/units.js';
import { CheckpointPace } from '../../../coordinator/run/checkpoint-pace.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';

/** Rounds of 10 ms and checkpoints of `costMs`, for a minute: when each was written, milliseconds. */
async function minute(settings: Scenario['checkpoints'], costMs: (nth: number) => number) {
  let nowMs = 0;
  const pace = new CheckpointPace(settings, () => nowMs);
  const written: number[] = [];
  for (let round = 1; nowMs < 60_000; round++) {
    nowMs += 10;
    if (pace.isDue(round))
      await pace.timed(async () => {
        written.push(nowMs);
        nowMs += costMs(written.length);
      });
  }
  return { written, cost: pace.cost };
}

describe('CheckpointPace', () => {
  it('writes the first after 2 s, then when the time since the last is its cost divided by the share', async () => {
    const { written, cost } = await minute({ everyRounds: 'auto', share: 0.05 }, () => 50);
    expect(written.slice(0, 4)).to.deep.equal([2000, 3050, 4100, 5150]);
    expect(cost.spentMs / cost.ofMs).to.be.closeTo(0.05, 0.005);
    expect(cost.count).to.equal(written.length);
  });

  it('spends at most about the share, whatever a checkpoint costs, and follows a cost that grows', async () => {
    for (const costMs of [1, 20, 400, 2000])
      for (const share of [0.01, 0.05, 0.2]) {
        const { cost } = await minute({ everyRounds: 'auto', share }, () => costMs);
        expect(cost.spentMs / cost.ofMs, `${costMs} ms, ${share}`).to.be.below(share + costMs / 60_000 + 0.001);
      }
    const { written } = await minute({ everyRounds: 'auto', share: 0.05 }, (nth) => 20 * nth);
    const gaps = written.slice(1).map((at, i) => at - written[i]!);
    expect(gaps).to.deep.equal([...gaps].sort((a, b) => a - b));
    expect(gaps.at(-1)! / gaps[0]!).to.be.above(5);
  });

  it('writes after every so many rounds where the scenario says so, and never where it says null', async () => {
    const every = await minute({ everyRounds: 100 }, () => 5);
    expect(every.written.slice(0, 3)).to.deep.equal([1000, 2005, 3010]);
    expect((await minute({ everyRounds: null }, () => 5)).cost.count).to.equal(0);
  });

  it('is printed in words', () => {
    expect(checkpointText({ count: 12, spentMs: 1200, ofMs: 24_000 })).to.match(
      /^12 checkpoints, one every 2(\.0+)? s, 5 % of the time$/,
    );
  });
});
