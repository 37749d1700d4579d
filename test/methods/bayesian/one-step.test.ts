import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import consensus from '../../../protocol/methods/bayesian/consensus-monte-carlo.js';
import dsgld from '../../../protocol/methods/bayesian/dsgld.js';
import faLd from '../../../protocol/methods/bayesian/fa-ld.js';
import fald from '../../../protocol/methods/bayesian/fald.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { UNEQUAL_CURVATURE } from '../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { proportionalFrequencies } from '../../support/sampler-laws.js';
import { scriptedClient } from '../../support/scripted-client.js';
import { samplerRun } from '../../support/tiny-run.js';

const D = 40_000;
const streams = rootStream(17, 'float64');

/** A log-posterior of 5 examples, each with this slope in every parameter, under a flat prior; counts its gradients. */
function withSlope(slope: number, dimension = D) {
  const asked: number[] = [];
  const objective = {
    exampleCount: 5,
    gradient(_: unknown, batch: Uint32Array) {
      asked.push(batch.length);
      return new Float64Array(dimension).fill(slope) as Vector;
    },
    priorGradient: () => new Float64Array(dimension) as Vector,
  };
  return { objective: objective as never, asked };
}

const around = (objective: never, self: number, dimension = D) => ({
  ...{ start: new Float64Array(dimension), objective, shared: streams, rng: streams.derive('client', self) },
  zeros: (length = dimension) => new Float64Array(length),
});

function moment(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / a.length;
}

/** Of `D` numbers, each a square or product of normals of these variances: five standard errors. */
const bound = (variance: number) => 5 * variance * Math.sqrt(2 / D);

describe('one step of a sampler on flat shards: the variance of its noise within five standard errors of 40,000 parameters (seed 17)', () => {
  const h = 0.01;

  for (const tau of [0, 0.3, 1])
    it(`FALD, share ${tau} common: h (tau + b (1 - tau)) at each of b = 8 clients, h tau common to two`, async () => {
      const settings = { stepSize: h, meanLocalSteps: 1, commonNoise: tau, chains: 1 };
      const message = { positions: { positions: new Float64Array(D) } };
      const [one, two] = await Promise.all(
        [1, 2].map(async (self) => {
          const [step] = await scriptedClient(fald, settings, around(withSlope(0).objective, self), [message]);
          return step!.posts[0]!.payload.positions as Float64Array;
        }),
      );
      const own = h * (tau + 8 * (1 - tau));
      for (const client of [one!, two!]) expect(moment(client, client)).to.be.closeTo(own, bound(own));
      expect(moment(one!, two!)).to.be.closeTo(h * tau, bound(own));
    });

  for (const rho of [0, 0.5, 1])
    it(`FA-LD of three steps at temperature 2, rho ${rho}: 6 h (rho^2 + (1 - rho^2) / p) at a client of weight p = 0.2, 6 h rho^2 common to two`, async () => {
      const settings = { stepSize: h, localSteps: 3, commonNoise: rho, temperature: 2, chains: 1 };
      const message = { weight: { weight: 0.2 }, positions: { positions: new Float64Array(D) } };
      const [one, two] = await Promise.all(
        [1, 2].map(async (self) => {
          const [step] = await scriptedClient(faLd, settings, around(withSlope(0).objective, self), [message]);
          return step!.posts.at(-1)!.payload.positions as Float64Array;
        }),
      );
      const own = 6 * h * (rho ** 2 + (1 - rho ** 2) / 0.2);
      for (const client of [one!, two!]) expect(moment(client, client)).to.be.closeTo(own, bound(own));
      expect(moment(one!, two!)).to.be.closeTo(6 * h * rho ** 2, bound(own));
    });
});

