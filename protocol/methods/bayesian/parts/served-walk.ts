import { allClients, type ClientIndex, type ReadonlyVector, type Rng, type Vector } from '../../../method.js';
import { copy } from '../../../numerics/vector.js';
import { count, integer, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { chainSettings } from './chains.js';
import { type Kernel, langevin } from './kernels.js';
import { DrawKeeper, joined, type ServedChains } from './served-chains.js';

/** Chains at the coordinator, which asks the clients for a gradient at every step. */
export const walkSettings = defineSettings({
  stepSize: positive(1e-3, 'h: drift times h / 2, noise h; the authors write gamma = h / 2'),
  batchSize: integer(0, 'Examples m of a step on every client; 0: the whole shard', { least: 0 }),
  stepsPerRound: count(1, 'Steps of every chain in a round'),
  participants: integer(0, "|A|: clients of a round's steps, drawn without replacement; 0: all", { least: 0 }),
  ...chainSettings,
});
export type WalkSettings = SettingsOf<typeof walkSettings>;

/** The clients of a round's steps. */
export function walkCohort(
  { participants }: Pick<WalkSettings, 'participants'>,
  { clientCount, shared }: { readonly clientCount: number; readonly shared: Rng },
): readonly ClientIndex[] {
  if (participants === 0 || participants >= clientCount) return allClients(clientCount);
  return Array.from(shared.derive('participants').batch(clientCount, participants));
}

/** A client's stream of batches for each chain, for all steps of a round. */
export function batchStreams(rng: Rng, chains: number): Rng[] {
  return Array.from({ length: chains }, (_, chain) => rng.derive('chain', chain, 0));
}

/** Sums of the gradients that the clients sent in one step, by chain, in float64. */
export class GradientSums {
  private readonly sums: readonly Float64Array[];
  private readonly counts: Uint32Array;

  constructor(chains: number, parameterCount: number) {
    this.sums = Array.from({ length: chains }, () => new Float64Array(parameterCount));
    this.counts = new Uint32Array(chains);
  }

  /** `known`: what the coordinator remembers of this client, which the client left out. */
  add(chain: number, gradient: ReadonlyVector, known: ReadonlyVector | null = null): void {
    const sum = this.sums[chain]!;
    this.counts[chain]!++;
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]!;
    if (known) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + known[i]!;
  }

  /** Energy gradients of all b clients by chain, (b / |A|) times the sum, plus `reference`; null where no client answered. */
  estimates(clientCount: number, reference: readonly ReadonlyVector[] = []): (Float64Array | null)[] {
    return this.sums.map((sum, chain) => {
      const count = this.counts[chain]!;
      if (count === 0) return null;
      const known = reference[chain];
      return sum.map((entry, i) => (clientCount / count) * entry + (known?.[i] ?? 0));
    });
  }
}

interface Walking {
  readonly shared: Rng;
  zeros(length?: number): Vector;
}

/** One round's Langevin steps of all chains: theta <- theta - (h/2) grad U + N(0, h I). */
export class ServedWalk {
  private positions: readonly Vector[];
  private taken = 0;
  private readonly kernel: Kernel;
  private readonly noise: readonly Vector[];
  private readonly keeper: DrawKeeper;

  constructor(
    private readonly before: ServedChains,
    private readonly at: Walking,
    settings: WalkSettings,
  ) {
    this.positions = before.positions;
    this.kernel = langevin(settings.stepSize);
    this.keeper = new DrawKeeper(settings);
    const numbers = settings.stepsPerRound * at.zeros().length;
    this.noise = before.positions.map((_, chain) => at.shared.derive('chain', chain, 0).normal(numbers));
  }

  /** All chains, one after the other. */
  joined(): Vector {
    return joined(this.positions, (length) => this.at.zeros(length));
  }

  /** A chain without a gradient stays where it is for this step. */
  step(gradients: readonly (Float64Array | null)[]): void {
    this.positions = this.positions.map((position, chain) => {
      const gradient = gradients[chain];
      if (!gradient) return position;
      const drift = this.at.zeros();
      for (let i = 0; i < drift.length; i++) drift[i] = -gradient[i]!;
      const next = copy(position);
      this.kernel.step(next, drift, drift, this.noise[chain]!, this.taken * drift.length);
      return next;
    });
    this.taken++;
    this.keeper.keep(this.before.steps + this.taken, this.positions);
  }

  finish(): ServedChains {
    const draws = this.keeper.finish((length) => this.at.zeros(length));
    return { positions: this.positions, draws, steps: this.before.steps + this.taken };
  }
}
