import { type Case, equal, required } from '../../case.js';
import type { CoordinatorStage } from '../../script/coordinator-stage.js';
import type { Member } from '../../script/member.js';
import { DEADLINE_MS } from '../../script/scenario.js';
import { moved, next, paramsOf, twice } from './models.js';

const section = 'Deadlines';

/** Client 0’s gradient arrives so long after the round’s start, client 1’s in time. */
async function played(it: CoordinatorStage, ms: number): Promise<{ member: Member; params: readonly number[] }> {
  const member = await it.begun();
  const params = await paramsOf(member);
  member.gradient(0, [8, 8, 8], 4, { arrivesAtMs: member.plan.startMs + ms });
  member.gradient(1, twice(params));
  return { member, params };
}

/** What the coordinator moves its model by when it has used client 0 as well. */
const both = (params: readonly number[]): number[] => twice(params).map((x) => (8 + x) / 2);

/** Cases of the chapter on rounds. */
export const DEADLINES: readonly Case<CoordinatorStage>[] = [
  {
    id: '3.6.1',
    title: 'uses a gradient that arrives at the deadline',
    section,
    async run(it) {
      const { member, params } = await played(it, DEADLINE_MS);
      member.seals();
      equal(await next(member), moved(params, both(params)), 'late is what arrives after it');
    },
  },
  {
    id: '3.6.2',
    title: 'counts a gradient that arrives after the deadline as absent, and its client’s round as void',
    section,
    async run(it) {
      const { member, params } = await played(it, DEADLINE_MS + 1);
      member.seals();
      member.send('done', member.report());
      const { voided } = await required('settle', 'the round is over', member.settled());
      equal(voided, [0], 'the round of a client that is late is void');
      await required('the next round', 'the round is over', member.begun());
      equal(await paramsOf(member), moved(params, twice(params)), 'moved by the gradient of client 1 alone');
    },
  },
  {
    id: '3.6.3',
    title: 'begins the next round at the deadline when a client was late',
    section,
    async run(it) {
      const { member } = await played(it, DEADLINE_MS + 500);
      const { startMs } = member.plan;
      member.seals();
      await next(member);
      equal(member.plan.startMs, startMs + DEADLINE_MS, 'it has waited until the deadline');
    },
  },
  {
    id: '3.6.4',
    title: 'stops a late client, and waits for no report of it',
    section,
    async run(it) {
      const { member, params } = await played(it, DEADLINE_MS + 1);
      member.seal(1, 1);
      const abort = await required('abort', 'its half may still run', member.received('abort'));
      const { index, attempt, startMs } = member.plan;
      equal(abort, { index, attempt, clients: [0] }, 'the late client alone');
      const report = member.report({ parties: [member.party(1, startMs + 16)] });
      equal(await next(member, report), moved(params, twice(params)), 'a report without client 0 ends the round');
    },
  },
  {
    id: '3.6.5',
    title: 'uses a client again in the round after the one that it was late in',
    section,
    async run(it) {
      const { member } = await played(it, DEADLINE_MS + 1);
      member.seals();
      const params = await next(member);
      member.gradient(0, [8, 8, 8]);
      member.gradient(1, twice(params));
      member.seals();
      equal(await next(member), moved(params, both(params)), 'late in one round alone');
    },
  },
];
