import type { AggregationChain, AggregationStep } from '../aggregators/aggregator.js';
import { meanOf } from '../aggregators/parts/mean.js';
import type { Attack } from '../attacks/attack.js';
import { GradswarmError } from '../errors.js';
import type { PartyId, ReadonlyVector, Rng, Vector } from '../method.js';
import { zerosLike } from '../numerics/vector.js';
import type { KindLayout } from '../wire/layout.js';

/** A decoded message: its sender and its fields. */
export interface OpenedMessage {
  readonly from: PartyId;
  readonly [field: string]: unknown;
}

/** One kind and step as one party takes it. */
export interface InboxAddress {
  readonly receiver: PartyId;
  readonly round: number;
  readonly layout: KindLayout;
  readonly step: number;
}

/** What the rules carry from round to round for one kind and step: plain data of the receiver's record. */
export interface InboxMemory {
  readonly aggregate: ReadonlyVector | null;
  /**
   * What attackers would have sent in the last round in which they were taken, by sender. Of answers of tasks: the last answer of each
   * client that an attack looks at, as the client computed it.
   */
  readonly forgers: Readonly<Record<string, ReadonlyVector>>;
}

/** An active attack: the Byzantine senders for this receiver in this round. */
export interface ActingAttack {
  readonly attack: Attack;
  concerns(address: InboxAddress): boolean;
  isByzantine(sender: PartyId): boolean;
  /** Does the attack look at what its clients would have sent before? Then it is kept. */
  readonly remembers: boolean;
  /** Does it look at its clients' own vectors alone? */
  readonly ownAlone: boolean;
  /** Called once for each kind and step in which vectors were forged. */
  acted(): void;
  stream(address: InboxAddress): Rng;
}

/**
 * What stands between the decoded messages of a kind and the half that takes them: first Byzantine senders, who see all that the
 * honest sent, then robust sums. Messages keep their order and their other fields; the vectors of one message count as one long
 * vector. A kind without rules is handed on as it is.
 */
export class InboxRules {
  constructor(
    readonly attacks: readonly ActingAttack[],
    /** By kind. */
    readonly chains: ReadonlyMap<string, AggregationChain>,
    /** Stream of the sums alone. */
    private readonly stream: (address: InboxAddress) => Rng,
  ) {}

  concerns(address: InboxAddress): boolean {
    return this.chains.has(address.layout.name) || this.attacks.some((attack) => attack.concerns(address));
  }

  /** `apply` for a party whose record has `kept`, and gets `next` when the round is over. A kind without rules is left as it is. */
  applyIn(
    inbox: readonly OpenedMessage[],
    address: InboxAddress,
    { kept, next }: { readonly kept: Readonly<Record<string, unknown>>; readonly next: Record<string, InboxMemory> },
  ): readonly OpenedMessage[] {
    if (!this.concerns(address)) return inbox;
    const key = `inbox ${address.layout.name}/${address.step}`;
    const { inbox: result, memory } = this.apply(
      inbox,
      address,
      (next[key] ?? kept[key] ?? null) as InboxMemory | null,
    );
    if (memory) next[key] = memory;
    return result;
  }

