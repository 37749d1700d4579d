import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import availabilityGroup from '../../../protocol/selection/availability-group.js';
import bySize from '../../../protocol/selection/by-size.js';
import fixed from '../../../protocol/selection/fixed.js';
import oort from '../../../protocol/selection/oort.js';
import optimalNorm, { optimalProbabilities } from '../../../protocol/selection/optimal-norm.js';
import { drawByWeight } from '../../../protocol/selection/parts/weighted-draw.js';
import poisson from '../../../protocol/selection/poisson.js';
import powerOfChoice from '../../../protocol/selection/power-of-choice.js';
import type { Chosen, SelectionRun } from '../../../protocol/selection/selection.js';

const COUNTS = [1, 2, 3, 4, 10];
const SHARES = COUNTS.map((n) => n / 20);
const run = (cohort: number): SelectionRun => ({
  clientCount: 5,
  cohort,
  exampleCounts: COUNTS,
  shares: SHARES,
});
const streams = rootStream(5, 'float64');
const at = (index: number) => ({ index, rng: streams.derive('round', index) });

/** Mean over rounds of sum_k p_k factor_k x_k, and its standard error; the mean over all clients is sum_k p_k x_k. */
function estimate(rounds: number, chosenIn: (index: number) => readonly Chosen[]) {
  const x = [3, -1, 2, 5, -2];
  const values = Array.from({ length: rounds }, (_, index) =>
    chosenIn(index).reduce((sum, { client, factor }) => sum + SHARES[client]! * factor! * x[client]!, 0),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / rounds;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rounds - 1);
  return { mean, error: Math.sqrt(variance / rounds), truth: x.reduce((sum, v, k) => sum + SHARES[k]! * v, 0) };
}

function expectUnbiased({ mean, error, truth }: ReturnType<typeof estimate>): void {
  expect(error).to.be.greaterThan(0);
  expect(Math.abs(mean - truth), `mean ${mean} of ${truth}, standard error ${error}`).to.be.lessThan(4 * error);
}

describe('Selections with weights give a mean that is right on average (4 standard errors of 4000 rounds)', () => {
  it('fixed, unbiased, 2 of 5', () => {
    const rule = fixed.create({ unbiased: true }, run(2));
    expectUnbiased(estimate(4000, (index) => rule.invite(null, at(index))));
  });

  it('poisson, unbiased, at a rate of 0.4 clients a round', () => {
    const rule = poisson.create({ unbiased: true }, run(0.4));
    expectUnbiased(estimate(4000, (index) => rule.invite(null, at(index))));
  });

  it('by-size, whose coefficients add up to 1 in every round', () => {
    const rule = bySize.create({}, run(3));
    expectUnbiased(estimate(4000, (index) => rule.invite(null, at(index))));
    for (let index = 0; index < 50; index++) {
      const sum = rule.invite(null, at(index)).reduce((s, { client, factor }) => s + SHARES[client]! * factor!, 0);
      expect(sum).to.be.closeTo(1, 1e-12);
    }
  });

  it('optimal-norm, 1.5 of 5', () => {
    const rule = optimalNorm.create({ candidates: null }, run(1.5));
    const reports = [0.2, 0.1, 0.5, 0.9, 0.3].map((value, client) => ({ client, value, weight: COUNTS[client]! }));
    expectUnbiased(estimate(4000, (index) => rule.choose!(reports, at(index))));
  });
});

describe('The selection poisson', () => {
  it('has its expected number of clients below one, most rounds none', () => {
    const rule = poisson.create({ unbiased: false }, run(0.4));
    const sizes = Array.from({ length: 4000 }, (_, index) => rule.invite(null, at(index)).length);
    // Mean 0.4, variance 5 q (1 - q) = 0.368: 4 standard errors are 0.038.
    expect(sizes.reduce((sum, size) => sum + size, 0) / 4000).to.be.closeTo(0.4, 0.038);
    // (1 - 0.08)^5 = 0.659; 4 standard errors are 0.03.
    expect(sizes.filter((size) => size === 0).length / 4000).to.be.closeTo(0.659, 0.03);
  });
});

describe('Probabilities of optimal client sampling', () => {
  it('add up to the expected number, are at most 1, and are proportional to the norms below 1', () => {
    const norms = [0.1, 5, 0.4, 0.2, 0.3];
    const p = optimalProbabilities(norms, 2.5);
    expect(p.reduce((sum, value) => sum + value, 0)).to.be.closeTo(2.5, 1e-12);
    // 1.5 is left for 0.1 + 0.4 + 0.2 + 0.3 = 1.
    expect(p[1]).to.equal(1);
    for (const i of [0, 2, 3, 4]) expect(p[i]).to.be.closeTo(1.5 * norms[i]!, 1e-12);
  });

  it('have the least variance sum v^2 / p of all that were tried with the same sum', () => {
    const norms = [0.1, 5, 0.4, 0.2, 0.3];
    const variance = (p: readonly number[]) => norms.reduce((sum, v, i) => sum + v ** 2 / p[i]!, 0);
    const best = optimalProbabilities(norms, 2);
    for (const [i, j] of [
      [0, 2],
      [2, 0],
      [3, 4],
      [4, 3],
    ] as const) {
      const moved = [...best];
      moved[i]! -= 0.01;
      moved[j]! += 0.01;
      expect(variance(moved)).to.be.greaterThan(variance(best));
    }
    expect(variance(new Array(5).fill(0.4))).to.be.greaterThan(2 * variance(best));
  });

  it('are 1 where as many are expected as there are, and equal where all norms are 0', () => {
    expect(optimalProbabilities([1, 2], 3)).to.deep.equal([1, 1]);
    expect(optimalProbabilities([0, 0, 0, 0], 1)).to.deep.equal([0.25, 0.25, 0.25, 0.25]);
    expect(optimalProbabilities([0, 7, 0], 2)).to.deep.equal([0.5, 1, 0.5]);
  });
});

