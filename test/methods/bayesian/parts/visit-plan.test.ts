import { expect } from 'chai';
import {
  drawSchedule,
  type PlanSettings,
  planSettings,
  visitPlan,
} from '../../../../protocol/methods/bayesian/parts/visit-plan.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { defineSettings } from '../../../../protocol/settings/settings.js';

const shared = rootStream(3, 'float64');

const planDefaults: PlanSettings = defineSettings(planSettings).defaults;

describe('protocol/bayesian/visit-plan', () => {
  it('by examples: visits N_s / N, and as many steps', () => {
    const { probabilities, frequencies } = visitPlan(planDefaults, [50, 150, 200]);
    expect([...probabilities]).to.deep.equal([0.125, 0.375, 0.5]);
    expect([...frequencies]).to.deep.equal([0.125, 0.375, 0.5]);
  });

  it('response delays 1, 2 and 4: visits of 12, 6 and 3 steps (mean 7), all 12 long, f = T_s / 21', () => {
    const settings = { ...planDefaults, visitBy: 'uniform' as const, delay: 7, responseDelays: [1, 2, 4] };
    const { steps, frequencies } = visitPlan(settings, [10, 10, 10]);
    expect([...steps]).to.deep.equal([12, 6, 3]);
    expect([...frequencies]).to.deep.equal([12 / 21, 6 / 21, 3 / 21]);
  });

  it('assumed weights change what the scaling believes, not who is visited', () => {
    const { probabilities, frequencies } = visitPlan({ ...planDefaults, assumedWeights: [1, 3] }, [60, 20]);
    expect([...probabilities]).to.deep.equal([0.75, 0.25]);
    expect([...frequencies]).to.deep.equal([0.25, 0.75]);
  });

  it('a shard that is empty or unknown is not visited, and f is shared out among the others', () => {
    for (const settings of [
      { ...planDefaults, visitBy: 'uniform' as const },
      { ...planDefaults, visitBy: 'weights' as const, visitWeights: [2, 7, 2] },
      { ...planDefaults, visitBy: 'uniform' as const, assumedWeights: [5, 1, 5] },
    ]) {
      const { probabilities, frequencies } = visitPlan(settings, [10, 0, 30]);
      expect([...probabilities]).to.deep.equal([0.5, 0, 0.5]);
      expect([...frequencies]).to.deep.equal([0.5, 0, 0.5]);
    }
    const dealing = {
      ...planDefaults,
      schedule: 'permutation' as const,
      visitBy: 'uniform' as const,
      visitsPerRound: 30,
      chains: 3,
    };
    const schedule = drawSchedule(dealing, visitPlan(dealing, [10, 0, 30]), shared);
    expect(new Set(schedule)).to.deep.equal(new Set([0, 2]));
    for (let visit = 0; visit < 30; visit++) expect(schedule[3 * visit]).to.not.equal(schedule[3 * visit + 1]);
  });

  it('a permutation deals shards so that no two of up to S chains meet, at every visit', () => {
    const settings = {
      ...planDefaults,
      schedule: 'permutation' as const,
      visitBy: 'uniform' as const,
      visitsPerRound: 50,
      chains: 8,
    };
    const schedule = drawSchedule(settings, visitPlan(settings, [1, 1, 1, 1, 1]), shared);
    for (let visit = 0; visit < 50; visit++) {
      const shards = [...schedule.subarray(visit * 8, (visit + 1) * 8)];
      expect(new Set(shards.slice(0, 5)).size).to.equal(5);
      expect(new Set(shards.slice(5)).size).to.equal(3);
    }
  });

  it('categorical: a chain goes where it would go if it were alone', () => {
    const settings = { ...planDefaults, visitsPerRound: 30 };
    const plan = visitPlan(settings, [1, 2, 3]);
    const two = drawSchedule({ ...settings, chains: 2 }, plan, shared);
    const five = drawSchedule({ ...settings, chains: 5 }, plan, shared);
    for (let visit = 0; visit < 30; visit++)
      for (let chain = 0; chain < 2; chain++) expect(five[visit * 5 + chain]).to.equal(two[visit * 2 + chain]);
  });

  it('refuses a list of another length than the clients, naming it', () => {
    expect(() => visitPlan({ ...planDefaults, assumedWeights: [1, 1] }, [5, 5, 5])).to.throw(
      'method.assumedWeights: expected 3 numbers, one a client, got [1,1]',
    );
  });
});
