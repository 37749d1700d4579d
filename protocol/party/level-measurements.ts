import type { LevelControl, Variances } from '../codecs/codec.js';
import type { ReadonlyVector } from '../method.js';
import { squaredDistance } from '../numerics/vector.js';

/** One vector that a party encoded in a round that measures. */
export interface MeasuredVector {
  readonly kind: string;
  /** Key of the level's state in the party's record. */
  readonly levelKey: string;
  readonly control: LevelControl;
  readonly value: ReadonlyVector;
  readonly compressionVariance: number;
}

/** Unbiased variance from two independent draws of a vector: |a - b|^2 / 2. */
export function samplingVariance(first: ReadonlyVector, second: ReadonlyVector): number {
  return squaredDistance(first, second) / 2;
}

/** The vectors of one draw of a party's round, by which the codecs with several levels choose one. */
export class LevelMeasurements {
  /** Made with the first vector: a party has one object of these in each round. */
  private vectors: Map<string, MeasuredVector> | null = null;

  get isEmpty(): boolean {
    return this.vectors === null;
  }

  /** `address`: kind, field, stream, step and position; the same in both draws. */
  note(address: string, vector: MeasuredVector): void {
    (this.vectors ??= new Map()).set(address, vector);
  }

  /** States of the levels after this round, and each kind's mean level. A vector that `again` lacks counts as too coarse. */
  next(
    again: LevelMeasurements,
    kept: Readonly<Record<string, unknown>>,
  ): { readonly states: ReadonlyMap<string, unknown>; readonly levels: ReadonlyMap<string, number> } {
    const sums = new Map<string, Variances & Pick<MeasuredVector, 'kind' | 'control'>>();
    for (const [address, { kind, levelKey, control, value, compressionVariance }] of this.vectors ?? []) {
      const other = again.vectors?.get(address);
      const sum = sums.get(levelKey) ?? { kind, control, compressionVariance: 0, samplingVariance: 0 };
      sums.set(levelKey, {
        ...sum,
        compressionVariance: sum.compressionVariance + (other ? compressionVariance : Number.POSITIVE_INFINITY),
        samplingVariance: sum.samplingVariance + (other ? samplingVariance(value, other.value) : 0),
      });
    }
    const states = new Map<string, unknown>();
    const byKind = new Map<string, number[]>();
    for (const [levelKey, { kind, control, ...variances }] of sums) {
      const state = control.next(kept[levelKey] ?? control.init(), variances);
      states.set(levelKey, state);
      byKind.set(kind, [...(byKind.get(kind) ?? []), control.levelOf(state)]);
    }
    const levels = [...byKind].map(([kind, each]) => [kind, each.reduce((a, b) => a + b) / each.length] as const);
    return { states, levels: new Map(levels) };
  }
}