describe('one step of a sampler on shards of constant slope', () => {
  const displacement = async (method: typeof fald | typeof faLd, settings: object, message: object) => {
    const ends = await Promise.all(
      [0, 3].map(async (slope) => {
        const [step] = await scriptedClient(method, settings, around(withSlope(slope, 2).objective, 1, 2), [
          message as never,
        ]);
        return step!.posts.at(-1)!.payload.positions as Float64Array;
      }),
    );
    return ends[1]![0]! - ends[0]![0]!;
  };
  const positions = { positions: Float64Array.of(1, 2) };

  it('FALD moves by -b h / 2 times the 5 x 3 of its examples; with a reference, by the mean of all shards there alone', async () => {
    const settings = { stepSize: 0.01, meanLocalSteps: 1, chains: 1 };
    expect(await displacement(fald, settings, { positions })).to.be.closeTo(-0.5 * 8 * 0.01 * 15, 1e-12);
    const control = { gradients: Float64Array.of(7, 7) };
    const reduced = { ...settings, varianceReduction: true };
    // With a slope of 0 or 3 alike: what the client knows of its own shard cancels.
    expect(await displacement(fald, reduced, { positions, control })).to.be.closeTo(0, 1e-12);
    const [none, seven] = await Promise.all(
      [0, 7].map(async (mean) => {
        const given = { positions, control: { gradients: Float64Array.of(mean, mean) } };
        const [step] = await scriptedClient(fald, reduced, around(withSlope(3, 2).objective, 1, 2), [given]);
        return step!.posts.at(-1)!.payload.positions as Float64Array;
      }),
    );
    expect(seven![0]! - none![0]!).to.be.closeTo(-0.5 * 8 * 0.01 * 7, 1e-12);
  });

  it('FA-LD moves by -h / (2 p) times the 5 x 3 of its examples in each of its local steps', async () => {
    const settings = { stepSize: 0.01, localSteps: 4, chains: 1 };
    const message = { weight: { weight: 0.25 }, positions };
    expect(await displacement(faLd, settings, message)).to.be.closeTo((-4 * 0.5 * 0.01 * 15) / 0.25, 1e-12);
  });
});

