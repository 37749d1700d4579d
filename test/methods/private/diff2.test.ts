import '../../support/loaded-rules.js';
import { expect } from 'chai';
import type { ReadonlyVector, RunPlan, Vector } from '../../../protocol/method.js';
import diff2 from '../../../protocol/methods/private/diff2.js';
import bvrLSgd, { forecast as bvrForecast } from '../../../protocol/methods/private/diff2-bvr-l-sgd.js';
import dpGd from '../../../protocol/methods/private/dp-gd.js';
import { clippedMean, exampleSensitivity, MeanOfMeans } from '../../../protocol/methods/private/parts/clipped-mean.js';
import { diff2ExactNoise, diff2PaperNoise } from '../../../protocol/methods/private/parts/diff2-calibration.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { norm, squaredDistance, subtract } from '../../../protocol/numerics/vector.js';
import { decodeRecord } from '../../../protocol/party/record.js';
import { gaussianEpsilon } from '../../../protocol/privacy/accounting/gaussian-composition.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Json, Scenario } from '../../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { createObjectiveFamily } from '../../../worker/objectives/objectives.js';
import { openProblem } from '../../../worker/problem.js';
import { hasStddev } from '../../protocol/privacy/statistics.js';
import { loadDataset } from '../../support/load-dataset.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

/** 43 examples for 4 clients: shards of 10 and 11, no multiple of any batch. */
function regression(name: string, method: Record<string, Json>, changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(name, {
    method: { name, ...method },
    objective: { name: 'small-network', hidden: [4], activation: 'softplus', l2: 0 },
    data: { name: 'privacy-regression', examples: 43, testExamples: 5, partition: { name: 'iid' } },
    precision: 'float64',
    rounds: 7,
    ...changes,
  });
}

const DIMENSION = 400;
/** Gradients of 1e-9 at most: what moves is noise alone. */
function flat(name: string, method: Record<string, Json>, changes: Partial<Scenario> = {}): Scenario {
  const ofClient = (value: number) => Array.from({ length: 4 }, () => new Array<number>(DIMENSION).fill(value));
  return tinyScenario(name, {
    method: { name, ...method },
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      matrices: ofClient(1e-9),
      centres: ofClient(0),
      examples: 5,
      initialValue: 0,
    },
    precision: 'float64',
    rounds: 8,
    checkpoints: { everyRounds: 1 },
    ...changes,
  });
}

interface Server {
  readonly params: Vector;
  readonly previous: Vector;
  readonly estimate: Float64Array;
}
const serverOf = (run: Awaited<ReturnType<typeof tinyRun>>) => run.records.get('coordinator')!.state as Server;

const plain = { calibration: 'none', refreshRadius: 1e200, differenceRadius: 1e200, learningRate: 0.25 };

async function meanGradient(scenario: Scenario, params: ReadonlyVector): Promise<Float64Array> {
  const problem = await openProblem(scenario);
  const sum = new Float64Array(params.length);
  for (let client = 0; client < scenario.clients; client++) {
    const objective = problem.objectiveOf(client);
    const every = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
    (await objective.gradient(params, every)).forEach((g, i) => {
      sum[i]! += g / scenario.clients;
    });
  }
  return sum;
}

