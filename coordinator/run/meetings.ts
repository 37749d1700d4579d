import { allClients, type ClientIndex } from '../../protocol/method.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { MeetingState } from './meeting-state.js';
import type { RunLoopOptions } from './run-loop-options.js';

/** null: the method has rounds. */
export function meetingsOf(options: RunLoopOptions): Meetings | null {
  return options.site.host.method.schedule === 'meetings' ? new Meetings(options) : null;
}

/**
 * Which two clients meet next: the one whose gradient is finished first, and one of its neighbours, whose own gradient is not held up. A
 * meeting takes both at once and meetings are decided in one order, so clients cannot wait for each other in a circle, whatever the graph is.
 */
export class Meetings {
  private readonly readyMs: number[];
  private readonly freeMs: number[];
  private readonly began: number[];
  private nowMs = 0;

  constructor(private readonly options: Pick<RunLoopOptions, 'scenario' | 'site' | 'scriptedAbsences' | 'forgotten'>) {
    const each = (value: number) => new Array<number>(options.scenario.clients).fill(value);
    this.readyMs = each(0);
    this.freeMs = each(0);
    this.began = each(-1);
  }

  get state(): MeetingState {
    return { readyMs: [...this.readyMs], freeMs: [...this.freeMs], began: [...this.began], nowMs: this.nowMs };
  }

  restore({ readyMs, freeMs, began, nowMs }: MeetingState): void {
    for (let client = 0; client < readyMs.length; client++) {
      this.readyMs[client] = readyMs[client]!;
      this.freeMs[client] = freeMs[client]!;
      this.began[client] = began[client]!;
    }
    this.nowMs = nowMs;
  }

  /** The next meeting. In round 0 all clients that are there begin, each by itself. Changes nothing: an attempt may be made again. */
  plan(round: number, attempt: number, simulatedMs: number): RoundPlan {
    const { scenario, scriptedAbsences, forgotten } = this.options;
    const clients = allClients(scenario.clients);
    const absent = scriptedAbsences(round, clients, simulatedMs);
    const away = new Set(absent.map(({ from }) => from));
    const present = clients.filter((client) => !away.has(client));
    const common = {
      index: round,
      attempt,
      absent: [],
      forgotten: forgotten(round),
      inclusion: 1,
      startMs: this.nowMs,
    };
    if (present.length === 0) return { ...common, cohort: clients, absent, ready: [] };
    if (round === 0) return { ...common, cohort: present, ready: present };
    const first = present.reduce((best, client) => (this.isBefore(client, best) ? client : best));
    const cohort = [first, ...this.partnerOf(first, round, away)].sort((a, b) => a - b);
    const startMs = Math.max(this.nowMs, this.readyMs[first]!, ...cohort.map((client) => this.freeMs[client]!));
    return { ...common, cohort, ready: [first], startMs };
  }

  /** The meeting is over. Its time in the run: when both have read the other's message. */
  held({ index, ready = [], startMs }: RoundPlan, reports: readonly PartyReport[]): number[] {
    const endMs = Math.max(startMs, ...reports.map(({ metMs = startMs }) => metMs));
    for (const client of ready) this.nowMs = Math.max(this.nowMs, this.readyMs[client]!);
    for (const { party, clockMs } of reports) {
      const client = party as ClientIndex;
      this.freeMs[client] = endMs;
      if (!ready.includes(client)) continue;
      this.readyMs[client] = clockMs;
      this.began[client] = index;
    }
    return [endMs];
  }

  /** Nothing happened until these times, if everyone was away. */
  waited({ ready }: RoundPlan, untilMs: readonly number[]): void {
    if (ready?.length === 0) this.nowMs = Math.max(this.nowMs, ...untilMs);
  }

  private partnerOf(client: ClientIndex, round: number, away: ReadonlySet<ClientIndex>): readonly ClientIndex[] {
    const { host } = this.options.site;
    const neighbors = host.linksOf(client, round).outNeighbors.filter((other) => other !== client && !away.has(other));
    if (neighbors.length === 0) return [];
    return [neighbors[host.sharedStream(round).derive('meeting').below(neighbors.length)]!];
  }

  /** Of equal times, who began earlier: else one client could always be first. */
  private isBefore(a: ClientIndex, b: ClientIndex): boolean {
    const difference = this.readyMs[a]! - this.readyMs[b]! || this.began[a]! - this.began[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}
