import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { Batteries } from './batteries.js';

/** Without it the clock would stand still while all are away, and none would return. */
export class IdleTime {
  private network: ScenarioNetwork | null = null;

  constructor(
    private readonly scenario: Scenario,
    private readonly batteries: Batteries,
  ) {}

  /**
   * Until when a coordinator waits whose whole cohort is away, without a deadline: the next time at which a trace changes or a
   * battery is charged. Simulated ms; `nowMs` where none does.
   */
  until({ cohort, absent }: Pick<RoundPlan, 'cohort' | 'absent'>, nowMs: number): number {
    const { participation, clock } = this.scenario;
    if (cohort.length === 0 || absent.length < cohort.length) return nowMs;
    if (participation.deadlineMs !== null || clock === 'wall') return nowMs;
    this.network ??= createNetwork(this.scenario);
    const next = Math.min(this.network.nextChangeMs(nowMs), this.batteries.nextMs(nowMs));
    return Number.isFinite(next) ? next : nowMs;
  }
}
