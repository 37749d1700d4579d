import { expect } from 'chai';
import type { AnyMethod, PartyId, Vector } from '../../../../protocol/method.js';
import { loadMethod } from '../../../../protocol/method-loader.js';
import type { Scenario } from '../../../../protocol/scenario/scenario.js';
import type { RoundPlan } from '../../../../protocol/wire/seal.js';
import { withClientHalf } from '../../../../scenarios/check/parts/changed-halves.js';
import { openPrivacy, type ProcessPrivacy } from '../../../../worker/privacy.js';
import { tinyRun, tinyScenario } from '../../../support/tiny-run.js';
import { hasStddev, scaledCorrelation } from '../statistics.js';

const WORKERS = 4;
const DIMENSION = 400;
const ROUNDS = 8;
const HOSTS = [[0, 3], [1], [2]];

/** Gradients of 1e-300, below the last bit of any noise, so that what a worker sends is its noise: 3,200 numbers a worker. */
function noiseOnly(method: Scenario['method'], noise: 'seeded' | 'secure' = 'seeded'): Scenario {
  const ofClient = (value: number) => Array.from({ length: WORKERS }, () => new Array<number>(DIMENSION).fill(value));
  return tinyScenario(method.name, {
    method,
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      matrices: ofClient(1e-300),
      centres: ofClient(0),
      examples: 5,
      initialValue: 0,
    },
    precision: 'float64',
    rounds: ROUNDS,
    privacy: { noise, form: 'float', delta: 1e-5, budget: null, accountant: 'auto' },
  });
}

/** The method, with the vectors that its clients post written down. */
function recording(method: AnyMethod, sent: Float64Array[][]): AnyMethod {
  return withClientHalf(method, (half) => ({
    ...half,
    round(state, at) {
      const post = (kind: string, to: never, payload: Readonly<Record<string, unknown>>) => {
        for (const value of Object.values(payload)) if (value instanceof Float64Array) sent[at.self]!.push(value);
        at.post(kind, to, payload as never);
      };
      const received = new Proxy(at, {
        get(target, key) {
          if (key === 'post') return post;
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      return half.round(state, received);
    },
  }));
}

type Replan = (party: PartyId, plan: RoundPlan) => readonly [PartyId, RoundPlan];

/** Noise whose keys are changed before they are used, in every process of the run. */
function rekeyed(privacy: ProcessPrivacy, replan: Replan): ProcessPrivacy {
  return {
    coins: privacy.coins,
    privacy: (party, plan, ledger) => privacy.privacy(...replan(party, plan), ledger),
  };
}

/** Planted: every worker has the seed of worker 0. */
const equalSeeds: Replan = (party, plan) => [party === 'coordinator' ? party : 0, plan];
/** Planted: every round has the noise of round 0. */
const equalRounds: Replan = (party, plan) => [party, { ...plan, index: 0 }];

/** All that each worker sent, end to end. */
async function noiseOfWorkers(scenario: Scenario, replan: Replan | null = null, hosts: number[][] | null = null) {
  const method = await loadMethod(scenario.method.name);
  const sent: Float64Array[][] = Array.from({ length: WORKERS }, () => []);
  const settings = { ...scenario, method: { ...method.settings.defaults, ...scenario.method } };
  await tinyRun(scenario, {
    method: recording(method, sent),
    ...(replan ? { privacy: rekeyed(openPrivacy(settings, method), replan) } : {}),
    ...(hosts ? { hosts } : {}),
  });
  const noise = sent.map((vectors) => Float64Array.from(vectors.flatMap((vector) => [...vector])));
  for (const each of noise) expect(each).to.have.length(ROUNDS * DIMENSION);
  return noise;
}

/** Numbers that are there more than once, over all workers and rounds. */
function repeatedCount(noise: readonly Float64Array[]): number {
  const all = noise.flatMap((each) => [...each]);
  return all.length - new Set(all).size;
}

/** Largest correlation of two workers, in standard deviations of independent samples. */
function largestCorrelation(noise: readonly Float64Array[]): number {
  let largest = 0;
  noise.forEach((a, i) => {
    for (const b of noise.slice(0, i)) largest = Math.max(largest, Math.abs(scaledCorrelation(a, b)));
  });
  return largest;
}

function sumOf(noise: readonly Float64Array[]): Vector {
  return noise[0]!.map((_, i) => noise.reduce((sum, each) => sum + each[i]!, 0));
}

const z = 2;
const METHODS = {
  'dp-sgd': { sampling: 1, expectedBatchSize: 20, clippingRadius: 1, noiseMultiplier: z },
  'dp-gd': { rounds: ROUNDS },
  diff2: { rounds: ROUNDS, refreshPeriod: 3 },
};

describe('protocol/privacy: the noise of 4 workers over 8 rounds of 400 numbers (seed 11)', () => {
  for (const [name, settings] of Object.entries(METHODS))
    for (const placement of ['distributed', 'local']) {
      const scenario = (noise?: 'secure') => noiseOnly({ name, ...settings, placement }, noise);

      it(`${name}, ${placement}: no number is repeated and no two workers correlate beyond 5 standard deviations`, async () => {
        for (const noise of [await noiseOfWorkers(scenario()), await noiseOfWorkers(scenario(), null, HOSTS)]) {
          expect(repeatedCount(noise)).to.equal(0);
          expect(largestCorrelation(noise)).to.be.below(5);
        }
      });

      it(`${name}, ${placement}: planted, equal seeds repeat three workers' 9,600 numbers and correlate beyond 50`, async () => {
        for (const hosts of [null, HOSTS]) {
          const noise = await noiseOfWorkers(scenario(), equalSeeds, hosts);
          expect(repeatedCount(noise)).to.equal((WORKERS - 1) * ROUNDS * DIMENSION);
          expect(largestCorrelation(noise)).to.be.above(50);
        }
      });
    }

  it('secure noise: no number is repeated', async () => {
    for (const placement of ['distributed', 'local']) {
      const scenario = noiseOnly({ name: 'dp-sgd', ...METHODS['dp-sgd'], placement }, 'secure');
      expect(repeatedCount(await noiseOfWorkers(scenario))).to.equal(0);
    }
  });

  it('planted: equal rounds repeat seven rounds of every worker', async () => {
    const scenario = noiseOnly({ name: 'dp-sgd', ...METHODS['dp-sgd'], placement: 'local' });
    const noise = await noiseOfWorkers(scenario, equalRounds);
    expect(repeatedCount(noise)).to.equal(WORKERS * (ROUNDS - 1) * DIMENSION);
  });

  it('distributed shares of z C = 2 add up to stddev 2 (3,200 samples, chi-square at 1e-6); planted: equal seeds to 4, a squared z to 4', async () => {
    const scenario = (noiseMultiplier: number) =>
      noiseOnly({ name: 'dp-sgd', ...METHODS['dp-sgd'], noiseMultiplier, placement: 'distributed' });
    expect(hasStddev(sumOf(await noiseOfWorkers(scenario(z))), 2)).to.equal(true);
    const equal = sumOf(await noiseOfWorkers(scenario(z), equalSeeds));
    expect(hasStddev(equal, 2)).to.equal(false);
    expect(hasStddev(equal, 4)).to.equal(true);
    expect(hasStddev(sumOf(await noiseOfWorkers(scenario(z ** 2))), 2)).to.equal(false);
  });
});