describe('rounds of a sampler', () => {
  it('VR-FALD* of one local step and common noise is SGLD on Gaussian shards, however old its reference', async () => {
    const served = { chains: 2, stepSize: 1e-5, startStddev: 0.3 };
    const sgld = await samplerRun('sgld', served, { rounds: 12 });
    for (const refreshProbability of [0, 0.5, 1]) {
      const settings = { ...served, meanLocalSteps: 1, commonNoise: 1, varianceReduction: true, refreshProbability };
      const { draws } = await samplerRun('fald', settings, { rounds: 12 });
      for (const [c, chain] of sgld.draws.entries())
        for (const [n, draw] of chain.entries())
          for (const [i, value] of draw.entries()) expect(draws[c]![n]![i]).to.be.closeTo(value, 1e-11);
    }
  });

  it('FALD averages after a geometric number of steps of each chain: mean 4 within five standard errors of 3,000 chains, from 1 on', async () => {
    const settings = { chains: 3000, meanLocalSteps: 4, stepSize: 1e-6 };
    const { run } = await samplerRun('fald', settings, { rounds: 1 });
    // Variance (1 - p) / p^2 = 12.
    expect(run.rows[0]!.extra.localSteps).to.be.closeTo(4, 5 * Math.sqrt(12 / 3000));
    const { run: one } = await samplerRun('fald', { ...settings, chains: 5, meanLocalSteps: 1 }, { rounds: 1 });
    expect(one.rows[0]!.extra.localSteps).to.equal(1);
  });

  it('consensus Monte Carlo burns in once: 7 + 3 x 4 gradients of a chain in the first round, 3 x 4 in each later one', async () => {
    const { objective, asked } = withSlope(0, 2);
    const settings = { chains: 2, burnInSteps: 7, thin: 4, drawsPerRound: 3 };
    const counts: number[] = [];
    for (const rounds of [1, 2, 3]) {
      asked.length = 0;
      await scriptedClient(consensus, settings, around(objective, 1, 2), new Array(rounds).fill({}));
      counts.push(asked.length);
    }
    expect(counts).to.deep.equal([2 * 19, 2 * 31, 2 * 43]);
  });

  it('consensus Monte Carlo continues each chain from its last draw', async () => {
    const asked: number[][] = [];
    const objective = {
      ...{ exampleCount: 5, priorGradient: () => new Float64Array(2) },
      gradient(position: ArrayLike<number>) {
        asked.push(Array.from(position));
        return Float64Array.of(0.1, -0.2);
      },
    };
    const settings = { chains: 2, burnInSteps: 0, thin: 2, drawsPerRound: 3, startStddev: 1 };
    const steps = await scriptedClient(consensus, settings, around(objective as never, 1, 2), [{}, {}]);
    const draws = steps[0]!.posts[0]!.payload.draws as Float64Array;
    // Two chains of 3 draws of 2 numbers; 6 gradients of each in a round.
    for (const chain of [0, 1])
      expect(asked[12 + 6 * chain]).to.deep.equal([...draws.subarray(6 * chain + 4, 6 * chain + 6)]);
  });

  it('a visit sends its draws once it has any: of 3 steps after 4 of burn-in the first has none and the next 2', async () => {
    const sent: [string, { readonly draws?: Float64Array; readonly visit?: number }][] = [];
    const visit = (step: number) => ({ state: new Float64Array(2), chain: 0, step, steps: 3, frequency: 1 });
    const visits = [visit(0), visit(3)];
    await scriptedClient(
      dsgld,
      { visitsPerRound: 2, burnInSteps: 4, stepSize: 0.1 },
      {
        ...around(withSlope(0, 2).objective, 1, 2),
        cohort: [1],
        take: async (kind: string) => (kind === 'visit' ? [visits.shift()!] : []),
        postEach: (kind: string, posts: readonly { readonly payload: object }[]) => {
          for (const { payload } of posts) sent.push([kind, payload]);
          return posts.map(({ payload }) => payload);
        },
      },
      [{}],
    );
    expect(sent.map(([kind]) => kind)).to.deep.equal(['position', 'position', 'draws']);
    const [, { draws, visit: number }] = sent.at(-1)!;
    expect([draws!.length, number]).to.deep.equal([2 * 2, 1]);
  });

  it('travelling chains report shards that are missing, and the largest gap between steps on a shard and its frequency', async () => {
    const settings = { chains: 3, delay: 10, stepSize: 1e-5 };
    const { run } = await samplerRun('dsgld', settings, { rounds: 6 });
    const { shardSteps } = run.records.get('coordinator')!.state as { readonly shardSteps: Float64Array };
    const total = shardSteps.reduce((sum, steps) => sum + steps, 0);
    expect(total).to.equal(180);
    const gaps = proportionalFrequencies(UNEQUAL_CURVATURE).map((f, s) => Math.abs(shardSteps[s]! / total - f));
    expect(run.rows.at(-1)!.extra.frequencyError)
      .to.be.closeTo(Math.max(...gaps), 1e-12)
      .and.above(0);
    expect(run.rows.map(({ extra }) => extra.shardsMissing)).to.deep.equal(new Array(6).fill(undefined));
    // After a single step of a single chain all steps are on one shard.
    const { run: single } = await samplerRun('dsgld', { chains: 1, delay: 1, stepSize: 1e-5 }, { rounds: 1 });
    const { shardSteps: one } = single.records.get('coordinator')!.state as { readonly shardSteps: Float64Array };
    const only = proportionalFrequencies(UNEQUAL_CURVATURE)[one.indexOf(1)]!;
    expect(single.rows[0]!.extra.frequencyError).to.be.at.least(1 - only - 1e-12);
    const faults = [{ fault: 'crash', clients: [1, 3], from: 0, until: 1, downRounds: null, memory: 'kept' } as never];
    const { run: fewer } = await samplerRun('dsgld', settings, { rounds: 2, faults });
    expect(fewer.rows.map(({ extra }) => extra.shardsMissing)).to.deep.equal([2, undefined]);
  });
});
