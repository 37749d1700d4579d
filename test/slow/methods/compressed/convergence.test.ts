import { expect } from 'chai';
import type { Scenario } from '../../../../protocol/scenario/scenario.js';
import { type TinyRun, tinyRun, tinyScenario } from '../../../support/tiny-run.js';

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

/** Excess over the minimum: what the quadratic calls its loss. */
const excess = (run: TinyRun) => run.rows.at(-1)!.loss!;

describe('EF21, DIANA and MARINA over 1,500 rounds: eight heterogeneous quadratics, d = 10, constant step', () => {
  it('EF21 with top-1 reaches the minimum (excess < 1e-24); error feedback with top-1 stalls above 1e-6', async () => {
    const cured = await tinyRun(heterogeneous({ name: 'ef21', stepSize: 0.03 }, 1500, on('correction', TOP_1)));
    const classic = await tinyRun(heterogeneous(PLAIN, 1500, on('gradient', TOP_1, { name: 'error-feedback' })));
    expect(excess(cured)).to.be.below(1e-24);
    expect(excess(classic)).to.be.within(1e-6, 1);
  });

  it('DIANA and MARINA with 2 random entries of 10 reach it (excess < 1e-24); plain random-2 stalls above 1e-2', async () => {
    const diana = { name: 'diana', stepSize: 0.05, shiftStepSize: 0.2 };
    const marina = { name: 'marina', stepSize: 0.05, denseProbability: 0.2 };
    const [exact, alsoExact, plain] = [
      await tinyRun(heterogeneous(diana, 1500, on('difference', RANDOM_2))),
      await tinyRun(heterogeneous(marina, 1500, on('difference', RANDOM_2))),
      await tinyRun(heterogeneous(PLAIN, 1000, on('gradient', RANDOM_2))),
    ];
    expect(excess(exact)).to.be.below(1e-24);
    expect(excess(alsoExact)).to.be.below(1e-24);
    expect(excess(plain)).to.be.above(1e-2);
  });
});
