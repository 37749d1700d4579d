import { expect } from 'chai';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { GRADIENT, gradientFrame, office } from '../../support/frames.js';

const frameOf = (round: number, step = 0) => gradientFrame(0, 1, { round, step, receivedBytes: 1000 });

describe('frames that were not read yet', () => {
  it('are kept up to a number of bytes, for rounds to come', () => {
    const kept = office({ keptBytes: 10_000 });
    kept.register('coordinator');
    for (let round = 1; round <= 10; round++) kept.receive(frameOf(round));
    expect(() => kept.receive(frameOf(11))).to.throw('ERR_PROTOCOL: expected at most 10000 bytes that wait to be read');
  });

  it('are kept up to that number in the running round too; those that were read count no more', async () => {
    const kept = office({ keptBytes: 10_000 });
    kept.register('coordinator');
    const box = kept.open('coordinator', 0, 0);
    for (let step = 0; step < 100; step++) {
      kept.receive(frameOf(0, step));
      await box.ready(GRADIENT, step, [0]);
      box.discard(frameOf(0, step));
    }
    for (let step = 100; step < 110; step++) kept.receive(frameOf(0, step));
    expect(() => kept.receive(frameOf(0, 110))).to.throw('ERR_PROTOCOL: expected at most 10000 bytes');
  });

  it('are dropped once their round has begun or was left out', () => {
    const kept = office({ keptBytes: 5000 });
    kept.register('coordinator');
    for (let round = 0; round < 50; round++) {
      for (let step = 0; step < 5; step++) kept.receive(frameOf(round + 1, step));
      if (round % 2 === 0) kept.open('coordinator', round + 1, 0);
      else kept.skip('coordinator', round + 1);
    }
  });

  it('of one sender are not blamed on another', () => {
    const kept = office({ keptBytes: 10_000 });
    kept.register('coordinator');
    for (let round = 1; round <= 10; round++) kept.receive(frameOf(round));
    expect(() => kept.receive(frameOf(11))).to.throw('ERR_PROTOCOL');
    kept.receive(gradientFrame(1, 1, { round: 1, receivedBytes: 1000 }));
    kept.receiveSeal({ round: 1, attempt: 0, from: 1, counts: [1] }, ['coordinator']);
    expect(() => kept.receive(frameOf(12))).to.throw('ERR_PROTOCOL');
  });

  it('seals count as well', () => {
    const kept = office({ keptBytes: 1280 });
    kept.register('coordinator');
    const seal = (round: number) => kept.receiveSeal({ round, attempt: 0, from: 0, counts: [1] }, ['coordinator']);
    for (let round = 1; round <= 10; round++) seal(round);
    expect(() => seal(11)).to.throw('ERR_PROTOCOL');
  });

  it('for a round that is too far ahead are refused', () => {
    const kept = office();
    kept.register('coordinator');
    kept.open('coordinator', 3, 0);
    kept.receive(frameOf(3 + LIMITS.earlyRounds));
    expect(() => kept.receive(frameOf(4 + LIMITS.earlyRounds))).to.throw(/ERR_PROTOCOL: expected rounds up to 4099/);
  });
});
