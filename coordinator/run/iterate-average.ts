import type { PartyId, ReadonlyVector, Vector } from '../../protocol/method.js';
import { zerosLike } from '../../protocol/numerics/vector.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';

type Estimates = ReadonlyMap<PartyId, readonly ReadonlyVector[]>;

/** Of one estimate x_1, x_2, … after t rounds. */
interface Average {
  /** m_t = decay m_{t-1} + (1 - decay) x_t, m_0 = 0. */
  readonly sum: Float64Array;
  /** Sum of the weights in m_t, which is 1 - decay^t. */
  readonly weight: number;
}

/** As plain data, for checkpoints. */
export type AverageState = readonly { readonly party: PartyId; readonly averages: readonly Average[] }[];

/**
 * Exponential moving averages of the estimates over rounds: the server's (of samplers one a chain), or each peer's own. Without bias
 * towards the zeros that they start from: what is evaluated is m_t / (1 - decay^t), so after one round the estimate itself.
 */
export class IterateAverage {
  private readonly averages = new Map<PartyId, readonly Average[]>();

  constructor(private readonly decay: number) {}

  /** The estimates after one more round. */
  add(estimates: Estimates): void {
    for (const [party, vectors] of estimates) {
      const before = this.averages.get(party) ?? [];
      this.averages.set(
        party,
        vectors.map((vector, i) => this.next(before[i], vector)),
      );
    }
  }

  private next(before: Average | undefined, vector: ReadonlyVector): Average {
    const { decay } = this;
    const sum = new Float64Array(vector.length);
    for (let j = 0; j < sum.length; j++) sum[j] = decay * (before?.sum[j] ?? 0) + (1 - decay) * vector[j]!;
    return { sum, weight: decay * (before?.weight ?? 0) + (1 - decay) };
  }

  /** In place of the estimates that were added last, in their precision. */
  of(estimates: Estimates): Estimates {
    const mean = ({ sum, weight }: Average, like: ReadonlyVector): Vector => {
      const result = zerosLike(like);
      for (let j = 0; j < sum.length; j++) result[j] = sum[j]! / weight;
      return result;
    };
    return new Map(
      [...estimates].map(([party, vectors]) => [
        party,
        vectors.map((vector, i) => mean(this.averages.get(party)![i]!, vector)),
      ]),
    );
  }

  get state(): AverageState {
    return [...this.averages].map(([party, averages]) => ({ party, averages }));
  }

  restore(state: AverageState): void {
    this.averages.clear();
    for (const { party, averages } of state) this.averages.set(party, averages);
  }
}

/** Of a run that asks for it, else null. */
export function iterateAverage({ evaluation }: Pick<Scenario, 'evaluation'>): IterateAverage | null {
  return evaluation.average ? new IterateAverage(evaluation.average.decay) : null;
}

/** What the values of a series are of: the averages where it is one of theirs. */
export function estimatesBehind(series: string, average: IterateAverage | null, estimates: Estimates): Estimates {
  return average && /^averaged[A-Z]/.test(series) ? average.of(estimates) : estimates;
}
