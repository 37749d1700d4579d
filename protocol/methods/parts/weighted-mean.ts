import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { accumulate, precisionOf, zeros } from '../../numerics/vector.js';

/** Mean of vectors by weight, folded one at a time in float64 and rounded once. */
export class WeightedMean {
  private sums: Float64Array | null = null;
  /** None of the vectors is kept: those that are given back have no numbers, nor a length, any more. */
  private precision: Precision | null = null;
  private total = 0;

  /** Sum of the weights so far. */
  get weight(): number {
    return this.total;
  }

  add(weight: number, vector: ReadonlyVector): void {
    const sums = (this.sums ??= new Float64Array(vector.length));
    if (vector.length !== sums.length)
      throw new RangeError(`a mean of vectors of ${sums.length} numbers cannot take one of ${vector.length}`);
    this.precision ??= precisionOf(vector);
    this.total += weight;
    accumulate(sums, weight, vector);
  }

  /** `sign` times the mean, in the precision of the vectors. At least one positive weight must have been added. */
  value(sign: 1 | -1 = 1): Vector {
    if (!this.sums || !this.precision || !(this.total > 0)) throw new RangeError('the mean of nothing is not defined');
    const { sums } = this;
    const total = sign * this.total;
    const mean = zeros(sums.length, this.precision);
    for (let i = 0; i < mean.length; i++) mean[i] = sums[i]! / total;
    return mean;
  }
}
