import { expect } from 'chai';
import { shardFactor } from '../../../../protocol/bayesian/gaussian-model.js';
import { conduciveDrift } from '../../../../protocol/methods/bayesian/parts/conducive.js';
import { conduciveSettings } from '../../../../protocol/methods/bayesian/parts/conducive-settings.js';
import { packSymmetric } from '../../../../protocol/numerics/linear-algebra.js';
import { defineSettings } from '../../../../protocol/settings/settings.js';
import { UNEQUAL_CURVATURE } from '../../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { proportionalFrequencies } from '../../../support/sampler-laws.js';

const frequencies = proportionalFrequencies(UNEQUAL_CURVATURE);
const factors = UNEQUAL_CURVATURE.shards.map(shardFactor);
const theta = [1, -1] as const;

function sumOf(vectors: readonly Float64Array[]): Float64Array {
  return vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0));
}

/** The four gradients at (1, -1), as clients compute them from what travelled. */
function gradients(form: 'full' | 'diagonal'): number[][] {
  const own = factors.map(({ eta, precision }) => ({
    eta,
    precision: form === 'full' ? packSymmetric(precision) : Float64Array.of(precision[0]!, precision[3]!),
  }));
  const product = { eta: sumOf(own.map(({ eta }) => eta)), precision: sumOf(own.map(({ precision }) => precision)) };
  return own.map((mine, s) => {
    const settings = { ...defineSettings(conduciveSettings).defaults, surrogateForm: form };
    const { linear, precision } = conduciveDrift({ own: mine, product }, settings)(frequencies[s]!);
    return [0, 1].map((i) =>
      form === 'full'
        ? linear[i]! - precision[2 * i]! * theta[0] - precision[2 * i + 1]! * theta[1]
        : linear[i]! - precision[i]! * theta[i]!,
    );
  });
}

describe('protocol/bayesian/conducive', () => {
  it('four shards at (1, -1): the printed gradients, to 4 decimals', () => {
    const printed = [
      [9153.0858, 2549.7081],
      [-3718.5097, 2376.7794],
      [-454.1899, -2941.7221],
      [12.5866, 557.9527],
    ];
    gradients('full').forEach((gradient, s) => {
      gradient.forEach((value, i) => {
        expect(value).to.be.closeTo(printed[s]![i]!, 6e-5);
      });
    });
  });

  for (const form of ['full', 'diagonal'] as const)
    it(`${form} surrogates: sum_s f_s g_s = 0 to rounding`, () => {
      const all = gradients(form);
      for (let i = 0; i < 2; i++)
        expect(all.reduce((sum, gradient, s) => sum + frequencies[s]! * gradient[i]!, 0)).to.be.closeTo(0, 1e-9);
    });
});
