import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex } from '../../protocol/method.js';
import { WorkersLost } from '../members/workers-lost.js';
import type { RunLoopOptions } from './run-loop-options.js';

/** Clients that were lost with their workers, where the scenario continues without them. */
export class LostClients {
  private readonly lost = new Set<ClientIndex>();

  constructor(
    private readonly options: Pick<RunLoopOptions, 'crew' | 'scenario'>,
    private readonly roundsDone: () => number,
  ) {}

  get clients(): ReadonlySet<ClientIndex> {
    return this.lost;
  }

  /** Those of a checkpoint, which may be all. */
  restore(clients: readonly ClientIndex[]): void {
    for (const client of clients) this.lost.add(client);
  }

  /** These clients are absent from now on. Throws ERR_WORKER_LOST when none is left. */
  add(clients: readonly ClientIndex[]): void {
    this.restore(clients);
    const { scenario } = this.options;
    if (this.lost.size < scenario.clients) return;
    throw new GradswarmError(
      'ERR_WORKER_LOST',
      `round ${this.roundsDone() + 1}: all ${scenario.clients} clients were lost with their workers, and workers.onLoss = ` +
        `'${scenario.workers.onLoss}' continues without them; 'replay' would wait for other workers`,
    );
  }

  /** Asks the clients for something between rounds; those that are lost meanwhile are left out. */
  async answered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      // A worker that was lost while nothing was due from it is missing in the answers too.
      this.add(this.options.crew.lostClients?.() ?? []);
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof WorkersLost)) throw error;
        this.add(error.clients);
      }
    }
  }
}