describe('protocol/methods/diff2', () => {
  for (const calibration of ['exact', 'paper', 'none'])
    it(`T = 1 has the bits of DP-GD over 7 rounds with the same C, eta and noise (calibration ${calibration})`, async () => {
      const common = { calibration, learningRate: 0.125, rounds: 7, epsilon: 2 };
      const a = await tinyRun(regression('diff2', { ...common, refreshPeriod: 1, refreshRadius: 0.3 }));
      const b = await tinyRun(regression('dp-gd', { ...common, clippingRadius: 0.3 }));
      expect(serverOf(a).params).to.deep.equal(serverOf(b).params);
      expect(a.rows.at(-1)!.extra.epsilon).to.equal(b.rows.at(-1)!.extra.epsilon);
    });

  for (const refreshPeriod of [1, 3, 50])
    for (const differenceRadius of [1e200, 1000])
      it(`without noise v is the gradient to 1e-9 after 7 rounds, T = ${refreshPeriod}, C2 = ${differenceRadius}`, async () => {
        const scenario = regression('diff2', { ...plain, refreshPeriod, differenceRadius });
        const { estimate, previous } = serverOf(await tinyRun(scenario));
        const truth = await meanGradient(scenario, previous);
        expect(Math.sqrt(squaredDistance(estimate, truth)) / norm(truth)).to.be.below(1e-9);
      });

  it('differences clipped too hard lag behind: C2 = 0.01 leaves an error above 1 % (so the test above can fail)', async () => {
    const scenario = regression('diff2', { ...plain, refreshPeriod: 50, differenceRadius: 0.01 });
    const { estimate, previous } = serverOf(await tinyRun(scenario));
    const truth = await meanGradient(scenario, previous);
    expect(Math.sqrt(squaredDistance(estimate, truth)) / norm(truth)).to.be.above(0.01);
  });

  it('with gradients of zero v moves by noise of stddev C2 |dx| sigma2 in each difference round: 2400 samples, seed 11, chi-square at 1e-6', async () => {
    const method = { refreshPeriod: 8, rounds: 8, differenceRadius: 3, refreshRadius: 1, epsilon: 3 };
    const run = await tinyRun(flat('diff2', method));
    const { differenceSigma } = diff2ExactNoise({
      ...method,
      delta: 1e-5,
      smallestExampleCount: 5,
      workerCount: 4,
    });
    const servers = run.checkpoints.map(
      ({ records }) => decodeRecord('coordinator', records.get('coordinator')!).state as Server,
    );
    const sample: number[] = [];
    for (let r = 1; r < servers.length; r++) {
      const [before, after] = [servers[r - 1]!, servers[r]!];
      const step = Math.sqrt(squaredDistance(before.params, before.previous));
      subtract(after.estimate, before.estimate).forEach((x) => {
        sample.push(x / (3 * step));
      });
    }
    expect(sample).to.have.length(2400);
    expect(hasStddev(sample, differenceSigma!)).to.equal(true);
    // Planted: a squared sigma.
    expect(hasStddev(sample, differenceSigma! ** 2)).to.equal(false);
  });

  it('a point that did not move leaves v as it was, bit for bit', async () => {
    const scenario = flat('diff2', { refreshPeriod: 50, learningRate: 1e-300, rounds: 8 }, { rounds: 1 });
    const once = serverOf(await tinyRun(scenario));
    const later = serverOf(await tinyRun({ ...scenario, rounds: 6 }));
    expect(later.estimate).to.deep.equal(once.estimate);
    expect(norm(once.estimate)).to.be.above(0);
  });

  for (const calibration of ['exact', 'paper'] as const)
    it(`the ledger of the run spends what the ${calibration} calibration says, and not more than epsilon = 3`, async () => {
      const target = { epsilon: 3, delta: 1e-5, rounds: 7, refreshPeriod: 3 };
      const run = await tinyRun(regression('diff2', { ...target, calibration }));
      const noise = (calibration === 'exact' ? diff2ExactNoise : diff2PaperNoise)({
        ...target,
        smallestExampleCount: 10,
        workerCount: 4,
      });
      const { epsilon } = run.rows.at(-1)!.extra;
      expect(epsilon).to.be.closeTo(gaussianEpsilon(noise.mu, 1e-5), 1e-9);
      expect(epsilon).to.be.at.most(3 * (1 + 1e-9));
    });

  it('noise on the average: distributed equals central, local is sqrt(4) of it; each costs the same epsilon (400 samples, seed 11)', async () => {
    const z = diff2ExactNoise({
      epsilon: 3,
      delta: 1e-5,
      rounds: 1,
      refreshPeriod: 1,
      smallestExampleCount: 5,
      workerCount: 4,
    }).refreshNoiseMultiplier;
    const central = (z * 2 * 0.5) / (5 * 4);
    const epsilons: number[] = [];
    for (const [placement, stddev] of [
      ['central', central],
      ['distributed', central],
      ['local', 2 * central],
    ] as const) {
      const method = { placement, refreshPeriod: 1, rounds: 1, refreshRadius: 0.5 };
      const run = await tinyRun(flat('diff2', method, { rounds: 1 }));
      expect(hasStddev(serverOf(run).estimate, stddev), placement).to.equal(true);
      epsilons.push(run.rows[0]!.extra.epsilon!);
    }
    expect(new Set(epsilons).size).to.equal(1);
  });

  it('shared noise is made for the smallest size that was received: a smaller worker, whose size came late, keeps its mean', async () => {
    const late = (clients: readonly number[]): Partial<Scenario> => ({
      faults: clients.map((client) => ({
        fault: 'delay',
        kind: 'size',
        direction: 'all',
        senders: [client],
        receivers: 'all',
        probability: 1,
        delayMs: 5000,
        jitterMs: 0,
        from: 0,
        until: null,
      })),
      participation: { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: 1000 },
      rounds: 2,
    });
    const problem = await openProblem(regression('dp-gd', {}));
    const sizes = [0, 1, 2, 3].map((client) => problem.objectiveOf(client).exampleCount);
    const smallest = sizes.indexOf(10);
    expect(sizes.toSorted()).to.deep.equal([10, 11, 11, 11]);
    for (const name of ['dp-gd', 'diff2']) {
      const answers = async (clients: readonly number[]) => {
        const run = await tinyRun(regression(name, { placement: 'distributed', absentCount: 3 }, late(clients)));
        return run.rows.map(({ extra }) => extra.answers);
      };
      expect(await answers([]), name).to.deep.equal([4, 4]);
      expect(await answers([smallest === 0 ? 1 : 0]), name).to.deep.equal([4, 4]);
      expect(await answers([smallest]), name).to.deep.equal([3, 3]);
      expect(await answers([0, 1, 2, 3]), name).to.deep.equal([0, 0]);
    }
  });

  it('means without noise, and those that the coordinator noises, are held to the radius; the noise of a client makes its mean longer', async () => {
    const answers = async (calibration: string, placement: string, length: number) => {
      const settings = { calibration, placement, refreshPeriod: 1, refreshRadius: 0.5, rounds: 1 };
      const means = [0, 1, 2, 3].map((from) => ({ from, examples: 5, mean: Float64Array.of(0, length) }));
      const received = { [placement === 'local' ? 'noisedMean' : 'mean']: means };
      const [step] = await scriptedCoordinator(diff2, settings, [], new Float64Array(2), [{ received }]);
      return step!.measures.get('answers');
    };
    for (const placement of ['central', 'local']) {
      expect(await answers('none', placement, 0.499), placement).to.equal(4);
      expect(await answers('none', placement, 0.501), placement).to.equal(0);
    }
    expect(await answers('exact', 'local', 0.501)).to.equal(4);
    expect(await answers('exact', 'central', 0.501)).to.equal(0);
  });

  it('placements over several processes have the bits of one', async () => {
    for (const placement of ['central', 'distributed', 'local']) {
      const scenario = regression('diff2', { placement, refreshPeriod: 3 }, { precision: 'float32' });
      const one = await tinyRun(scenario);
      const three = await tinyRun(scenario, { hosts: [[0, 3], [1], [2]] });
      expect(three.states, placement).to.deep.equal(one.states);
    }
  });

  it('refuses T < 1, R < 1, C2 without bound under noise, local steps without noise or under replace-one', () => {
    const check = (over: object) => () => diff2.settings!.parse('method', over);
    expect(check({})).not.to.throw();
    expect(check({ refreshPeriod: 0 })).to.throw(/method.refreshPeriod/);
    expect(check({ rounds: 0 })).to.throw(/method.rounds/);
    expect(check({ differenceRadius: Number.POSITIVE_INFINITY })).to.throw(/ERR_SCENARIO: method.differenceRadius/);
    expect(check({ differenceRadius: 1e200, calibration: 'none' })).not.to.throw();
    const checkLocal = (over: object) => () => bvrLSgd.settings!.parse('method', over);
    expect(checkLocal({})).not.to.throw();
    expect(checkLocal({ adjacency: 'replace-one' })).to.throw(/ERR_SCENARIO: method.adjacency/);
    expect(checkLocal({ localNoiseMultiplier: 0 })).to.throw(/ERR_SCENARIO: method.localNoiseMultiplier/);
    expect(checkLocal({ localRadius: Number.POSITIVE_INFINITY })).to.throw(/ERR_SCENARIO: method.localRadius/);
  });

  const plan = (rounds: number, delta: number): RunPlan => ({
    rounds,
    clients: 4,
    participation: { cohort: 'all', sampling: 'fixed' },
    privacy: { delta },
  });

  it('refuses a plan that the ledger would count above epsilon, with both numbers: paper with T no divisor of R, R, delta', () => {
    const check =
      (over: object, rounds: number, delta = 1e-5) =>
      () =>
        diff2.checkPlan!({ ...diff2.settings!.defaults, ...over }, plan(rounds, delta));
    const paper = { calibration: 'paper' };
    // Each epsilon is what the ledger of such a run had at its end before there was a check.
    expect(check({ ...paper, rounds: 11, refreshPeriod: 10 }, 11)).to.throw(
      /ERR_PRIVACY: method.epsilon: .* at most 3, .* spends 3\.0726.*'exact'/,
    );
    expect(check({ ...paper, rounds: 2, refreshPeriod: 1000 }, 2)).to.throw(/spends 115\.08/);
    expect(check({ ...paper, rounds: 100, refreshPeriod: 10 }, 100)).not.to.throw();
    expect(check({ rounds: 11 }, 40)).to.throw(/spends 4\.96.*rounds 40 .* method.rounds 11/);
    expect(check({ rounds: 100 }, 40)).not.to.throw();
    expect(check({ delta: 1e-3 }, 100)).to.throw(/spends 4\.19.*privacy.delta 0.00001 .* method.delta 0.001/);
    expect(check({ delta: 1e-5 }, 100, 1e-3)).not.to.throw();
    for (const refreshPeriod of [1, 7, 10, 100, 1000]) expect(check({ refreshPeriod }, 100)).not.to.throw();
    expect(check({ ...paper, refreshPeriod: 1 }, 100)).not.to.throw();
    expect(check({ calibration: 'none' }, 10_000)).not.to.throw();
    const bounded = { ...plan(100, 1e-5), privacy: { delta: 1e-5, accountant: 'loss-distribution' as const } };
    // Not a point of the grid, on which the bound is exact.
    const defaults = { ...diff2.settings!.defaults, epsilon: Math.E };
    expect(() => diff2.checkPlan!(defaults, bounded)).to.throw(
      /at most 2\.718281828459045, .* spends 2\.7183.*'loss-distribution' bounds it/,
    );
    expect(() => diff2.checkPlan!(defaults, { ...bounded, rounds: 50 })).not.to.throw();
    const plain = (over: object, rounds: number) => () =>
      dpGd.checkPlan!({ ...dpGd.settings!.defaults, ...over }, plan(rounds, 1e-5));
    expect(plain({}, 100)).not.to.throw();
    expect(plain({ calibration: 'paper' }, 100)).not.to.throw();
    expect(plain({}, 101)).to.throw(/ERR_PRIVACY.*rounds 101 .* method.rounds 100/);
  });

  it('the check comes before the run: a scenario of 40 rounds with noise for 11 is refused before it runs', async () => {
    const input = {
      name: 'too-long',
      method: { name: 'diff2', rounds: 11 },
      objective: { name: 'small-network', hidden: [3] },
      data: { name: 'privacy-regression', examples: 40, testExamples: 5 },
      clients: 2,
      rounds: 40,
    };
    const catalogue = await loadCatalogue();
    const refused = await resolveScenario(input as ScenarioInput, catalogue).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
    expect(refused).to.match(/method: method.epsilon: expected noise .* 4\.96/);
    await resolveScenario({ ...input, rounds: 11 } as ScenarioInput, catalogue);
  });

  it('the forecast of BVR-L-SGD says what the local steps add to epsilon, at worst', () => {
    const lines = bvrForecast(bvrLSgd.settings!.defaults, {
      rounds: 100,
      clientCount: 4,
      parameterCount: 10,
      exampleCounts: [1000, 1000, 1000, 1000],
      delta: 1e-5,
      privateNoise: 'seeded',
    });
    expect(lines.join(' ')).to.match(
      /made for method.epsilon 3; .* epsilon would be [\d.]+ at delta .* ends before a worker has lost more than method.epsilon/,
    );
  });

  describe('BVR-L-SGD routine (reconstruction)', () => {
    it('K = 1 has the bits of the GD routine, in float32 too', async () => {
      for (const precision of ['float32', 'float64'] as const) {
        const common = { adjacency: 'add-remove', refreshPeriod: 3 };
        const gd = await tinyRun(regression('diff2', common, { precision }));
        const bvr = await tinyRun(regression('diff2-bvr-l-sgd', { ...common, localSteps: 1 }, { precision }));
        expect(serverOf(bvr).params).to.deep.equal(serverOf(gd).params);
      }
    });

    it('without noise and clipping, with one worker and b = n, K = 3 for 2 rounds are 6 steps of gradient descent to 1e-12', async () => {
      const local = { localSteps: 3, localBatchSize: 43, localRadius: 1e200 };
      const bvr = await tinyRun(regression('diff2-bvr-l-sgd', { ...plain, ...local }, { clients: 1, rounds: 2 }));
      const gd = await tinyRun(regression('diff2', { ...plain, refreshPeriod: 1 }, { clients: 1, rounds: 6 }));
      const [a, b] = [serverOf(bvr).params, serverOf(gd).params];
      expect(Math.sqrt(squaredDistance(a, b)) / norm(b)).to.be.below(1e-12);
    });

    it('charges the sampled local steps to the chosen worker alone, above the global releases, and ends before they pass epsilon', async () => {
      const common = { adjacency: 'add-remove', refreshPeriod: 3, rounds: 7 };
      const local = { localSteps: 4, localBatchSize: 4, localNoiseMultiplier: 6 };
      const gd = await tinyRun(regression('diff2', common));
      const bvr = await tinyRun(regression('diff2-bvr-l-sgd', { ...common, ...local }));
      const { roundsDone, stopped } = bvr.result;
      expect(stopped).to.equal('budget');
      expect(roundsDone).to.be.within(1, 6);
      expect(bvr.rows.at(-1)!.extra.epsilon)
        .to.be.above(gd.rows[roundsDone - 1]!.extra.epsilon!)
        .and.at.most(3);
      // Noise for more rounds leaves room.
      const roomy = await tinyRun(
        regression('diff2-bvr-l-sgd', { ...common, ...local, rounds: 60, localNoiseMultiplier: 20 }),
      );
      expect(roomy.result.stopped).to.equal('finished');
      expect(roomy.rows.at(-1)!.extra.epsilon).to.be.at.most(3);
    });
  });
});

