import { GradswarmError } from '../../protocol/errors.js';
import type { CrewReport } from '../../protocol/party/crew.js';
import type { Done } from '../../protocol/wire/control-messages.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { Member } from './membership.js';
import type { Stamp } from './round-tally.js';
import type { WorkerId } from './seats.js';

interface Call {
  readonly plan: RoundPlan;
  readonly member: Member;
  readonly generation: number;
  readonly resolve: (report: CrewReport) => void;
  readonly reject: (error: Error) => void;
}

/** Tasks that worker processes compute, by number. */
export class TaskCalls {
  private readonly calls = new Map<number, Call>();

  begin(plan: RoundPlan, member: Member): Promise<CrewReport> {
    return new Promise((resolve, reject) => {
      this.calls.set(plan.attempt, { plan, member, generation: member.generation, resolve, reject });
    });
  }

  /** Is the message about a task that this worker computes? */
  awaits(worker: WorkerId, { generation, index, attempt }: Pick<Stamp, 'generation' | 'index' | 'attempt'>): boolean {
    const call = this.calls.get(attempt);
    return call?.member.worker === worker && call.generation === generation && call.plan.index === index;
  }

  /** False: the report is not of a task. */
  done(worker: WorkerId, message: Done): boolean {
    if (!this.awaits(worker, message)) return false;
    const { resolve } = this.calls.get(message.attempt)!;
    this.calls.delete(message.attempt);
    const { parties, absences, bytes, tensorCounts } = message;
    resolve({ parties: parties as CrewReport['parties'], absences, bytes, tensorCounts });
    return true;
  }

  hosts(member: Member): boolean {
    return [...this.calls.values()].some((call) => call.member === member);
  }

  /** All of them: a run does not continue without one. */
  fail(error: Error): void {
    for (const { reject } of this.calls.values()) reject(error);
    this.calls.clear();
  }

  /** No report came for so long. */
  stall(computeMs: number): void {
    if (this.calls.size === 0) return;
    const clients = [...this.calls.values()].map(({ plan }) => plan.cohort[0]!);
    const what = `nothing moved for workers.computeMs = ${computeMs} ms: tasks of clients ${clients.slice(0, 6).join(', ')}`;
    this.fail(new GradswarmError('ERR_STALLED', what));
  }
}
