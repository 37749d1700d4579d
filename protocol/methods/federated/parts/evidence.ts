import type { ClientIndex, PartyId, ReadonlyVector, Rng, Vector } from '../../../method.js';
import { type OptimizerSpec, optimizerByName } from '../../../optimizers/load-optimizer.js';
import type { ClusterGradient, Evidence, Optimizer } from '../../../optimizers/optimizer.js';
import { HalfMeans, independentGradient } from '../../large-batch/parts/half-means.js';
import { WeightedMean } from '../../parts/weighted-mean.js';

/** Clients by their number modulo the optimizer's clusterCount, each with the mean of what its clients sent. */
class Clusters {
  private readonly means = new Map<number, WeightedMean>();

  constructor(private readonly count: number) {}

  add(from: PartyId, examples: number, gradient: ReadonlyVector): void {
    const cluster = Number(from) % this.count;
    const mean = this.means.get(cluster) ?? new WeightedMean();
    this.means.set(cluster, mean);
    mean.add(examples, gradient);
  }

  value(examples: number): ClusterGradient[] {
    return [...this.means].map(([cluster, mean]) => ({
      cluster,
      share: mean.weight / examples,
      gradient: mean.value(),
    }));
  }
}

/** A round's gradients, folded into their mean and into what else the optimizer needs of them. */
export class GradientEvidence {
  private readonly gradients = new WeightedMean();
  private readonly previous = new WeightedMean();
  private readonly halves: HalfMeans | null;
  private readonly clusters: Clusters | null;

  constructor(
    rule: Optimizer<unknown>,
    spec: OptimizerSpec,
    parameterCount: number,
    at: { readonly rng: Rng; readonly cohort: readonly ClientIndex[] },
  ) {
    const needs = rule.needs ?? [];
    this.halves = needs.includes('independentGradient')
      ? new HalfMeans(parameterCount, at.rng.derive('halves'), at.cohort)
      : null;
    const { clusterCount } = { ...optimizerByName(spec.name).settings.defaults, ...spec };
    this.clusters = needs.includes('cluster') ? new Clusters(Number(clusterCount)) : null;
  }

  /** Examples of all gradients so far. */
  get weight(): number {
    return this.gradients.weight;
  }

  add(from: PartyId, examples: number, gradient: ReadonlyVector): void {
    this.gradients.add(examples, gradient);
    this.halves?.add(from, examples, gradient);
    this.clusters?.add(from, examples, gradient);
  }

  /** A gradient of the same batch at the parameters of the round before. */
  addPrevious(examples: number, gradient: ReadonlyVector): void {
    this.previous.add(examples, gradient);
  }

  mean(): Vector {
    return this.gradients.value();
  }

  /** `gradient`: the mean as the optimizer gets it. Null when what the optimizer needs did not arrive. */
  of(gradient: Vector): Evidence | null {
    const { halves, clusters, previous } = this;
    if (halves) return halves.isComplete ? { independentGradient: independentGradient(halves, gradient) } : null;
    if (clusters) return { clusters: clusters.value(this.weight) };
    return previous.weight > 0 ? { gradientAtPrevious: previous.value() } : {};
  }
}
