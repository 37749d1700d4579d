import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { gradientVariance } from '../../../support/gradient-variance.js';

/** Gradients in p at p = 0.5 of Bernoulli observations, `ones` of `count` being 1. */
const bernoulli = (ones: number, count: number) => ({
  examples: Array.from({ length: count }, (_, i) => Float64Array.of(i < ones ? 2 : -2)),
});

describe('protocol/bayesian/gradient-variance', () => {
  it('30 coins, half ones, batches of 5: SGLD 720; shards of means 0.1, 0.5, 0.9: 412.8 within + 1536 between', () => {
    const whole = gradientVariance([bernoulli(15, 30)], [1], 5);
    expect(whole.withinShards).to.be.closeTo(720, 1e-10);
    expect(whole.betweenShards).to.equal(0);
    const split = gradientVariance([bernoulli(1, 10), bernoulli(5, 10), bernoulli(9, 10)], [1 / 3, 1 / 3, 1 / 3], 5);
    expect(split.withinShards).to.be.closeTo(412.8, 1e-10);
    expect(split.betweenShards).to.be.closeTo(1536, 1e-9);
  });

  it('the between-shard part does not fall with the batch, and surrogates of equal gradient remove it', () => {
    const shards = [bernoulli(1, 10), bernoulli(5, 10), bernoulli(9, 10)];
    const thirds = [1 / 3, 1 / 3, 1 / 3];
    expect(gradientVariance(shards, thirds, 50).betweenShards).to.equal(
      gradientVariance(shards, thirds, 5).betweenShards,
    );
    const exact = shards.map(({ examples }) => ({
      examples,
      surrogate: Float64Array.of(examples.reduce((sum, gradient) => sum + gradient[0]!, 0)),
    }));
    expect(gradientVariance(exact, thirds, 5)).to.deep.include({ betweenShards: 0 });
    expect(gradientVariance(exact, thirds, 5).withinShards).to.be.closeTo(412.8, 1e-10);
  });

  it('the identity equals the mean over all shards and all 3^2, 4^2 ordered batches of two, surrogates included (1e-9)', () => {
    const rng = rootStream(4, 'float64');
    const shards = [3, 4].map((count) => ({
      examples: Array.from({ length: count }, () => rng.normal(2)),
      surrogate: rng.normal(2),
    }));
    const frequencies = [0.3, 0.7];
    const full = [0, 1].map((j) =>
      shards.reduce((sum, { examples }) => sum + examples.reduce((s, g) => s + g[j]!, 0), 0),
    );
    let variance = 0;
    const average = [0, 0];
    for (const [s, { examples, surrogate }] of shards.entries())
      for (const first of examples)
        for (const second of examples) {
          const weight = frequencies[s]! / examples.length ** 2;
          for (const j of [0, 1]) {
            const product = shards.reduce((sum, shard) => sum + shard.surrogate[j]!, 0);
            const conducive = product - surrogate[j]! / frequencies[s]!;
            const estimate = (examples.length / (frequencies[s]! * 2)) * (first[j]! + second[j]!) + conducive;
            average[j] = average[j]! + weight * estimate;
            variance += weight * (estimate - full[j]!) ** 2;
          }
        }
    const { withinShards, betweenShards } = gradientVariance(shards, frequencies, 2);
    expect(betweenShards).to.be.above(0.1);
    expect(withinShards + betweenShards).to.be.closeTo(variance, 1e-9);
    for (const j of [0, 1]) expect(average[j]).to.be.closeTo(full[j]!, 1e-12);
  });
});
