import type { ClientIndex } from '../protocol/method.js';
import type { PostOffice } from '../protocol/party/post-office.js';

/** Halves that have begun and not returned, as long as those that have begun can continue. */
const SIDE_BY_SIDE = 128;

/**
 * Begins the halves of an attempt in the order of their clients: the next when one has returned, or when all that run in this
 * process wait. What a half makes is let go when it returns, so that a cohort of thousands needs the memory of some of its clients,
 * and its garbage is collected while it is young.
 */
export class HalvesInTurn {
  private begun = 0;
  private running = 0;
  private isBeginning = false;
  private readonly dropped = new Set<ClientIndex>();
  private finish: () => void = () => {};

  /** `run`: position in `clients`; it does not reject. */
  constructor(
    private readonly office: Pick<PostOffice, 'onIdle'>,
    private readonly clients: readonly ClientIndex[],
    private readonly run: (position: number) => Promise<void>,
  ) {}

  /** Resolves when all halves that have begun have returned, and no other will begin. */
  async finished(): Promise<void> {
    const { office } = this;
    const finished = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    const onIdle = () => this.begin(SIDE_BY_SIDE);
    office.onIdle = onIdle;
    this.begin(SIDE_BY_SIDE);
    if (this.running > 0) await finished;
    // The next attempt may have begun.
    if (office.onIdle === onIdle) office.onIdle = null;
  }

  /** Those of these clients (null: of all) that have not begun do not. */
  drop(clients: readonly ClientIndex[] | null): void {
    for (const client of clients ?? this.clients.slice(this.begun)) this.dropped.add(client);
  }

  /** Has one begun? */
  private begin(most: number): boolean {
    const before = this.begun;
    // A half may wait, or all may be dropped, while it begins.
    if (this.isBeginning) return false;
    this.isBeginning = true;
    for (let more = most; more > 0 && this.begun < this.clients.length; ) {
      const position = this.begun++;
      if (this.dropped.has(this.clients[position]!)) continue;
      more--;
      this.running++;
      void this.run(position).then(() => this.returned());
    }
    this.isBeginning = false;
    return this.begun > before;
  }

  private returned(): void {
    this.running--;
    if (this.running < SIDE_BY_SIDE) this.begin(1);
    if (this.running === 0) this.finish();
  }
}