describe('protocol/privacy/clipped-mean', () => {
  const C = 0.7;
  const SHARDS = [10, 11, 11, 11];

  /** Clipped gradient sums of every worker with one example of worker 0 replaced by the given features and target. */
  async function clippedSums(replace: { readonly feature: number; readonly target: number } | null) {
    const dataset = loadDataset(
      { name: 'privacy-regression', examples: 43, testExamples: 1 },
      rootStream(3, 'float64').derive('data'),
    );
    if (replace) {
      dataset.train.features.fill(replace.feature, 9 * 8, 10 * 8);
      dataset.train.targets[9] = replace.target;
    }
    const family = await createObjectiveFamily({
      objective: { name: 'small-network', hidden: [4], activation: 'softplus', l2: 0 },
      dataset,
      clientCount: 4,
      precision: 'float64',
      rng: rootStream(3, 'float64'),
      device: undefined,
    });
    const params = family.initialParams(rootStream(3, 'float64').derive('model'));
    const further = params.map((x) => x + 0.1) as Vector;
    let start = 0;
    return SHARDS.map((count) => {
      const objective = family.shard(Uint32Array.from({ length: count }, (_, i) => start + i));
      start += count;
      return { count, objective, params, further };
    });
  }

  type Query = (worker: Awaited<ReturnType<typeof clippedSums>>[number]) => Promise<Vector>;
  const every = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);
  const gradients: Query = async ({ objective, count, params }) =>
    clippedMean(await objective.clippedGradientSum(params, every(count), C), count);
  const differences: Query = async ({ objective, count, params, further }) =>
    clippedMean(await objective.clippedDifferenceSum(further, params, every(count), C), count);
  /** Planted: batches of 9 averaged with equal weight; the last has one example. */
  const lastBatchWeighsAll: Query = async ({ objective, count, params }) => {
    const sum = new Float64Array(params.length);
    let batches = 0;
    for (let from = 0; from < count; from += 9) {
      const batch = every(count).subarray(from, from + 9);
      const part = await objective.clippedGradientSum(params, batch, C);
      part.forEach((x, i) => {
        sum[i]! += x / batch.length;
      });
      batches++;
    }
    return sum.map((x) => x / batches);
  };
  /** Planted: the mean is clipped, not the examples. */
  const clippedAfterTheMean: Query = async ({ objective, count, params }) => {
    const mean = await objective.gradient(params, every(count));
    const length = norm(mean);
    return (Number.isFinite(length) ? mean.map((x) => x * Math.min(1, C / length)) : mean.map(() => 0)) as Vector;
  };

  async function average(query: Query, replace: Parameters<typeof clippedSums>[0]): Promise<Float64Array> {
    const means = new MeanOfMeans();
    for (const worker of await clippedSums(replace))
      means.add(await query(worker), worker.count, Number.POSITIVE_INFINITY);
    return means.average();
  }

  const adversaries = [
    { feature: 1e6, target: 1e6 },
    { feature: -1e6, target: 1e6 },
    { feature: 0, target: 1e9 },
    { feature: 0, target: -1e9 },
    { feature: 1, target: Number.NaN },
    { feature: 0, target: 0 },
  ];
  const bound = exampleSensitivity(C, 'replace-one', 10) / 4;

  async function largestMove(query: Query): Promise<number> {
    const averages = await Promise.all([null, ...adversaries].map((replace) => average(query, replace)));
    let largest = 0;
    for (const a of averages) for (const b of averages) largest = Math.max(largest, Math.sqrt(squaredDistance(a, b)));
    return largest;
  }

  it('one replaced example (norm 1e6, NaN, zero) moves the average of gradients by at most 2 C / (n_min P) = 0.035', async () => {
    expect(bound).to.be.closeTo(0.035, 1e-15);
    expect(await largestMove(gradients)).to.be.within(0.5 * bound, bound * (1 + 1e-9));
  });

  it('and the average of differences', async () => {
    expect(await largestMove(differences)).to.be.at.most(bound * (1 + 1e-9));
  });

  it('planted faults pass the bound: equal weight for the last batch, clipping after the mean', async () => {
    expect(await largestMove(lastBatchWeighsAll)).to.be.above(1.5 * bound);
    expect(await largestMove(clippedAfterTheMean)).to.be.above(1.5 * bound);
  });

  it('micro-batches and another order of the examples change a clipped sum by rounding only', async () => {
    const [worker] = await clippedSums(null);
    const { objective, params } = worker!;
    const whole = await objective.clippedGradientSum(params, every(10), C);
    const parts = new Float64Array(params.length);
    for (const batch of [
      [9, 3, 1],
      [0, 8],
      [7, 2, 4, 5, 6],
    ])
      (await objective.clippedGradientSum(params, Uint32Array.from(batch), C)).forEach((x, i) => {
        parts[i]! += x;
      });
    expect(Math.sqrt(squaredDistance(whole, parts))).to.be.below(1e-13);
  });

  it('workers of 10 and 1000 examples count alike: the average of 1 and 3 is 2', () => {
    const means = new MeanOfMeans();
    means.add(Float64Array.of(1), 10, 10);
    means.add(Float64Array.of(3), 1000, 10);
    expect([...means.average()]).to.deep.equal([2]);
  });

  it('a mean longer than its radius, or not finite, is not counted', () => {
    const means = new MeanOfMeans();
    expect(means.add(Float64Array.of(3, 4), 10, 5)).to.equal(true);
    expect(means.add(Float64Array.of(3, 4.1), 10, 5)).to.equal(false);
    expect(means.add(Float64Array.of(Number.NaN, 0), 10, 5)).to.equal(false);
    expect(means.count).to.equal(1);
  });
});
