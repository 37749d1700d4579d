import {
  allClients,
  type ClientIndex,
  type LogPosterior,
  type ReadonlyVector,
  type Rng,
  type Vector,
} from '../../../method.js';
import { copy } from '../../../numerics/vector.js';
import { count, integer, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { chainSettings } from './chains.js';
import { type Kernel, langevin } from './kernels.js';
import { DrawKeeper, joined, parted, type ServedChains } from './served-chains.js';
import { drawBatch } from './shard-drift.js';

/** Chains at the coordinator, which asks the clients for a gradient at every step. */
export const walkSettings = defineSettings({
  stepSize: positive(1e-3, 'h: drift times h / 2, noise h; the authors write gamma = h / 2'),
  batchSize: integer(0, 'Examples m of a step on every client; 0: the whole shard', { least: 0 }),
  stepsPerRound: count(1, 'Steps of every chain in a round'),
  participants: integer(
    0,
    '|A|: clients of a step of a chain, drawn without replacement for each step and chain by itself; 0: all',
    { least: 0 },
  ),
  ...chainSettings,
});
export type WalkSettings = SettingsOf<typeof walkSettings>;

interface Public {
  readonly clientCount: number;
  readonly shared: Rng;
}

/**
 * Which clients evaluate which chain at which step of a round, from the round's shared stream. Chains draw theirs by themselves:
 * with common participants they would move together, and R-hat and effective sizes would be meaningless.
 */
class Participants {
  /** By step and chain; null: all clients, always. */
  private readonly drawn: readonly (readonly ReadonlySet<ClientIndex>[])[] | null;

  constructor(
    { participants, chains, stepsPerRound }: Pick<WalkSettings, 'participants' | 'chains' | 'stepsPerRound'>,
    private readonly round: Public,
  ) {
    const { clientCount, shared } = round;
    const all = participants === 0 || participants >= clientCount;
    const stream = shared.derive('participants');
    const ofStep = (step: number) =>
      Array.from(
        { length: chains },
        (_, chain) => new Set(stream.derive('chain', chain, step).batch(clientCount, participants)),
      );
    this.drawn = all ? null : Array.from({ length: stepsPerRound }, (_, step) => ofStep(step));
  }

  includes(client: ClientIndex, step: number, chain: number): boolean {
    return this.drawn === null || this.drawn[step]![chain]!.has(client);
  }

  /** Clients with at least one step of one chain, ascending. */
  cohort(): readonly ClientIndex[] {
    const all = allClients(this.round.clientCount);
    const { drawn } = this;
    if (drawn === null) return all;
    return all.filter((client) => drawn.some((chains) => chains.some((set) => set.has(client))));
  }
}

/** The clients of a round's steps. */
export function walkCohort(settings: WalkSettings, round: Public): readonly ClientIndex[] {
  return new Participants(settings, round).cohort();
}

/** What a client sends of one chain at one step. */
export interface ChainAnswer {
  readonly gradient: ReadonlyVector;
  readonly chain: number;
}

/** A client's round of steps: `take` and `postEach` of the kinds `positions` and `gradient`. */
interface Answering<Answer> extends Public {
  readonly self: ClientIndex;
  readonly rng: Rng;
  readonly objective: LogPosterior;
  take(kind: 'positions'): Promise<readonly { readonly positions: ReadonlyVector }[]>;
  postEach(
    kind: 'gradient',
    answers: readonly { readonly to: 'coordinator'; readonly payload: Answer; readonly stream: number }[],
  ): readonly Answer[];
}

/**
 * Client: for each step, the answer for each chain that it takes part in, on a batch of its own. Returns the answers as the
 * coordinator decodes them. Without a message a step is posted empty, so that step numbers of both sides stay aligned.
 */
export async function answerSteps<Answer>(
  at: Answering<Answer>,
  settings: WalkSettings,
  answer: (chain: number, position: ReadonlyVector, batch: Uint32Array) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const { chains, stepsPerRound, batchSize } = settings;
  const batches = Array.from({ length: chains }, (_, chain) => at.rng.derive('chain', chain, 0));
  const participants = new Participants(settings, at);
  const sent: Answer[] = [];
  for (let step = 0; step < stepsPerRound; step++) {
    const [message] = await at.take('positions');
    const answers = [];
    for (const [chain, position] of (message ? parted(message.positions, chains) : []).entries()) {
      if (!participants.includes(at.self, step, chain)) continue;
      const payload = await answer(chain, position, drawBatch(at.objective, batchSize, batches[chain]!));
      answers.push({ to: 'coordinator' as const, payload, stream: chain });
    }
    sent.push(...at.postEach('gradient', answers));
  }
  return sent;
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
