import { expect } from 'chai';
import { loadMethod, methods } from '../../../protocol/method-loader.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import type { QuadraticFamily } from '../../../worker/objectives/plain/quadratic.js';
import { openProblem } from '../../../worker/problem.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const DIMENSION = 4;
const EXAMPLES = 5;
const CLIENTS = 4;
const RATE = 0.1;

/** Curvature 1 at every client, examples apart: the gradient of a batch at x is x less the mean of its centres. */
function spread(method: Scenario['method'], rounds: number): Scenario {
  const ones = Array.from({ length: CLIENTS }, () => new Array(DIMENSION).fill(1));
  return tinyScenario(method.name, {
    method,
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      matrices: ones,
      centreSpread: 1,
      examples: EXAMPLES,
      exampleSpread: 1,
      initialValue: 2,
    },
    topology: GOSSIP.has(method.name) ? { name: 'ring', weights: 'metropolis', lazy: false } : null,
    clients: CLIENTS,
    rounds,
    precision: 'float64',
  });
}

const named = await Promise.all(builtInNames(methods).map((name) => loadMethod(name)));
const GOSSIP = new Set(named.filter(({ coordinator }) => !coordinator).map(({ name }) => name));

/** Every method whose settings take null. */
const documented = named.filter(({ settings }) => {
  if (!('batchSize' in settings.defaults)) return false;
  try {
    settings.parse('method', { ...settings.defaults, batchSize: null });
    return true;
  } catch {
    return false;
  }
});

/** What the model is after one round of whole gradients `g` from `x`. */
const AFTER_ONE: Record<string, { readonly settings: object; readonly next: (x: number, g: number) => number }> = {
  // g + m with m = g.
  powersgd: { settings: { momentum: 0, learningRate: RATE }, next: (x, g) => x - 2 * RATE * g },
  // A sketch of 1,000 cells a row has each of the four entries in a cell of its own, in three rows of five at least.
  fetchsgd: { settings: { momentum: 0, learningRate: RATE, columns: 1000 }, next: (x, g) => x - RATE * g },
  // m = (1 - 0.9) g, v = (1 - 0.99) g^2: the step is the rate, whatever g is, but for epsilon.
  'one-bit-adam': {
    settings: { beta1: 0.9, beta2: 0.99, epsilon: 1e-3, learningRate: RATE },
    next: (x, g) => x - (RATE * 0.1 * g) / (0.1 * Math.abs(g) + 1e-3),
  },
};

describe('batchSize null', () => {
  it('is taken by 18 methods or more', () => {
    expect(documented.map(({ name }) => name)).to.include.members(Object.keys(AFTER_ONE));
    expect(documented).to.have.length.of.at.least(18);
  });

  for (const [name, { settings, next }] of Object.entries(AFTER_ONE))
    it(`${name}: the first round is that of the mean of all examples, in closed form to 1e-12; with batches of 1 it is not`, async () => {
      const scenario = spread({ name, ...settings, batchSize: null } as never, 1);
      const { shards } = (await openProblem(scenario)).family as unknown as QuadraticFamily;
      const centre = new Float64Array(DIMENSION);
      for (const { centres } of shards)
        for (const [k, value] of centres.entries()) centre[k % DIMENSION] = centre[k % DIMENSION]! + value;
      const expected = Array.from(centre, (sum) => next(2, 2 - sum / (CLIENTS * EXAMPLES)));
      const paramsOf = async (given: Scenario) =>
        ((await tinyRun(given)).records.get('coordinator')!.state as { readonly params: Float64Array }).params;
      const params = await paramsOf(scenario);
      for (const [k, value] of expected.entries()) expect(params[k]).to.be.closeTo(value, 1e-12);
      const single = await paramsOf(spread({ name, ...settings, batchSize: 1 } as never, 1));
      expect(Math.abs(single[0]! - expected[0]!)).to.be.above(1e-6);
    });

  for (const { name } of documented)
    it(`${name}: two rounds have the bits of batches of the size of the shard, and not those of batches of 1`, async () => {
      const statesOf = async (batchSize: number | null) =>
        (await tinyRun(spread({ name, batchSize } as never, 2))).states;
      const whole = await statesOf(null);
      expect(whole).to.deep.equal(await statesOf(EXAMPLES));
      expect(whole).to.not.deep.equal(await statesOf(1));
    });
});
