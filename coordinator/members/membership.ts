import { nanoid } from 'nanoid';
import type { ClientIndex } from '../../protocol/method.js';

/** One worker process, from its assignment on. */
export interface Member {
  readonly id: string;
  readonly name: string;
  /** Rises with every admission: what a member of an older generation says about its clients is not heard. */
  readonly generation: number;
  /** Opens this worker's frame socket. */
  readonly token: string;
  readonly clients: readonly ClientIndex[];
  lost: boolean;
}

/** Which worker hosts which clients. */
export class Membership {
  private readonly members = new Map<string, Member>();
  private readonly hostOf = new Map<ClientIndex, Member>();
  private generation = 0;

  constructor(
    private readonly clientCount: number,
    private readonly workerCount: number,
  ) {}

  /** Clients of the k-th worker of W: those with index k, k + W, … so that every worker has about as many of any cohort. */
  private shareOf(position: number): ClientIndex[] {
    const clients: ClientIndex[] = [];
    for (let client = position; client < this.clientCount; client += this.workerCount) clients.push(client);
    return clients;
  }

  /** Null when all places are taken. */
  admit(name: string): Member | null {
    if (this.members.size >= this.workerCount) return null;
    const position = this.members.size;
    const member: Member = {
      id: `worker-${position}`,
      name,
      generation: ++this.generation,
      token: nanoid(),
      clients: this.shareOf(position),
      lost: false,
    };
    this.members.set(member.id, member);
    for (const client of member.clients) this.hostOf.set(client, member);
    return member;
  }

  get complete(): boolean {
    return this.members.size === this.workerCount;
  }

  get count(): number {
    return this.members.size;
  }

  all(): readonly Member[] {
    return [...this.members.values()];
  }

  present(): readonly Member[] {
    return this.all().filter(({ lost }) => !lost);
  }

  host(client: ClientIndex): Member | undefined {
    return this.hostOf.get(client);
  }

  byToken(token: string): Member | undefined {
    return this.all().find((member) => member.token === token && !member.lost);
  }
}
