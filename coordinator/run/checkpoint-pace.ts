import type { Scenario } from '../../protocol/scenario/scenario.js';

/** What the first checkpoint is taken to cost, milliseconds: with a share of 5 % it is written after 2 s. */
const FIRST_COST_MS = 100;

/** What the checkpoints of one stretch of the run took, milliseconds. */
export interface CheckpointCost {
  readonly count: number;
  readonly spentMs: number;
  /** The whole stretch. */
  readonly ofMs: number;
}

/** When a checkpoint is due: after so many rounds, or when the time since the last one is its own cost divided by `share`. */
export class CheckpointPace {
  private count = 0;
  private spentMs = 0;
  private readonly startedMs: number;
  private costMs = FIRST_COST_MS;
  private writtenMs: number;

  constructor(
    private readonly settings: Scenario['checkpoints'],
    private readonly now: () => number,
  ) {
    this.startedMs = now();
    this.writtenMs = this.startedMs;
  }

  /** So far. */
  get cost(): CheckpointCost {
    return { count: this.count, spentMs: this.spentMs, ofMs: this.now() - this.startedMs };
  }

  /** After `round` rounds. */
  isDue(round: number): boolean {
    const { everyRounds, share = 0.05 } = this.settings;
    if (everyRounds === null) return false;
    if (everyRounds !== 'auto') return round % everyRounds === 0;
    return this.now() - this.writtenMs >= this.costMs / share;
  }

  async timed(write: () => Promise<void>): Promise<void> {
    const startedMs = this.now();
    await write();
    this.writtenMs = this.now();
    this.costMs = Math.max(1, this.writtenMs - startedMs);
    this.spentMs += this.costMs;
    this.count++;
  }
}
