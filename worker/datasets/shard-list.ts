/** The examples of each client, as pieces of one array: a million arrays of their own would take 100 MB, and as many views of one not much less. */
export class ShardList implements Iterable<Uint32Array> {
  private constructor(
    /** Those of all clients, client after client. */
    readonly all: Uint32Array,
    private readonly ends: Uint32Array,
  ) {}

  /** Consecutive pieces of `indices`, which is kept: client j's end at `ends[j]`. */
  static cut(indices: Uint32Array, ends: Uint32Array): ShardList {
    return new ShardList(indices.subarray(0, ends.at(-1) ?? 0), ends);
  }

  /** A copy of these shards. */
  static from(shards: readonly Uint32Array[]): ShardList {
    let count = 0;
    const ends = Uint32Array.from(shards, ({ length }) => (count += length));
    const all = new Uint32Array(count);
    for (const [client, shard] of shards.entries()) all.set(shard, ends[client]! - shard.length);
    return new ShardList(all, ends);
  }

  /** So many clients without examples. */
  static empty(clientCount: number): ShardList {
    return new ShardList(new Uint32Array(0), new Uint32Array(clientCount));
  }

  /** Clients. */
  get length(): number {
    return this.ends.length;
  }

  /** The examples of one client; a view. */
  at(client: number): Uint32Array {
    return this.all.subarray(this.start(client), this.ends[client]);
  }

  /** How many examples one client has. */
  sizeAt(client: number): number {
    return this.ends[client]! - this.start(client);
  }

  *[Symbol.iterator](): Generator<Uint32Array> {
    for (let client = 0; client < this.length; client++) yield this.at(client);
  }

  map<T>(of: (shard: Uint32Array, client: number) => T): T[] {
    return Array.from({ length: this.length }, (_, client) => of(this.at(client), client));
  }

  /** And so many clients more, without examples. */
  extended(more: number): ShardList {
    const ends = new Uint32Array(this.length + more).fill(this.all.length);
    ends.set(this.ends);
    return new ShardList(this.all, ends);
  }

  private start(client: number): number {
    return client === 0 ? 0 : this.ends[client - 1]!;
  }
}
