import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { integerPower, power } from '../../../protocol/numerics/powers.js';
import { type ScheduleSpec, scheduleOf, schedules } from '../../../protocol/schedules/schedule.js';

const at = (spec: ScheduleSpec, ...steps: number[]) => steps.map(scheduleOf(spec));

describe('protocol/schedules', () => {
  it('a number and "constant" never change', () => {
    expect(at(0.3, 0, 7, 1e6)).to.deep.equal([0.3, 0.3, 0.3]);
    expect(at({ name: 'constant', rate: 0.3 }, 0, 7)).to.deep.equal([0.3, 0.3]);
  });

  it('warm-up: from startRate at step 0 linearly to the first rate of what comes after, which then begins at its step 0', () => {
    const spec = {
      name: 'warm-up',
      steps: 4,
      startRate: 0.1,
      after: { name: 'step-decay', rate: 0.9, divisor: 3, stageSteps: 2 },
    };
    const rates = at(spec, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    const expected = [0.1, 0.3, 0.5, 0.7, 0.9, 0.9, 0.3, 0.3, 0.1];
    for (const [k, rate] of rates.entries()) expect(rate).to.be.closeTo(expected[k]!, 1e-15);
  });

  it('batch scaling: 8,192 against 256 multiplies by 32 (linear) or by the root of 32', () => {
    const spec = { name: 'batch-scaling', batchSize: 8192, referenceBatchSize: 256, of: 0.1 };
    expect(at({ ...spec, rule: 'linear' }, 3)[0]).to.be.closeTo(3.2, 1e-15);
    expect(at({ ...spec, rule: 'square-root' }, 3)[0]).to.be.closeTo(0.1 * Math.sqrt(32), 1e-15);
  });

  it('cosine: rate, the middle at half time, finalRate from the end on', () => {
    const rates = at({ name: 'cosine', rate: 1, steps: 8, finalRate: 0.2 }, 0, 2, 4, 8, 9);
    const expected = [1, 0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6, 0.2, 0.2];
    for (const [k, rate] of rates.entries()) expect(rate).to.be.closeTo(expected[k]!, 1e-15);
  });

  it('polynomial: power 2 leaves a quarter at half time; power 0.5 the root of it', () => {
    expect(at({ name: 'polynomial', rate: 2, steps: 10, power: 2 }, 0, 5, 10, 11)).to.deep.equal([2, 0.5, 0, 0]);
    expect(at({ name: 'polynomial', rate: 2, steps: 10, power: 0.5 }, 5)[0]).to.be.closeTo(Math.SQRT2, 1e-15);
  });

  it('step decay divides after every stage, milestones at each listed step', () => {
    expect(at({ name: 'step-decay', rate: 8, divisor: 2, stageSteps: 3 }, 0, 2, 3, 5, 6, 9)).to.deep.equal([
      8, 8, 4, 4, 2, 1,
    ]);
    expect(at({ name: 'milestones', rate: 8, divisor: 2, steps: [2, 5] }, 0, 1, 2, 4, 5, 99)).to.deep.equal([
      8, 8, 4, 4, 2, 2,
    ]);
  });

  it('inverse power: 20 / (k + 40), and (k + 1)^-0.6', () => {
    expect(at({ name: 'inverse-power', rate: 20, offset: 40 }, 0, 10)).to.deep.equal([0.5, 0.4]);
    expect(at({ name: 'inverse-power', rate: 1, exponent: 0.6 }, 31)[0]).to.be.closeTo(1 / 8, 1e-15);
  });

  it('specs nest and survive JSON', () => {
    const spec = {
      name: 'warm-up',
      steps: 5,
      after: {
        name: 'batch-scaling',
        rule: 'linear',
        batchSize: 64,
        referenceBatchSize: 16,
        of: { name: 'cosine', rate: 0.1, steps: 50 },
      },
    };
    const copy = JSON.parse(JSON.stringify(spec)) as ScheduleSpec;
    for (const step of [0, 3, 5, 30, 80]) expect(at(copy, step)).to.deep.equal(at(spec, step));
    expect(at(spec, 5)[0]).to.equal(0.4);
  });

  it('bad specs are ERR_SCENARIO, also inside others', () => {
    expect(() => scheduleOf({ name: 'linear' })).to.throw(
      `ERR_SCENARIO: schedule.name: expected the name of a schedule (${schedules.names().join(', ')}), got 'linear'`,
    );
    expect(() => scheduleOf({ name: 'cosine', rate: 1 })).to.throw(
      'ERR_SCENARIO: schedule.steps: expected an integer of at least 1, got nothing',
    );
    expect(() => scheduleOf({ name: 'warm-up', steps: 2, after: { name: 'cosine', rate: -1, steps: 1 } })).to.throw(
      'ERR_SCENARIO: schedule.after.rate: expected a number of at least 0, got -1',
    );
    expect(() => scheduleOf(Number.POSITIVE_INFINITY)).to.throw('ERR_SCENARIO');
    expect(() => scheduleOf({ name: 'toString' })).to.throw('ERR_SCENARIO');
  });

  it('powers: by squaring within exponent * 2^-53, by exp(log) within 1e-15', () => {
    expect([integerPower(3, 0), integerPower(3, 5), integerPower(-2, 3)]).to.deep.equal([1, 243, -8]);
    expect(integerPower(0.999, 1000) / 0.36769542477096373).to.be.closeTo(1, 1000 * 2 ** -53);
    expect([power(2, -3), power(0, 0.5), power(0, -0.5), power(0, 0)]).to.deep.equal([0.125, 0, Infinity, 1]);
    expect(power(9, 1.5)).to.be.closeTo(27, 27e-15);
  });
});
