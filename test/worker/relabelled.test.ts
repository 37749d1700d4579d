import { expect } from 'chai';
import { during } from '../../protocol/faults/fault.js';
import labelFlipFault, { labelFlip } from '../../protocol/faults/label-flip.js';
import labelNoiseFault, { labelNoise } from '../../protocol/faults/label-noise.js';
import fedavg from '../../protocol/methods/federated/fedavg.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { claimsOf } from '../../scenarios/check/claims-of.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { openProblem, type Problem } from '../../worker/problem.js';

const CLIENTS = 10;

const scenario = (more: Partial<ScenarioInput>) =>
  resolveTiny(fedavg, {
    method: { name: 'fedavg', clientLearningRate: 0.1, batchSize: 10 },
    objective: 'softmax-regression' as never,
    data: {
      name: 'gaussian-clusters',
      classes: 5,
      features: 10,
      examples: 2_000,
      testExamples: 500,
      separation: 4,
    } as never,
    clients: CLIENTS,
    rounds: 15,
    precision: 'float64',
    evaluation: { everyRounds: 1 },
    ...more,
  });

/** The class that a client's objective takes an example for: that of the least loss under a model that is sure of one class. */
async function labelsOf(problem: Problem, client: number, round: number | null): Promise<number[]> {
  const objective = round === null ? problem.objectiveOf(client) : problem.relabelled(client, round);
  const { parameterCount, segments } = problem.model;
  const bias = segments.at(-1)!;
  const labels: number[] = [];
  for (let i = 0; i < objective.exampleCount; i++) {
    const losses: number[] = [];
    for (let k = 0; k < 5; k++) {
      const params = new Float64Array(parameterCount);
      params[bias.offset + k] = 20;
      losses.push(await objective.loss(params, Uint32Array.of(i)));
    }
    labels.push(losses.indexOf(Math.min(...losses)));
  }
  return labels;
}

describe('faults of labels', () => {
  it('label-flip turns class y of K into K - 1 - y, or y + 1, for its clients, in its rounds, and not for others', async () => {
    const problem = await openProblem(
      await scenario({
        faults: [during(2, 4, labelFlip({ clients: [1] })), during(3, 4, labelFlip({ clients: [3], to: 'next' }))],
      }),
    );
    const own = await labelsOf(problem, 1, null);
    expect(new Set(own).size).to.equal(5);
    expect(await labelsOf(problem, 1, 2)).to.deep.equal(own.map((y) => 4 - y));
    for (const round of [0, 1, 4, 9]) expect(await labelsOf(problem, 1, round)).to.deep.equal(own);
    const third = await labelsOf(problem, 3, null);
    expect(await labelsOf(problem, 3, 2)).to.deep.equal(third);
    expect(await labelsOf(problem, 3, 3)).to.deep.equal(third.map((y) => (y + 1) % 5));
    expect(await labelsOf(problem, 2, 3)).to.deep.equal(await labelsOf(problem, 2, null));
  });

  it('label-noise replaces the stated share by other classes, the same ones in every round (2,000 labels, 4 standard errors)', async () => {
    const problem = await openProblem(await scenario({ faults: [labelNoise({ rate: 0.3 })] }));
    let wrong = 0;
    for (let client = 0; client < CLIENTS; client++) {
      const own = await labelsOf(problem, client, null);
      const noisy = await labelsOf(problem, client, 0);
      expect(await labelsOf(problem, client, 7)).to.deep.equal(noisy);
      wrong += noisy.filter((y, i) => y !== own[i]).length;
    }
    expect(wrong / 2_000).to.be.closeTo(0.3, 0.041);
  });

  it('label-noise with rates of their own differs between clients by more than one rate would', async () => {
    const problem = await openProblem(await scenario({ faults: [labelNoise({ rate: 1, rates: 'uniform' })] }));
    const shares: number[] = [];
    for (let client = 0; client < CLIENTS; client++) {
      const own = await labelsOf(problem, client, null);
      const noisy = await labelsOf(problem, client, 0);
      shares.push(noisy.filter((y, i) => y !== own[i]).length / own.length);
    }
    // U(0, 1): of ten the range is 0.82 on average; of one rate of 200 examples it is about 0.1.
    expect(Math.max(...shares) - Math.min(...shares)).to.be.greaterThan(0.4);
  });

  it('label-flip by four of ten harms the mean, and the median of what clients send less', async () => {
    const accuracy = async (more: Partial<ScenarioInput>) => {
      const run = await runTiny(await scenario(more), fedavg);
      return run.rows.at(-1)!.accuracy!;
    };
    const faults = [labelFlip({ clients: [0, 1, 2, 3], to: 'next' })];
    const clean = await accuracy({});
    const flipped = await accuracy({ faults });
    const robust = await accuracy({ faults, aggregators: { update: 'median' } });
    expect(flipped).to.be.lessThan(clean - 0.05);
    expect(robust).to.be.greaterThan(flipped);
  });

  it('is refused for data without classes', async () => {
    const more = {
      objective: 'linear-regression',
      data: { name: 'linear-regression', examples: 40 },
      faults: [labelFlip({ clients: [1] })],
    };
    const error = await scenario(more as never)
      .then((resolved) => openProblem(resolved))
      .then(
        () => 'opened',
        (reason: Error) => reason.message,
      );
    expect(error).to.include('faults.0.fault: expected data of at least 2 classes');
  });
});

for (const [fault, settings] of [
  [labelFlipFault, { clients: [0, 1] }],
  [labelNoiseFault, { rate: 0.5 }],
] as const) {
  const claims = await claimsOf(fault, { settings: settings as never });
  describe(`the contract of the fault ${fault.name}`, () => {
    for (const { title, run } of claims) it(title, run);
  });
}
