import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import { norm, squaredDistance } from '../../../protocol/numerics/vector.js';
import { account } from '../../../protocol/privacy/accounting/account.js';
import type { Json, Scenario } from '../../../protocol/scenario/scenario.js';
import { openProblem } from '../../../worker/problem.js';
import { hasStddev } from '../../protocol/privacy/statistics.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const rate = { name: 'sgd', learningRate: 0.5 };

function digits(name: string, method: Record<string, Json>, changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(name, {
    method: { name, ...method },
    objective: { name: 'softmax-regression', l2: 0, bias: true },
    data: { name: 'gaussian-clusters', classes: 3, examples: 61, testExamples: 9, partition: { name: 'iid' } },
    precision: 'float64',
    rounds: 6,
    ...changes,
  });
}

const paramsOf = (run: Awaited<ReturnType<typeof tinyRun>>) =>
  (run.records.get('coordinator')!.state as { readonly params: Vector }).params;

describe('protocol/methods/dp-sgd', () => {
  it('without noise and clipping it is SGD: with q = 1 and B = n, 6 steps of full gradient descent to 1e-12', async () => {
    const scenario = digits('dp-sgd', {
      sampling: 1,
      expectedBatchSize: 61,
      clippingRadius: 1e200,
      noiseMultiplier: 0,
      optimizer: rate,
    });
    const problem = await openProblem(scenario);
    const x = problem.model.initialParams.slice() as Vector;
    for (let step = 0; step < 6; step++) {
      const sum = new Float64Array(x.length);
      for (let client = 0; client < 4; client++) {
        const objective = problem.objectiveOf(client);
        const n = objective.exampleCount;
        (
          await objective.gradient(
            x,
            Uint32Array.from({ length: n }, (_, i) => i),
          )
        ).forEach((g, i) => {
          sum[i]! += n * g;
        });
      }
      for (let i = 0; i < x.length; i++) x[i]! -= (0.5 * sum[i]!) / 61;
    }
    const params = paramsOf(await tinyRun(scenario));
    expect(Math.sqrt(squaredDistance(params, x)) / norm(x)).to.be.below(1e-12);
  });

  it('an empty batch is still noised and still a step: at q = 1e-9 the step has stddev eta z C / B (seed 11)', async () => {
    const scenario = digits(
      'dp-sgd',
      { sampling: 1e-9, expectedBatchSize: 8, clippingRadius: 3, noiseMultiplier: 2, optimizer: rate },
      { rounds: 1, objective: { name: 'softmax-regression', l2: 0, bias: false } },
    );
    const before = (await openProblem(scenario)).model.initialParams;
    const step = paramsOf(await tinyRun(scenario)).map((x, i) => x - before[i]!);
    // 0.5 * 2 * 3 / 8; planted: a squared z
    expect(hasStddev(step, 0.375)).to.equal(true);
    expect(hasStddev(step, 0.75)).to.equal(false);
  });

  it('epsilon of the ledger is that of the accountant for (q, z, steps), whatever the placement', async () => {
    for (const placement of ['central', 'distributed', 'local']) {
      const run = await tinyRun(digits('dp-sgd', { placement, sampling: 0.2, noiseMultiplier: 1.3 }));
      const asked = account({ delta: 1e-5, sampling: 0.2, noiseMultiplier: 1.3, steps: 6, method: 'auto' });
      expect(run.rows.at(-1)!.extra.epsilon, placement).to.be.closeTo(asked.epsilon, 1e-12);
    }
  });

  it('placements over several processes have the bits of one', async () => {
    for (const placement of ['central', 'distributed', 'local']) {
      const scenario = digits('dp-sgd', { placement, sampling: 0.5, noiseMultiplier: 1 }, { precision: 'float32' });
      const one = await tinyRun(scenario);
      const two = await tinyRun(scenario, {
        hosts: [
          [0, 2],
          [3, 1],
        ],
      });
      expect(two.states, placement).to.deep.equal(one.states);
    }
  });

  it('too few shares of the noise and the sum is thrown away: with one of four clients crashed and absentCount 0 nothing moves', async () => {
    const method = { placement: 'distributed', sampling: 0.5, noiseMultiplier: 1 };
    const faults = [{ fault: 'crash', from: 0, until: null, clients: [2], downRounds: 100, memory: 'kept' }];
    const scenario = digits('dp-sgd', method, { faults });
    const before = (await openProblem(scenario)).model.initialParams;
    expect(paramsOf(await tinyRun(scenario))).to.deep.equal(before);
    const tolerant = digits('dp-sgd', { ...method, absentCount: 1 }, { faults });
    expect(paramsOf(await tinyRun(tolerant))).not.to.deep.equal(before);
  });

  for (const name of ['dp-sgd', 'dp-gd', 'diff2'])
    it(`${name}: colluding clients may be among those that answer, so that all but the absent must: three of four are too few`, async () => {
      const method = { placement: 'distributed', ...(name === 'dp-sgd' ? { sampling: 0.5, noiseMultiplier: 1 } : {}) };
      const faults = [{ fault: 'crash', from: 0, until: null, clients: [2], downRounds: 100, memory: 'kept' }];
      const before = (await openProblem(digits(name, method))).model.initialParams;
      const moved = async (colludingCount: number, absentCount: number) => {
        const run = await tinyRun(digits(name, { ...method, colludingCount, absentCount }, { faults }));
        return paramsOf(run).some((x, i) => x !== before[i]);
      };
      expect(await moved(1, 0)).to.equal(false);
      expect(await moved(1, 1)).to.equal(true);
    });
});

describe('protocol/methods/dp-ftrl', () => {
  it('charges each tree of 5 steps as 3 levels: 12 steps are 3 trees, 9 releases', async () => {
    const run = await tinyRun(digits('dp-ftrl', { stepsPerEpoch: 5, noiseMultiplier: 4 }, { rounds: 12 }));
    const asked = account({ delta: 1e-5, sampling: 1, noiseMultiplier: 4, steps: 9 });
    expect(run.rows.at(-1)!.extra.epsilon).to.be.closeTo(asked.epsilon, 1e-12);
  });

  it('the iterate after t steps has the noise of popcount(t) nodes, eta z C / B each: t = 4 has one, t = 3 two (seed 11)', async () => {
    const ofClient = (value: number) => Array.from({ length: 4 }, () => new Array<number>(400).fill(value));
    const at = (rounds: number) =>
      tinyRun(
        tinyScenario('dp-ftrl', {
          method: { name: 'dp-ftrl', stepsPerEpoch: 8, noiseMultiplier: 4, learningRate: 0.5, expectedBatchSize: 10 },
          objective: {
            name: 'quadratic',
            dimension: 400,
            matrices: ofClient(1e-9),
            centres: ofClient(0),
            initialValue: 0,
          },
          precision: 'float64',
          rounds,
        }),
      );
    expect(hasStddev(paramsOf(await at(4)), 0.2)).to.equal(true);
    expect(hasStddev(paramsOf(await at(3)), 0.2 * Math.SQRT2)).to.equal(true);
    expect(hasStddev(paramsOf(await at(3)), 0.2)).to.equal(false);
  });
});
