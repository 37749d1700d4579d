import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { PartyId } from '../../protocol/method.js';
import type { RunHost } from '../../protocol/party/run-host.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { Batteries } from './batteries.js';

/** Without it the clock would stand still while all are away, and none would return. */
export class IdleTime {
  private network: ScenarioNetwork | null = null;

  constructor(
    private readonly scenario: Scenario,
    private readonly batteries: Batteries,
    private readonly host: Pick<RunHost, 'edgeServers' | 'linksOf'>,
  ) {}

  /**
   * Until when a coordinator waits without a deadline while no client of its cohort can work: the next time at which a trace changes or
   * a battery is charged. Simulated ms; `nowMs` where none does.
   */
  until(plan: Pick<RoundPlan, 'index' | 'cohort' | 'absent'>, nowMs: number): number {
    const { participation, clock } = this.scenario;
    if (plan.cohort.length === 0 || this.worksIn(plan)) return nowMs;
    if (participation.deadlineMs !== null || clock === 'wall') return nowMs;
    this.network ??= createNetwork(this.scenario);
    const next = Math.min(this.network.nextChangeMs(nowMs), this.batteries.nextMs(nowMs));
    return Number.isFinite(next) ? next : nowMs;
  }

  /** Is a client there, and in a hierarchy its edge server too? An edge server without clients has nothing to do. */
  private worksIn({ index, cohort, absent }: Pick<RoundPlan, 'index' | 'cohort' | 'absent'>): boolean {
    const { edgeServers } = this.host;
    if (edgeServers.length === 0) return absent.length < cohort.length;
    const away = new Set<PartyId>(absent.map(({ from }) => from));
    const isThere = (party: PartyId) => !away.has(party);
    return cohort.some(
      (client) =>
        isThere(client) && !edgeServers.includes(client) && this.host.linksOf(client, index).inNeighbors.some(isThere),
    );
  }
}