describe('A draw by weight without replacement', () => {
  it('takes the first with probability proportional to weight, and weight 0 only when nothing else is left', () => {
    let first = 0;
    for (let index = 0; index < 4000; index++) {
      const [position] = drawByWeight([1, 0, 3], 1, streams.derive('draw', index));
      expect(position).to.not.equal(1);
      if (position === 2) first++;
    }
    // 0.75; 4 standard errors are 0.028.
    expect(first / 4000).to.be.closeTo(0.75, 0.028);
    expect(drawByWeight([1, 0, 3], 3, streams)).to.deep.equal([0, 1, 2]);
  });
});

describe('The selection availability-group', () => {
  it('draws from the group whose turn it is, and a small group comes whole', () => {
    const rule = availabilityGroup.create({ groups: 2, roundsPerGroup: 3 }, run(2));
    for (let index = 0; index < 12; index++) {
      const clients = rule.invite(null, at(index)).map(({ client }) => client);
      expect(clients).to.have.length(2);
      // Of 5 clients 0, 1, 2 are the first group.
      for (const client of clients) expect(client < 3).to.equal(Math.floor(index / 3) % 2 === 0);
    }
    const whole = availabilityGroup.create({ groups: 2, roundsPerGroup: 1 }, run(4));
    expect(whole.invite(null, at(1)).map(({ client }) => client)).to.deep.equal([3, 4]);
  });

  it('has as many groups as there are clients, and no more', () => {
    const fits = (groups: number) =>
      availabilityGroup.misfit!({ groups, roundsPerGroup: 1 }, { ...run(1), clientCount: 5 });
    expect(fits(5)).to.equal(null);
    expect(fits(6)).to.deep.equal({ at: 'groups', expected: 'at most the 5 clients' });
  });
});

describe('The selection power-of-choice', () => {
  it('invites d candidates and lets those of highest loss continue, lower numbers first among equals', () => {
    const rule = powerOfChoice.create({ candidates: 4 }, run(2));
    expect(rule.invite(null, at(0))).to.have.length(4);
    const reports = [0.5, 0.9, 0.9, 0.1].map((value, client) => ({ client, value, weight: 1 }));
    expect(rule.choose!(reports, at(0)).map(({ client }) => client)).to.deep.equal([1, 2]);
  });

  it('invites twice the cohort where d is not given, and no more than there are', () => {
    for (const [cohort, invited] of [
      [1, 2],
      [2, 4],
      [4, 5],
    ] as const)
      expect(powerOfChoice.create({ candidates: null }, run(cohort)).invite(null, at(0))).to.have.length(invited);
  });
});

describe('The selection oort', () => {
  const chosen = { ...oort.settings.defaults, exploration: 0, leastExploration: 0, cutoff: 1, preferredMs: 100 };
  const rule = oort.create({ ...chosen, clip: 1, pacerWindow: 2 }, run(2));
  const seen = (values: readonly number[], durations: readonly number[], index = 0, state = rule.init()) =>
    rule.learn!(state, {
      index,
      reports: values.map((value, client) => ({ client, value, weight: 1 })),
      durationMs: new Map(durations.map((ms, client) => [client, ms])),
    });
  const clientsOf = (state: ReturnType<typeof seen>, index = 1) =>
    rule.invite(state, at(index)).map(({ client }) => client);

  it('takes those of highest utility, and a slow one counts (T / D)^2 times', () => {
    expect(clientsOf(seen([5, 1, 9, 2, 3], [50, 50, 50, 50, 50]))).to.deep.equal([0, 2]);
    // 9 (100 / 200)^2 = 2.25 < 3.
    expect(clientsOf(seen([5, 1, 9, 2, 3], [50, 50, 200, 50, 50]))).to.deep.equal([0, 4]);
  });

  it('explores a share epsilon of the cohort among those that have not been there', () => {
    const curious = oort.create({ ...chosen, exploration: 0.5, leastExploration: 0.5 }, run(2));
    const state = curious.learn!(curious.init(), {
      index: 0,
      reports: [0, 1, 2].map((client) => ({ client, value: 1 + client, weight: 1 })),
      durationMs: new Map(),
    });
    for (let index = 1; index < 20; index++) {
      const clients = curious.invite(state, at(index)).map(({ client }) => client);
      expect(clients.filter((client) => client >= 3)).to.have.length(1);
    }
  });

  it('raises its preferred duration when a window has less utility than the one before', () => {
    type Kept = { readonly preferredMs: number };
    const later = (sums: readonly number[]) =>
      sums.reduce((state, sum, index) => seen([sum], [50], index, state as never), rule.init()) as Kept;
    expect(later([5, 5, 1, 1]).preferredMs).to.equal(200);
    expect(later([1, 1, 5, 5]).preferredMs).to.equal(100);
    expect(later([5, 5, 1]).preferredMs).to.equal(100);
  });

  it('takes the median duration of its first round where none was set', () => {
    const free = oort.create({ ...chosen, preferredMs: null }, run(2));
    const state = free.learn!(free.init(), {
      index: 0,
      reports: [0, 1, 2].map((client) => ({ client, value: 1, weight: 1 })),
      durationMs: new Map([70, 10, 30].map((ms, client) => [client, ms])),
    }) as { readonly preferredMs: number };
    expect(state.preferredMs).to.equal(30);
  });
});
