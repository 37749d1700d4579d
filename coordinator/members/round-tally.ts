import type { WorkerId } from './seats.js';

/** Which attempt, in which epoch and of which holder of a seat, a worker's message is about. */
export interface Stamp {
  readonly epoch: number;
  readonly generation: number;
  readonly index: number;
  readonly attempt: number;
}

/** Reports of one attempt at one round. Those of another epoch, generation, round or attempt, and second ones, are ignored. */
export class RoundTally<R> {
  readonly reports = new Map<WorkerId, R>();
  private readonly pending = new Map<WorkerId, number>();

  /** `workers`: those that have to report, with the generation of its seat. */
  constructor(
    private readonly round: Pick<Stamp, 'epoch' | 'index' | 'attempt'>,
    workers: Iterable<readonly [WorkerId, number]>,
  ) {
    for (const [worker, generation] of workers) this.pending.set(worker, generation);
  }

  /** Does the message belong to this attempt, from a participant? */
  expects(worker: WorkerId, { epoch, generation, index, attempt }: Stamp): boolean {
    const { round } = this;
    return (
      this.pending.get(worker) === generation &&
      epoch === round.epoch &&
      index === round.index &&
      attempt === round.attempt
    );
  }

  /** False, and nothing done, for a report that is not due. */
  accept(worker: WorkerId, stamp: Stamp, report: R): boolean {
    if (!this.expects(worker, stamp)) return false;
    this.pending.delete(worker);
    this.reports.set(worker, report);
    return true;
  }

  awaits(worker: WorkerId): boolean {
    return this.pending.has(worker);
  }

  /** This worker is no longer waited for. */
  release(worker: WorkerId): void {
    this.pending.delete(worker);
  }

  get awaited(): readonly WorkerId[] {
    return [...this.pending.keys()];
  }

  get complete(): boolean {
    return this.pending.size === 0;
  }
}
