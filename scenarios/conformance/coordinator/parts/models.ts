import { equal, required } from '../../case.js';
import type { Member } from '../../script/member.js';

/** The parameters of this round; all are the same number. */
export async function paramsOf(member: Member): Promise<number[]> {
  const [first, second] = [await member.model(0), await member.model(1)];
  equal(first.params, second.params, 'one model for the whole cohort');
  return first.params;
}

/** The parameters of the next round, after a report and its settlement. */
export async function next(member: Member, report: Record<string, unknown> = member.report()): Promise<number[]> {
  member.send('done', report);
  await member.settled();
  await required('the next round', 'the round is over', member.begun());
  return paramsOf(member);
}

/** Rate 1/4 and this gradient. */
export const moved = (params: readonly number[], gradient: readonly number[]): number[] =>
  params.map((x, i) => x - 0.25 * gradient[i]!);

export const twice = (params: readonly number[]): number[] => params.map((x) => 2 * x);
