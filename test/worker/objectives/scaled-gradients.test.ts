import { expect } from 'chai';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { clip, norm, subtract } from '../../../protocol/numerics/vector.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { scaledGradients } from '../../../worker/objectives/scaled-gradients.js';
import { openProblem } from '../../../worker/problem.js';

const scenario = async (stress: object, objective: object = { name: 'small-network', hidden: [3] }) =>
  resolveScenario(
    {
      name: 'stressed',
      method: 'sgd',
      objective: objective as never,
      data: { name: 'gaussian-clusters', features: 4, examples: 24, testExamples: 6 },
      clients: 2,
      precision: 'float64',
      stress,
    },
    await loadCatalogue(),
  );
const BATCH = Uint32Array.of(0, 3, 7);
const FACTOR = 8;

describe('worker/objectives/scaled-gradients: a stress of the scenario', () => {
  const open = async () => {
    const problem = await openProblem(await scenario({}));
    const inner = problem.objectiveOf(0);
    const [first] = inner.segments;
    const end = first!.shape.reduce((product, side) => product * side, 1);
    const by = (vector: ReadonlyVector): Vector =>
      Float64Array.from({ length: vector.length }, (_, i) => (i < end ? FACTOR : 1) * vector[i]!);
    const params = rootStream(3, 'float64').normal(problem.family.parameterCount);
    const previous = rootStream(4, 'float64').normal(problem.family.parameterCount);
    return { inner, outer: scaledGradients(inner, { [first!.name]: FACTOR }), by, params, previous };
  };

  it('multiplies the named tensor of a gradient alone, of each example too, and leaves the loss', async () => {
    const { inner, outer, by, params } = await open();
    expect(await outer.gradient(params, BATCH)).to.deep.equal(by(await inner.gradient(params, BATCH)));
    expect(await outer.loss(params, BATCH)).to.equal(await inner.loss(params, BATCH));
    const [ours, theirs]: ReadonlyVector[][] = [[], []];
    for await (const g of outer.exampleGradients(params, BATCH)) ours!.push(Float64Array.from(g as Vector));
    for await (const g of inner.exampleGradients(params, BATCH)) theirs!.push(by(g));
    expect(ours).to.deep.equal(theirs);
  });

  it('clips what is multiplied: sums of clipped gradients and differences agree with those by example to 1e-12', async () => {
    const { outer, params, previous } = await open();
    const radius = 0.5;
    const sum = new Float64Array(params.length);
    const differences = new Float64Array(params.length);
    for (const index of BATCH) {
      const g = await outer.gradient(params, Uint32Array.of(index));
      const before = await outer.gradient(previous, Uint32Array.of(index));
      clip(g, radius).forEach((x, i) => void (sum[i]! += x));
      clip(subtract(g, before), radius).forEach((x, i) => void (differences[i]! += x));
    }
    expect(norm(subtract(await outer.clippedGradientSum(params, BATCH, radius), sum))).to.be.below(1e-12);
    const found = await outer.clippedDifferenceSum(params, previous, BATCH, radius);
    expect(norm(subtract(found, differences))).to.be.below(1e-12);
  });

  it('belongs to the problem of a scenario, whatever the method', async () => {
    const [plain, stressed] = await Promise.all(
      [{}, { gradientScales: { 'dense1/weights': FACTOR } }].map(async (stress) => openProblem(await scenario(stress))),
    );
    const { initialParams } = plain!.model;
    const [a, b] = await Promise.all(
      [plain!, stressed!].map((problem) => problem.objectiveOf(1).gradient(initialParams, BATCH)),
    );
    expect(norm(b!) / norm(a!)).to.be.above(2);
  });

  it('refuses a tensor that the model does not have, a factor of 0, and log-posteriors', async () => {
    const failure = async (stress: object, objective?: object): Promise<string> => {
      try {
        (await openProblem(await scenario(stress, objective))).objectiveOf(0);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await failure({ gradientScales: { dense: 2 } })).to.match(
      /stress\.gradientScales.*dense1\/weights.*'dense'/,
    );
    expect(await failure({ gradientScales: { 'dense1/weights': 0 } })).to.match(/stress\.gradientScales/);
    const posterior = { name: 'gaussian-mean' };
    expect(await failure({ gradientScales: { mean: 2 } }, posterior)).to.match(/stress\.gradientScales.*log-posterior/);
  });
});
