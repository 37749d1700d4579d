import { expect } from 'chai';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { type TinyRun, tinyRun, tinyScenario } from '../../support/tiny-run.js';

/** Eight clients whose minima are far apart, d = 10, curvatures from 1 to 3. */
function heterogeneous(method: Scenario['method'], rounds: number, changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(method.name, {
    method,
    objective: { name: 'quadratic', dimension: 10, largestEigenvalue: 3, initialValue: 1 },
    clients: 8,
    rounds,
    seed: 5,
    precision: 'float64',
    evaluation: { everyRounds: rounds, train: false },
    ...changes,
  });
}

const on = (kind: string, codec: Scenario['method'], memory: Scenario['method'] | null = null) => ({
  codecs: { [kind]: { codec, memory, scope: 'vector' as const } },
});
const TOP_1 = { name: 'top-k', count: 1 };
const RANDOM_2 = { name: 'random-k', count: 2, scaled: true };
const PLAIN = { name: 'sgd', batchSize: 1, optimizer: { name: 'sgd', learningRate: 0.02 } };

function stateOf<T>(run: TinyRun, party: 'coordinator' | number): T {
  return run.records.get(party)!.state as T;
}

/** Largest |a_i - b_i|. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

function meanOf(vectors: readonly ArrayLike<number>[]): Float64Array {
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

describe('EF21, DIANA and MARINA on eight heterogeneous quadratics, d = 10, constant step', () => {
  it('without compression all three are gradient descent, to 1e-12', async () => {
    const descent = stateOf<{ params: Float64Array }>(await tinyRun(heterogeneous(PLAIN, 50)), 'coordinator').params;
    for (const method of [
      { name: 'ef21', stepSize: 0.02 },
      { name: 'diana', stepSize: 0.02, shiftStepSize: 0.3 },
      { name: 'marina', stepSize: 0.02, denseProbability: 0.3 },
    ]) {
      const { params } = stateOf<{ params: Float64Array }>(await tinyRun(heterogeneous(method, 50)), 'coordinator');
      expect(distance(params, descent), method.name).to.be.below(1e-12);
    }
  });
});

describe('the server of EF21 and DIANA holds the mean of what its clients hold, to 1e-12', () => {
  const lossy: Partial<Scenario> = {
    participation: { cohort: 5, sampling: 'fixed', quorum: null, deadlineMs: null },
    faults: [
      {
        fault: 'drop',
        from: 0,
        until: null,
        kind: null,
        direction: 'all',
        senders: 'all',
        receivers: 'all',
        probability: 0.3,
      },
    ],
  };

  it('EF21, top-1, 5 of 8 clients a round, 30 % of all frames lost', async () => {
    const scenario = heterogeneous({ name: 'ef21', stepSize: 0.005 }, 300, { ...on('correction', TOP_1), ...lossy });
    const run = await tinyRun(scenario);
    const own = Array.from({ length: 8 }, (_, i) => stateOf<{ estimate: Float64Array }>(run, i).estimate);
    const server = stateOf<{ estimate: Float64Array }>(run, 'coordinator').estimate;
    expect(run.firings[0]).to.be.above(500);
    expect(distance(server, meanOf(own))).to.be.below(1e-12);
    expect(distance(server, new Float64Array(10))).to.be.above(1e-3);
  });

  it('DIANA, random-2, 5 of 8 clients a round, 30 % of all frames lost', async () => {
    const diana = { name: 'diana', stepSize: 0.005, shiftStepSize: 0.2 };
    const run = await tinyRun(heterogeneous(diana, 300, { ...on('difference', RANDOM_2), ...lossy }));
    const own = Array.from({ length: 8 }, (_, i) => stateOf<{ shift: Float64Array }>(run, i).shift);
    const server = stateOf<{ shift: Float64Array }>(run, 'coordinator').shift;
    expect(distance(server, meanOf(own))).to.be.below(1e-12);
    expect(distance(server, new Float64Array(10))).to.be.above(1e-3);
  });

  it('MARINA: a client that missed a round sends no difference in the next: every loss costs that client two rounds', async () => {
    // Client 3 is absent in round 10 alone; all others send every difference.
    const scenario = heterogeneous({ name: 'marina', stepSize: 0.02, denseProbability: 1e-9 }, 20, {
      ...on('difference', RANDOM_2),
      faults: [{ fault: 'crash', from: 10, until: 11, clients: [3], downRounds: null, memory: 'kept' }],
    });
    const whole = await tinyRun({ ...scenario, faults: [] });
    const run = await tinyRun(scenario);
    const differing = run.rows.flatMap((row, i) => (row.bytesUp < whole.rows[i]!.bytesUp ? [row.round - 1] : []));
    expect(differing).to.deep.equal([10, 11]);
  });
});
