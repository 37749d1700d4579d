import { expect } from 'chai';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import { claimed, claiming } from '../../support/claimed-examples.js';
import { largestDistance, type QuadraticRun, runQuadratic } from '../../support/quadratic-runs.js';

const RATE = 0.1;
const LOCAL_STEPS = 10;

/** sum_i w_i q_i c_i / sum_i w_i q_i in each coordinate, where q_i is how far a client moves toward c_i in one round. */
function fixedPoint(
  run: QuadraticRun,
  share: (curvature: number) => number,
  weight = (_client: number) => 1,
): Float64Array {
  return Float64Array.from({ length: run.dimension }, (_, j) => {
    let above = 0;
    let below = 0;
    for (let client = 0; client < run.clients; client++) {
      const q = weight(client) * share(run.curvature(client, j));
      above += q * run.centre(client, j);
      below += q;
    }
    return above / below;
  });
}

const shareOfSteps = (curvature: number): number => 1 - (1 - RATE * curvature) ** LOCAL_STEPS;
const local = { localEpochs: LOCAL_STEPS, batchSize: 1, clientLearningRate: RATE };

describe('FedAvg', () => {
  it('converges to sum q_i c_i / sum q_i, q_i = 1 - (1 - rate a_i)^K, and not to the optimum', async () => {
    const run = await runQuadratic(fedavg, local, { rounds: 120 });
    const [params] = run.result.estimates;
    expect(largestDistance(params!, fixedPoint(run, shareOfSteps))).to.be.lessThan(1e-14);
    expect(largestDistance(params!, run.optimum)).to.be.greaterThan(0.05);
  });

  it('weights clients by their examples, or equally where it says so', async () => {
    for (const weighting of ['examples', 'clients']) {
      const run = await runQuadratic(
        fedavg,
        { ...local, batchSize: 1000, weighting },
        { rounds: 120 },
        { objectiveOf: claiming },
      );
      const [params] = run.result.estimates;
      const [own, other] = weighting === 'examples' ? [claimed, () => 1] : [() => 1, claimed];
      expect(largestDistance(params!, fixedPoint(run, shareOfSteps, own))).to.be.lessThan(1e-14);
      expect(largestDistance(params!, fixedPoint(run, shareOfSteps, other))).to.be.greaterThan(0.05);
    }
  });

  it('with one local step and all clients it is gradient descent: 2e-15 after 15 rounds', async () => {
    const run = await runQuadratic(fedavg, { ...local, localEpochs: 1 }, { rounds: 15 });
    const x = Float64Array.from(run.initial);
    for (let round = 0; round < 15; round++)
      for (let j = 0; j < x.length; j++) {
        let gradient = 0;
        for (let client = 0; client < run.clients; client++)
          gradient += (run.curvature(client, j) * (x[j]! - run.centre(client, j))) / run.clients;
        x[j]! -= RATE * gradient;
      }
    expect(largestDistance(run.result.estimates[0]!, x)).to.be.lessThan(2e-15);
    const descent = await runQuadratic(
      sgd,
      { batchSize: 1, optimizer: { name: 'sgd', learningRate: RATE } },
      { rounds: 15 },
    );
    expect(largestDistance(descent.result.estimates[0]!, x)).to.be.lessThan(2e-15);
  });
});

describe('FedProx', () => {
  it('converges to q_i = a_i / (a_i + mu) (1 - (1 - rate (a_i + mu))^K) at mu = 3', async () => {
    const mu = 3;
    const run = await runQuadratic(fedavg, { ...local, proximal: mu }, { rounds: 200 });
    const share = (a: number): number => (a / (a + mu)) * (1 - (1 - RATE * (a + mu)) ** LOCAL_STEPS);
    expect(largestDistance(run.result.estimates[0]!, fixedPoint(run, share))).to.be.lessThan(1e-14);
    expect(largestDistance(run.result.estimates[0]!, fixedPoint(run, shareOfSteps))).to.be.greaterThan(0.02);
  });

  it('tends to FedAvg in proportion to mu, and is FedAvg to round-off at mu = 1e-16', async () => {
    const after = async (proximal: number) =>
      (await runQuadratic(fedavg, { ...local, proximal }, { rounds: 5 })).result.estimates[0]!;
    const plain = await after(0);
    const [small, smaller, none] = await Promise.all([1e-3, 1e-6, 1e-16].map(after));
    expect(largestDistance(plain, small!) / largestDistance(plain, smaller!)).to.be.within(990, 1010);
    expect(largestDistance(plain, none!)).to.be.lessThan(1e-14);
  });
});

describe('FedOpt', () => {
  it('with SGD moves by its rate times the mean update: rate 1 is FedAvg', async () => {
    const after = async (learningRate: number, rounds = 1) =>
      (await runQuadratic(fedavg, { ...local, serverOptimizer: { name: 'sgd', learningRate } }, { rounds })).result
        .estimates[0]!;
    const plain = await runQuadratic(fedavg, local, { rounds: 1 });
    const [averaged] = plain.result.estimates;
    expect(await after(1)).to.deep.equal(averaged);
    const expected = (rate: number) => plain.initial.map((x, j) => x + rate * (averaged![j]! - x));
    for (const rate of [0.5, 3]) expect(largestDistance(await after(rate), expected(rate))).to.be.lessThan(3e-15);
  });
});