  /** `memory`: null in the first round. The memory returned is null where nothing has to be kept. */
  apply(
    inbox: readonly OpenedMessage[],
    address: InboxAddress,
    memory: InboxMemory | null,
  ): { readonly inbox: readonly OpenedMessage[]; readonly memory: InboxMemory | null } {
    if (inbox.length === 0) return { inbox, memory };
    const { vectors: fields } = address.layout;
    const senders = inbox.map(({ from }) => from);
    let vectors: readonly ReadonlyVector[] = inbox.map((message) => joined(message, fields));
    const chain = this.chains.get(address.layout.name) ?? null;
    const sum = (all: readonly ReadonlyVector[], from: readonly PartyId[]) =>
      chain?.apply(all, this.stepOf(address, memory, all, from)) ?? { vectors: all, aggregate: null };
    const kept: Record<string, ReadonlyVector> = {};
    for (const attack of this.attacks) {
      if (!attack.concerns(address)) continue;
      const { honest, byzantine } = sides(senders, attack, address.receiver);
      if (byzantine.length === 0) continue;
      const order = [...honest, ...byzantine].map((i) => senders[i]!);
      const own = byzantine.map((i) => vectors[i]!);
      const previous = byzantine.map((i) => memory?.forgers[String(senders[i])] ?? null);
      if (attack.remembers) for (const [k, i] of byzantine.entries()) kept[String(senders[i])] = own[k]!;
      const forged = attack.attack.forge({
        // Attackers alone know what they would have sent.
        honest: honest.length > 0 ? honest.map((i) => vectors[i]!) : own,
        own,
        previous,
        rng: attack.stream(address),
        aggregate(all) {
          const result = sum(all, order);
          return result.aggregate ?? meanOf(result.vectors);
        },
      });
      requireLike(forged, own);
      vectors = vectors.map((vector, i) => forged[byzantine.indexOf(i)] ?? vector);
      attack.acted();
    }
    const { vectors: summed, aggregate } = sum(vectors, senders);
    const remembers = aggregate !== null || Object.keys(kept).length > 0;
    return {
      inbox: inbox.map((message, i) => ({ ...message, ...parted(summed[i]!, message, fields) })),
      memory: remembers ? { aggregate, forgers: kept } : null,
    };
  }

  /** What the chain of this kind may use. `senders`: of the vectors. */
  stepOf(
    address: InboxAddress,
    memory: InboxMemory | null,
    vectors: readonly ReadonlyVector[],
    senders: readonly PartyId[],
  ): AggregationStep {
    const own = senders.indexOf(address.receiver);
    return {
      permutation: (length) => this.stream(address).permutation(length),
      previous: memory?.aggregate ?? null,
      own: own < 0 ? null : vectors[own]!,
    };
  }
}

/** As many vectors as attackers, each as long as theirs. Throws ERR_MODULE. */
function requireLike(forged: readonly ReadonlyVector[], own: readonly ReadonlyVector[]): void {
  const lengths = (vectors: readonly ReadonlyVector[]) => vectors.map(({ length }) => length).join(', ');
  if (lengths(forged) === lengths(own)) return;
  throw new GradswarmError(
    'ERR_MODULE',
    `an attack: expected a vector for each of ${own.length} attackers, of ${lengths(own)} numbers, got ${forged.length}, of ${lengths(forged)}`,
  );
}

/** Positions of honest and of Byzantine senders. What a peer keeps for itself is as it computed it: it does not deceive itself. */
function sides(
  senders: readonly PartyId[],
  attack: ActingAttack,
  receiver: PartyId,
): { readonly honest: readonly number[]; readonly byzantine: readonly number[] } {
  const honest: number[] = [];
  const byzantine: number[] = [];
  for (const [i, sender] of senders.entries())
    (sender !== receiver && attack.isByzantine(sender) ? byzantine : honest).push(i);
  return { honest, byzantine };
}

/** The vectors of a message one after the other; of a kind with one vector that vector itself. */
export function joined(message: OpenedMessage, fields: readonly string[]): ReadonlyVector {
  const parts = fields.map((field) => message[field] as ReadonlyVector);
  if (parts.length === 1) return parts[0]!;
  const result = zerosLike(
    parts[0]!,
    parts.reduce((length, part) => length + part.length, 0),
  );
  let offset = 0;
  for (const part of parts) {
    result.set(part as Vector, offset);
    offset += part.length;
  }
  return result;
}

/** The fields that `vector` stands for, with the lengths that they have in `message`. */
export function parted(
  vector: ReadonlyVector,
  message: OpenedMessage,
  fields: readonly string[],
): Readonly<Record<string, ReadonlyVector>> {
  let offset = 0;
  return Object.fromEntries(
    fields.map((field) => {
      const { length } = message[field] as ReadonlyVector;
      const part = fields.length === 1 ? vector : vector.subarray(offset, offset + length);
      offset += length;
      return [field, part];
    }),
  );
}
