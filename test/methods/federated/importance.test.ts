import { expect } from 'chai';
import type { Objective } from '../../../protocol/method.js';
import {
  drawWeighted,
  probabilitiesOf,
  refreshed,
  weightedGradient,
} from '../../../protocol/methods/federated/parts/importance.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { openProblem } from '../../../worker/problem.js';
import { resolved } from '../../support/scripted-run.js';

const settings = { by: 'gradient-norm', everyRounds: 2, uniform: 0.1 } as const;
const LAMBDAS = [1e-9, 0.1, 0.5, 1];

async function shard(): Promise<{ readonly objective: Objective; readonly params: Float64Array }> {
  const { objectiveOf, model } = await openProblem(
    await resolved({
      name: 'importance',
      method: 'sgd',
      objective: 'softmax-regression',
      data: { name: 'gaussian-clusters', examples: 12, testExamples: 4, noiseStddev: 3, partition: 'iid' },
      clients: 1,
      rounds: 1,
      precision: 'float64',
    }),
  );
  const params = Float64Array.from(model.initialParams, (_, i) => Math.sin(i));
  return { objective: objectiveOf(0), params };
}

describe('importance sampling of examples', () => {
  it('is unbiased: the expectation over all examples is the gradient of the shard, by norms and by losses', async () => {
    const { objective, params } = await shard();
    const all = Uint32Array.from({ length: 12 }, (_, i) => i);
    const whole = await objective.gradient(params, all);
    for (const by of ['gradient-norm', 'loss'] as const)
      for (const lambda of LAMBDAS) {
        const { scores } = await refreshed(null, 0, { ...settings, by }, objective, params);
        const p = probabilitiesOf(scores, lambda);
        const mean = new Float64Array(params.length);
        for (const i of all) {
          const one = { batch: Uint32Array.of(i), weights: Float64Array.of(1 / (12 * p[i]!)) };
          const gradient = await weightedGradient(objective, params, one, new Float64Array(params.length));
          for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! + p[i]! * gradient[j]!;
        }
        for (let j = 0; j < mean.length; j++) expect(mean[j]).to.be.closeTo(whole[j]!, 1e-13);
      }
  });

  it("by exact norms: E|g|^2 of one draw is at most uniform sampling's, less with a smaller lambda, and ((1/n) sum |g_i|)^2 at lambda 0", async () => {
    const { objective, params } = await shard();
    const { scores } = await refreshed(null, 0, settings, objective, params);
    const secondMoment = (lambda: number) =>
      probabilitiesOf(scores, lambda).reduce((sum, p, i) => sum + scores[i]! ** 2 / (144 * p), 0);
    const uniform = scores.reduce((sum, score) => sum + score ** 2 / 12, 0);
    const least = (scores.reduce((sum, score) => sum + score, 0) / 12) ** 2;
    const moments = LAMBDAS.map(secondMoment);
    for (let i = 1; i < moments.length; i++) expect(moments[i]).to.be.greaterThan(moments[i - 1]!);
    expect(moments[0]).to.be.closeTo(least, 1e-6 * least);
    expect(moments.at(-1)).to.be.closeTo(uniform, 1e-12 * uniform);
    expect(least).to.be.lessThan(0.95 * uniform);
  });

  it('draws each example as often as p says, within five standard deviations, and weighs it by 1 / (n p)', () => {
    const p = probabilitiesOf(Float64Array.of(0, 1, 2, 7), 0.2);
    const expected = [0.05, 0.13, 0.21, 0.61];
    const stream = rootStream(3, 'float64');
    const { batch, weights } = drawWeighted(stream, p, 10_000);
    for (const [i, share] of expected.entries()) {
      expect(p[i]).to.be.closeTo(share, 1e-15);
      const seen = batch.filter((example) => example === i).length;
      expect(Math.abs(seen - 10_000 * share)).to.be.lessThan(5 * Math.sqrt(10_000 * share * (1 - share)));
    }
    for (const i of [0, 1, 2]) expect(weights[i]).to.equal(1 / (4 * p[batch[i]!]!));
  });

  it('scores are the norm of the gradient, or the loss, of each example alone, from the first to the last', async () => {
    const { objective, params } = await shard();
    const byLoss = (await refreshed(null, 0, { ...settings, by: 'loss' }, objective, params)).scores;
    const byNorm = (await refreshed(null, 0, settings, objective, params)).scores;
    expect([byLoss.length, byNorm.length]).to.deep.equal([12, 12]);
    for (let i = 0; i < 12; i++) {
      const alone = Uint32Array.of(i);
      expect(byLoss[i], `loss of ${i}`)
        .to.equal(await objective.loss(params, alone))
        .and.above(0);
      expect(byNorm[i], `norm of ${i}`).to.equal(Math.sqrt(squaredNorm(await objective.gradient(params, alone))));
    }
  });

  it('scores are kept for everyRounds rounds, and are uniform where they are all 0 or not finite', async () => {
    const { objective, params } = await shard();
    const first = await refreshed(null, 3, settings, objective, params);
    expect(first.scores[0]).to.equal(Math.sqrt(squaredNorm(await objective.gradient(params, Uint32Array.of(0)))));
    const moved = params.map((x) => x + 1);
    expect(await refreshed(first, 4, settings, objective, moved)).to.equal(first);
    const later = await refreshed(first, 5, settings, objective, moved);
    expect(later.round).to.equal(5);
    expect(later.scores).not.to.deep.equal(first.scores);
    for (const scores of [
      [0, 0],
      [1, Number.NaN],
      [1, Number.POSITIVE_INFINITY],
    ])
      expect([...probabilitiesOf(Float64Array.from(scores), 0.1)]).to.deep.equal([0.5, 0.5]);
  });
});
