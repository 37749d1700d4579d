import { meanOf } from '../aggregators/parts/mean.js';
import { GradswarmError } from '../errors.js';
import type { ClientIndex, ReadonlyVector } from '../method.js';
import { addScaled, subtract } from '../numerics/vector.js';
import {
  type ActingAttack,
  type InboxAddress,
  type InboxMemory,
  type InboxRules,
  joined,
  type OpenedMessage,
  parted,
} from './inbox-rules.js';

/**
 * Attacks and robust sums where answers come one at a time. A Byzantine client's answer is forged when it arrives. The attacker then sees
 * the last answer of every client that has reached the coordinator, none of those that are still on their way: what the honest sent
 * and what its fellows would have sent. Robust sums act on the answers of one fold, each of which counts the same, whatever its age.
 */
export class ArrivalRules {
  /** What `inboxMemories` keeps of this kind in the coordinator's record. */
  private kept: InboxMemory;

  constructor(
    private readonly rules: InboxRules,
    private readonly address: InboxAddress,
    memory: InboxMemory | null,
  ) {
    this.kept = memory ?? { aggregate: null, forgers: {} };
  }

  get memory(): InboxMemory {
    return this.kept;
  }

  /** Does a robust sum look at this kind? */
  get hasSum(): boolean {
    return this.rules.chains.has(this.address.layout.name);
  }

  /** The answer of task `number` that was given its model in step `given`. `around`: as `fold` takes it. */
  arrived(
    message: OpenedMessage,
    task: { readonly given: number; readonly number: number },
    around: ReadonlyVector | null,
  ): OpenedMessage {
    // Unique to the task, as the address of a message is to its round.
    const address = { ...this.address, round: task.given, step: task.number };
    const attacks = this.rules.attacks.filter((attack) => attack.concerns(address));
    if (attacks.length === 0) return message;
    const { vectors: fields } = address.layout;
    const own = joined(message, fields);
    const before = this.kept.forgers;
    let sent: ReadonlyVector = own;
    for (const attack of attacks) {
      if (!attack.isByzantine(message.from)) continue;
      sent = this.forged(attack, address, { from: message.from as ClientIndex, sent, before }, around);
      attack.acted();
    }
    if (attacks.some((attack) => !attack.ownAlone || (attack.remembers && attack.isByzantine(message.from))))
      this.kept = { ...this.kept, forgers: { ...before, [String(message.from)]: own } };
    return sent === own ? message : { ...message, ...parted(sent, message, fields) };
  }

  private forged(
    attack: ActingAttack,
    address: InboxAddress,
    {
      from,
      sent,
      before,
    }: { readonly from: ClientIndex; readonly sent: ReadonlyVector; readonly before: InboxMemory['forgers'] },
    around: ReadonlyVector | null,
  ): ReadonlyVector {
    const seen = attack.ownAlone
      ? []
      : Object.keys(before)
          .map(Number)
          .filter((client) => client !== from);
    const clients = [...seen, from].sort((a, b) => a - b);
    const honest = clients.filter((client) => !attack.isByzantine(client));
    const fellows = clients.filter((client) => attack.isByzantine(client));
    const vectorOf = (client: ClientIndex) => (client === from ? sent : before[client]!);
    const own = fellows.map(vectorOf);
    const forged = attack.attack.forge({
      honest: honest.length > 0 ? honest.map(vectorOf) : own,
      own,
      previous: fellows.map((client) => before[client] ?? null),
      rng: attack.stream(address),
      aggregate: (all) => {
        const { vectors, aggregate } = this.guess(all, address, around);
        return aggregate ?? meanOf(vectors);
      },
    });
    return forged[fellows.indexOf(from)]!;
  }

  /** What the attacker takes the sum of these vectors to be: the plain mean while it has seen too few for the rule. */
  private guess(vectors: readonly ReadonlyVector[], address: InboxAddress, around: ReadonlyVector | null) {
    try {
      return this.summed(vectors, address, around);
    } catch (error) {
      if (error instanceof GradswarmError && error.code === 'ERR_QUORUM') return { vectors, aggregate: null };
      throw error;
    }
  }

  /**
   * The answers of one fold, in order of arrival, as the robust sum of this kind leaves them. `around`: rules see the answers' differences
   * from it, where these are models and not updates; of one length with them.
   */
  fold<T extends OpenedMessage>(messages: readonly T[], around: ReadonlyVector | null): readonly T[] {
    if (!this.hasSum || messages.length === 0) return messages;
    const { vectors: fields } = this.address.layout;
    const { vectors, difference } = this.summed(
      messages.map((message) => joined(message, fields)),
      this.address,
      around,
    );
    if (difference) this.kept = { ...this.kept, aggregate: difference };
    return messages.map((message, i) => ({ ...message, ...parted(vectors[i]!, message, fields) }));
  }

  private summed(vectors: readonly ReadonlyVector[], address: InboxAddress, around: ReadonlyVector | null) {
    const chain = this.rules.chains.get(address.layout.name);
    if (!chain) return { vectors, aggregate: null, difference: null };
    const shifted = around ? vectors.map((vector) => subtract(vector, around)) : vectors;
    const result = chain.apply(shifted, this.rules.stepOf(address, this.kept, shifted, []));
    const { aggregate: difference } = result;
    if (!around) return { vectors: result.vectors, aggregate: difference, difference };
    // One array may stand for all.
    const places = new Map([...new Set(result.vectors)].map((vector) => [vector, addScaled(around, 1, vector)]));
    return {
      vectors: result.vectors.map((vector) => places.get(vector)!),
      aggregate: difference && addScaled(around, 1, difference),
      difference,
    };
  }
}
