import { TraceTable } from '../../protocol/faults/parts/trace.js';
import { allClients, type ClientIndex } from '../../protocol/method.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { energyOf, isEnergy } from '../../protocol/scenario/energy.js';
import type { Battery, Scenario } from '../../protocol/scenario/scenario.js';

/** Charges as plain data, for checkpoints. */
export interface BatteryState {
  readonly joules: readonly number[];
  readonly empty: readonly ClientIndex[];
  readonly atMs: number;
}

/**
 * Charges of the clients' batteries over simulated time. A round is charged when it is done; a client whose battery is empty then is absent
 * until it has been charged to `resume`. Clients without a battery are never empty.
 */
export class Batteries {
  private readonly batteries = new Map<
    ClientIndex,
    { readonly battery: Battery; readonly charging: TraceTable | null }
  >();
  private readonly joules = new Map<ClientIndex, number>();
  private readonly empty = new Set<ClientIndex>();
  private atMs = 0;

  constructor({ energy = [], clients }: Pick<Scenario, 'energy' | 'clients'>) {
    for (const client of energy.some((entry) => entry.battery) ? allClients(clients) : []) {
      const battery = energyOf(energy, client)?.battery;
      if (!battery) continue;
      const { trace, period, capacityJoules, start } = battery;
      const charging = trace && new TraceTable({ trace, period, timeUnit: 'seconds' });
      this.batteries.set(client, { battery, charging });
      this.joules.set(client, start * capacityJoules);
      if (start === 0) this.empty.add(client);
    }
  }

  isEmpty(client: ClientIndex): boolean {
    return this.empty.has(client);
  }

  /** Charges all batteries up to this simulated time. */
  advance(toMs: number): void {
    if (toMs <= this.atMs) return;
    for (const [client, { battery, charging }] of this.batteries) {
      if (!charging) continue;
      const { capacityJoules, resume } = battery;
      const charged = Math.min(
        capacityJoules,
        this.joules.get(client)! + charging.integral(client, this.atMs / 1000, toMs / 1000),
      );
      this.joules.set(client, charged);
      if (charged >= resume * capacityJoules) this.empty.delete(client);
    }
    this.atMs = toMs;
  }

  /** Takes what a round used, and charges what its time brought. Columns of its row. */
  charge(parties: readonly PartyReport[], nowMs: number): Readonly<Record<string, number>> {
    if (this.batteries.size === 0) return {};
    for (const { party, measures } of parties) {
      if (party === 'coordinator' || !this.batteries.has(party)) continue;
      const used = measures.reduce((sum, [name, value]) => (isEnergy(name) ? sum + value : sum), 0);
      const left = Math.max(0, this.joules.get(party)! - used);
      this.joules.set(party, left);
      if (left === 0) this.empty.add(party);
    }
    this.advance(nowMs);
    let share = 0;
    for (const [client, { battery }] of this.batteries) share += this.joules.get(client)! / battery.capacityJoules;
    return { batteriesEmpty: this.empty.size, batteryCharge: share / this.batteries.size };
  }

  /** When an empty battery is charged to `resume`, or its trace changes, after `nowMs`; Infinity: never. */
  nextMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const client of this.empty) {
      const { battery, charging } = this.batteries.get(client)!;
      if (!charging) continue;
      const watts = charging.at(client, 0, nowMs).at(-1)!;
      const missing = battery.resume * battery.capacityJoules - this.joules.get(client)!;
      if (watts > 0) next = Math.min(next, nowMs + Math.ceil((1000 * missing) / watts));
      next = Math.min(next, charging.nextChangeMs(nowMs));
    }
    return next;
  }

  get state(): BatteryState | null {
    if (this.batteries.size === 0) return null;
    return { joules: [...this.joules.values()], empty: [...this.empty], atMs: this.atMs };
  }

  restore({ joules, empty, atMs }: BatteryState): void {
    [...this.joules.keys()].forEach((client, i) => {
      this.joules.set(client, joules[i]!);
    });
    this.empty.clear();
    for (const client of empty) this.empty.add(client);
    this.atMs = atMs;
  }
}
