import type { ClientIndex } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';

/** Clients whose records may have changed since the last checkpoint: a byte each. None where no checkpoint is written, since nothing asks for them. */
export class ChangedClients {
  private readonly marks: Uint8Array;

  constructor({ checkpoints, clients }: Pick<Scenario, 'checkpoints' | 'clients'>) {
    this.marks = new Uint8Array(checkpoints.everyRounds === null ? 0 : clients);
  }

  add(...lists: readonly (readonly ClientIndex[])[]): void {
    for (const list of lists) for (const client of list) this.marks[client] = 1;
  }

  get ascending(): readonly ClientIndex[] {
    const clients: ClientIndex[] = [];
    for (let at = this.marks.indexOf(1); at >= 0; at = this.marks.indexOf(1, at + 1)) clients.push(at);
    return clients;
  }

  /** They are in a checkpoint. */
  clear(): void {
    this.marks.fill(0);
  }
}
