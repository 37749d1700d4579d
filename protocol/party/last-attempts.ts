import type { PartyId } from '../method.js';

/** The newest attempt of each party that has ended: 8 bytes a client, of which there may be a million. */
export class LastAttempts {
  private coordinator: { readonly round: number; readonly attempt: number } | null = null;
  /** By client: round + 1, attempt. 0: has ended none. */
  private clients = new Int32Array(0);

  set(party: PartyId, round: number, attempt: number): void {
    if (party === 'coordinator') {
      this.coordinator = { round, attempt };
      return;
    }
    if (2 * party >= this.clients.length) this.grow(party);
    this.clients[2 * party] = round + 1;
    this.clients[2 * party + 1] = attempt;
  }

  get(party: PartyId): { readonly round: number; readonly attempt: number } | null {
    if (party === 'coordinator') return this.coordinator;
    const next = this.clients[2 * party] ?? 0;
    return next === 0 ? null : { round: next - 1, attempt: this.clients[2 * party + 1]! };
  }

  private grow(client: number): void {
    const before = this.clients;
    this.clients = new Int32Array(Math.max(2 * before.length, 2 * client + 2));
    this.clients.set(before);
  }
}
