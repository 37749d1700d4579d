import type {
  ClientRound,
  CoordinatorRound,
  LogPosterior,
  MessageKinds,
  ReadonlyVector,
  Vector,
} from '../../../method.js';
import { accumulate, copy, subtract } from '../../../numerics/vector.js';
import { energyGradient } from './energy-gradient.js';
import { allChains, joined, ofOneChain, parted } from './served-chains.js';
import type { ChainAnswer } from './served-walk.js';
import { wholeShard } from './shard-drift.js';

/** A reference point for each chain: clients send differences to their gradients there, whose sum the coordinator knows. */
export const referenceMessages = {
  /** All chains, one after the other. */
  positions: { from: 'coordinator', to: 'cohort', vectors: ['positions'], otherLengths: ['positions'] },
  reference: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['gradients'],
    otherLengths: ['gradients'],
    losable: 'no',
    fits: allChains('gradients'),
  },
  /** One chain at one step. */
  gradient: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['gradient'],
    scalars: ['chain', 'referenceRound'],
    lossy: 'unbiased',
    memory: 'method',
    fits: ofOneChain,
  },
} as const satisfies MessageKinds;
type Messages = typeof referenceMessages;

/** A gradient less that at the reference point which `referenceRound` set. */
export interface ReferencedAnswer extends ChainAnswer {
  readonly referenceRound: number;
}

export interface ClientReference {
  /** The round that set the reference points; -1: none yet. */
  readonly referenceRound: number;
  /** One entry a chain; empty: none. */
  readonly references: readonly Vector[];
}

export interface ServerReference {
  readonly referenceRound: number;
  /** Sum of all clients' energy gradients at each chain's reference point; empty: none. */
  readonly referenceSums: readonly Vector[];
}

/** Client, in a round that moves the reference to where the chains are: sends its gradients there. Null: no positions arrived. */
export async function moveReference(
  at: Omit<ClientRound<unknown, Messages, LogPosterior>, 'undelivered'>,
  chains: number,
): Promise<ClientReference | null> {
  const [message] = await at.take('positions');
  if (!message) return null;
  const references = parted(message.positions, chains).map(copy);
  const gradients: Vector[] = [];
  for (const point of references)
    gradients.push(await energyGradient(at.objective, point, wholeShard(at.objective), at.clientCount));
  at.post('reference', 'coordinator', { gradients: joined(gradients, (length) => at.zeros(length)) });
  return { referenceRound: at.index, references };
}

/** Coordinator, in the same round. The gradients travel whole, so that a reference off the mode leaves no bias. */
export async function collectReference(
  at: Omit<CoordinatorRound<unknown, Messages>, 'undelivered'>,
  positions: readonly ReadonlyVector[],
): Promise<ServerReference> {
  const all = joined(positions, (length) => at.zeros(length));
  at.post('positions', at.cohort, { positions: all });
  const sum = at.zeros(all.length);
  for await (const { gradients } of at.stream('reference')) accumulate(sum, 1, gradients);
  return { referenceRound: at.index, referenceSums: parted(sum, positions.length).map(copy) };
}

/** grad U_i(theta) - grad U_i(reference) on one batch; the first alone where there is no reference yet. */
export async function referencedGradient(
  objective: LogPosterior,
  position: ReadonlyVector,
  reference: ReadonlyVector | undefined,
  batch: Uint32Array,
  shardCount: number,
): Promise<Vector> {
  const gradient = await energyGradient(objective, position, batch, shardCount);
  if (!reference) return gradient;
  return subtract(gradient, await energyGradient(objective, reference, batch, shardCount));
}
