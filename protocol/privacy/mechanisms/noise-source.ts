import type { Rng } from '../../method.js';
import { cosineOfTurns, log, sineOfTurns } from '../../numerics/elementary.js';
import { DiscreteGaussian } from './discrete-gaussian.js';
import { type FillWords, RandomWords } from './random-words.js';

/** Where privacy noise and sampling coins come from. All draws are independent. */
export interface NoiseSource {
  /** False when the noise can be regenerated from a seed: then no release is private, whatever its epsilon. */
  readonly private: boolean;
  /** An independent source. Seeded: a function of the path alone; secure: the path does not matter. */
  derive(...path: readonly (string | number)[]): NoiseSource;
  /** Normals of the given standard deviation, in float64. */
  gaussian(length: number, stddev: number): Float64Array;
  /** Integers from the discrete Gaussian, exact. stddev in (0, 2^40], in units of the integers. */
  discreteGaussian(length: number, stddev: number): Float64Array;
  /** True with the given probability, to 2^-64. */
  coin(probability: number): boolean;
  /** Poisson sampling: each index below `count` independently with `probability`, ascending. */
  coins(count: number, probability: number): Uint32Array;
}

/** All draws from uniform words: what differs between sources is where the words come from. */
export abstract class WordNoise implements NoiseSource {
  abstract readonly private: boolean;
  abstract derive(...path: readonly (string | number)[]): NoiseSource;
  protected readonly words: RandomWords;

  constructor(fill: FillWords, bufferLength: number) {
    this.words = new RandomWords(fill, bufferLength);
  }

  /** Box-Muller: two uniforms make two normals. */
  gaussian(length: number, stddev: number): Float64Array {
    const { words } = this;
    const result = new Float64Array(length);
    for (let i = 0; i < length; i += 2) {
      const radius = stddev * Math.sqrt(-2 * log(1 - words.uniform()));
      const turns = words.uniform();
      result[i] = radius * cosineOfTurns(turns);
      if (i + 1 < length) result[i + 1] = radius * sineOfTurns(turns);
    }
    return result;
  }

  discreteGaussian(length: number, stddev: number): Float64Array {
    const result = new Float64Array(length);
    const distribution = new DiscreteGaussian(this.words, stddev);
    for (let i = 0; i < length; i++) result[i] = distribution.draw();
    return result;
  }

  coin(probability: number): boolean {
    return this.words.coin(probability);
  }

  coins(count: number, probability: number): Uint32Array {
    const chosen: number[] = [];
    for (let i = 0; i < count; i++) if (this.words.coin(probability)) chosen.push(i);
    return Uint32Array.from(chosen);
  }
}

/** Noise from a keyed stream: the same again for the same seed. For tests and reproducible experiments; not private. */
export class SeededNoise extends WordNoise {
  override readonly private = false;

  constructor(private readonly rng: Rng) {
    super((into) => rng.words(into), 256);
  }

  override derive(...path: readonly (string | number)[]): NoiseSource {
    return new SeededNoise(this.rng.derive(...path));
  }
}
