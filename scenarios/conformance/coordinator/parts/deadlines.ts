import { type Case, equal, expected, required } from '../../case.js';
import type { CoordinatorStage } from '../../script/coordinator-stage.js';
import type { Member } from '../../script/member.js';
import { DEADLINE_MS, WALL_DEADLINE_MS } from '../../script/scenario.js';
import { onlyUnder } from './clock.js';
import { moved, next, paramsOf, twice } from './models.js';

const section = 'Deadlines';

/** Client 0’s gradient arrives so long after the round’s start, client 1’s in time. */
async function played(it: CoordinatorStage, ms: number): Promise<{ member: Member; params: readonly number[] }> {
  const member = await it.begun();
  onlyUnder('virtual', member);
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
  {
    id: '3.7.1',
    title: 'counts a gradient that has not come when its deadline of real time is over as absent, and stops its client',
    section,
    async run(it) {
      const { member, params, waitedMs } = await outwaited(it);
      expected(
        waitedMs >= WALL_DEADLINE_MS - 50,
        `no abort within ${WALL_DEADLINE_MS} ms`,
        Math.round(waitedMs),
        'late is who has not come when it has waited for deadlineMs',
      );
      member.send('done', withoutClientZero(member));
      const { voided } = await required('settle', 'the round is over', member.settled());
      equal(voided, [0], 'the round of a client that is late is void');
      await required('the next round', 'the round is over', member.begun());
      equal(await paramsOf(member), moved(params, twice(params)), 'moved by the gradient of client 1 alone');
    },
  },
  {
    id: '3.7.2',
    title: 'takes no notice of a gradient that comes after its deadline of real time',
    section,
    async run(it) {
      const { member, params } = await outwaited(it);
      member.gradient(0, [8, 8, 8]);
      const after = await next(member, withoutClientZero(member));
      equal(after, moved(params, twice(params)), 'what comes of this step afterwards is discarded');
      for (const client of [0, 1]) member.gradient(client, twice(after));
      member.seals();
      equal(await next(member), moved(after, twice(after)), 'both clients, with the gradients of this round');
    },
  },
  {
    id: '3.7.3',
    title: 'judges no simulated arrival under the wall clock',
    section,
    async run(it) {
      const member = await it.begun();
      onlyUnder('wall', member);
      const params = await paramsOf(member);
      member.gradient(0, [8, 8, 8], 4, { arrivesAtMs: member.plan.startMs + 1000 * WALL_DEADLINE_MS });
      member.gradient(1, twice(params));
      member.seals();
      equal(await next(member), moved(params, both(params)), 'arrivesAtMs is not judged');
    },
  },
];

/** A round of the wall clock in which client 0 sends nothing, until the coordinator stops it. */
async function outwaited(
  it: CoordinatorStage,
): Promise<{ member: Member; params: readonly number[]; waitedMs: number }> {
  const member = await it.begun();
  onlyUnder('wall', member);
  const params = await paramsOf(member);
  const started = performance.now();
  member.gradient(1, twice(params));
  member.seal(1, 1);
  const abort = await required('abort', 'its half may still run', member.received('abort'));
  const { index, attempt } = member.plan;
  equal(abort, { index, attempt, clients: [0] }, 'the late client alone');
  return { member, params, waitedMs: performance.now() - started };
}

const withoutClientZero = (member: Member): Record<string, unknown> =>
  member.report({ parties: [member.party(1, member.plan.startMs + 16)] });
