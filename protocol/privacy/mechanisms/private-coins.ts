import type { Rng, Vector } from '../../method.js';
import type { NoiseSource } from './noise-source.js';

/** The random bits of Poisson sampling. */
export type SamplingCoins = Pick<NoiseSource, 'coins'>;

/**
 * A keyed stream whose Poisson samples come from coins of the noise's own quality: amplification by sampling holds only
 * only while membership is unknown, and a keyed stream reveals it to anyone with the seed. All other draws stay keyed.
 */
export class PrivateCoins implements Rng {
  constructor(
    private readonly keyed: Rng,
    private readonly source: SamplingCoins,
  ) {}

  derive(...path: readonly (string | number)[]): Rng {
    return new PrivateCoins(this.keyed.derive(...path), this.source);
  }
  poisson(exampleCount: number, probability: number): Uint32Array {
    return this.source.coins(exampleCount, probability);
  }
  uniform(): number {
    return this.keyed.uniform();
  }
  below(bound: number): number {
    return this.keyed.below(bound);
  }
  normal(length: number, into?: Vector): Vector {
    return this.keyed.normal(length, into);
  }
  words(into: Uint32Array): Uint32Array {
    return this.keyed.words(into);
  }
  permutation(length: number): Uint32Array {
    return this.keyed.permutation(length);
  }
  batch(exampleCount: number, batchSize: number): Uint32Array {
    return this.keyed.batch(exampleCount, batchSize);
  }
}
