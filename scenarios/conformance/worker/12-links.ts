import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { type Chapter, equal, expected, NotApplicable, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import type { FrameSocket } from '../script/frame-socket.js';
import { pause } from '../script/inbox.js';
import type { ScriptedRun } from '../script/run.js';
import { scenarioOf, TRACKING } from '../script/scenario.js';

const section = 'Numbered links';
const REOPEN_MS = 10_000;

function requireLink({ isLink }: FrameSocket): void {
  if (!isLink) throw new NotApplicable('the worker uses no numbered links');
}

/** A worker with numbered links, its rounds begun or about to. */
async function linked(it: Coordinator, changes: Partial<ScenarioInput> = {}): Promise<ScriptedRun> {
  const run = await it.running(changes);
  requireLink(run.frames);
  return run;
}

/** The next connection of its frame link. */
async function reopened(
  it: Coordinator,
): Promise<{ have: string | null; run: (run: ScriptedRun) => ScriptedRun; frames: FrameSocket }> {
  const { knock, socket } = await it.door.frames.next('connection of the frame link', () => true, REOPEN_MS);
  return { have: knock.query.get('have'), frames: socket, run: (run) => run.over(socket) };
}

/** Requests that it made for another connection of this run's frame link. */
const reopenings = (it: Coordinator, { assign }: ScriptedRun): number =>
  it.door.knocks.take(({ path, query }) => path === '/frames' && query.get('token') === assign.token).length;

/** The worker has counted `count` messages. */
const counted = (frames: FrameSocket, count: number): Promise<number> =>
  frames.counts.next(`count ${count}`, (one) => one === count, 5000);

export default {
  title: '12 Numbered links',
  cases: [
    {
      id: '12.1.1',
      title: 'opens its frame link with have=0 and sends nothing before the first count',
      section,
      async run(it) {
        it.door.silentLinks = true;
        const { control } = await it.joined();
        await it.assign(control, await scenarioOf(), {
          async opened(socket, query, answered) {
            requireLink(socket);
            equal(query.get('have'), '0', '0 the first time');
            await pause(500);
            const early = socket.messages.length + socket.counts.take(() => true).length + Number(answered());
            equal(early, 0, 'until the count has come, the opening end sends nothing, and assign is not answered');
            socket.report(0);
          },
        });
      },
    },
    {
      id: '12.1.2',
      title: 'counts what it has received',
      section,
      async run(it) {
        const run = await linked(it);
        run.begin({ cohort: [0] });
        run.model([1, 2, 3]);
        await required(
          'the count 2',
          '100 ms after the first message that no count has covered',
          counted(run.frames, 2),
        );
      },
    },
    {
      id: '12.1.3',
      title: 'sends counts as a sign of life when nothing comes',
      section,
      async run(it) {
        const run = await linked(it, { workers: { heartbeatMs: 4000 } });
        for (let i = 0; i < 3; i++)
          await required(
            'a count',
            'every heartbeatMs / 4 in any case',
            run.frames.counts.next('count', () => true, 4000),
          );
      },
    },
    {
      id: '12.1.4',
      title: 'answers a count with no pong, and another ping with one',
      section,
      async run(it) {
        const run = await linked(it);
        run.frames.report(0);
        run.frames.socket.ping('hello');
        await required(
          'a pong',
          'a ping of another length gets a pong',
          run.frames.pongs.next('pong', (text) => text === Buffer.from('hello').toString('hex'), 5000),
        );
        equal(
          run.frames.pongs.take(() => true),
          [],
          'a count gets no pong',
        );
      },
    },
    {
      id: '12.2.1',
      title: 'opens the link again after a cut, with its count, and continues the round',
      section,
      async run(it) {
        const run = await linked(it);
        run.begin({ cohort: [0] });
        await counted(run.frames, 1);
        run.frames.close();
        const again = await required('another connection', 'the opening end opens another', reopened(it));
        equal(again.have, '1', 'its count in decimal');
        const on = again.run(run);
        on.model([1, 2, 3]);
        await required('a report', 'a cut costs nothing', on.done());
      },
    },
    {
      id: '12.2.2',
      title: 'sends again, in order, what was not acknowledged, and counts no bytes of it',
      section,
      async run(it) {
        it.door.silentLinks = true;
        const { control } = await it.joined();
        const run = await it.assign(control, await scenarioOf(), {
          async opened(socket) {
            requireLink(socket);
            socket.report(0);
          },
        });
        const socket = run.frames;
        await run.introduce();
        await run.round(0, [1, 2, 3], { cohort: [0] });
        // The seal may come after the report, and belongs to what was sent.
        await run.sealOf(0);
        const sent = [...socket.messages];
        socket.count = 1;
        socket.close();
        const again = await required('another connection', 'the opening end opens another', reopened(it));
        again.frames.report(1);
        await required('a report again', 'all that was sent beyond the other’s count', again.run(run).done());
        await again.run(run).sealOf(0);
        equal(again.frames.messages, sent.slice(1), 'the same messages but the first, which is acknowledged');
        again.frames.silent = false;
        const on = again.run(run);
        on.settle({ cohort: [0] });
        const { bytes } = await on.round(1, [1, 2, 3], { cohort: [0] });
        equal((bytes as { up: { wire: number } }).up.wire, 94, 'bytes are those of frames when they are first sent');
      },
    },
    {
      id: '12.2.3',
      title: 'does not send again what was acknowledged',
      section,
      async run(it) {
        const run = await linked(it);
        await run.round(0, [1, 2, 3], { cohort: [0] });
        run.frames.close();
        const again = await required('another connection', 'the opening end opens another', reopened(it));
        const on = again.run(run);
        on.settle({ cohort: [0] });
        const { index } = await required(
          'a report of round 1',
          'the link continues',
          on.round(1, [1, 2, 3], { cohort: [0] }),
        );
        equal(index, 1, 'round 0 was reported, and acknowledged');
      },
    },
    {
      id: '12.2.4',
      title: 'tries again after 409 and after a connection that is refused otherwise',
      section,
      async run(it) {
        const run = await linked(it);
        for (const status of [409, 503]) {
          it.door.refuseFrames = status;
          it.door.knocks.take(() => true);
          if (status === 409) run.frames.close();
          await required(
            'another request',
            'with growing waits; 409: try again with the count of now',
            it.door.knocks.next('another request', ({ path }) => path === '/frames', REOPEN_MS),
          );
        }
        it.door.refuseFrames = null;
        await required('another connection', '409: try again with the count of now', reopened(it));
      },
    },
    {
      id: '12.2.5',
      title: 'ends a link whose count exceeds what it sent',
      section,
      async run(it) {
        const run = await linked(it);
        run.frames.report(1_000_000);
        await required(
          'the connection closed',
          'a count that exceeds what was sent ends the link',
          run.frames.closes(8000),
        );
        await pause(2000);
        const tried = reopenings(it, run);
        expected(tried <= 1, 'no other connection of this link', tried, 'the link has ended');
      },
    },
    {
      id: '12.2.6',
      title: 'does not open a link again that was closed as agreed, and waits for its next assignment',
      section,
      async run(it) {
        const run = await linked(it);
        run.frames.close(1000);
        await pause(1000);
        const tried = reopenings(it, run);
        expected(tried <= 1, 'no other connection of this link', tried, '1000 is its end as agreed');
        const next = await required(
          'an answer to assign',
          'it waits for the next assignment',
          it.assign(run.control, await scenarioOf(), { epoch: 1 }),
        );
        await next.introduce();
        await required('a report', 'the next epoch', next.round(0, [1, 2, 3]));
      },
    },
    {
      id: '12.3.1',
      title: 'has no assignment to resume in its first hello',
      section: 'Cuts',
      async run(it) {
        const { hello } = await it.joined();
        if (hello.resumes === undefined) throw new NotApplicable('the worker uses no numbered links');
        equal(hello.resumes, null, 'else null');
      },
    },
    {
      id: '12.3.2',
      title: 'keeps its round when the control connection breaks, and says what it resumes',
      section: 'Cuts',
      async run(it) {
        const run = await linked(it);
        run.begin({ cohort: [0] });
        run.control.close();
        const { hello, control } = await required(
          'another hello',
          'the worker opens another within heartbeatMs',
          it.joined(),
        );
        equal(
          hello.resumes,
          { epoch: run.assign.epoch, generation: run.assign.generation },
          'of the assignment that it has',
        );
        run.model([1, 2, 3]);
        await required('a report', 'it travels on the frame link', run.done());
        expected(!control.isClosed, 'the new connection stays open', 'closed', 'it keeps seat and generation');
      },
    },
    {
      id: '12.3.3',
      title: 'answers an assignment of the same epoch and generation as before, and keeps its link',
      section: 'Cuts',
      async run(it) {
        const run = await linked(it);
        const answer = await required(
          'an answer',
          'a request without an answer is sent again',
          run.control.asked('assign', run.assign),
        );
        equal(answer.read, run.ready.read, 'answered as before');
        await required('a report', 'the link continues', run.round(0, [1, 2, 3]));
        expected(!run.frames.isClosed, 'the link of the assignment', 'closed', 'it is the same assignment');
      },
    },
    {
      id: '12.3.4',
      title: 'takes stop over the link while its control connection is down',
      section: 'Closing',
      async run(it) {
        const run = await linked(it);
        it.door.refuse = 503;
        run.control.close();
        await pause(200);
        run.send('stop', { over: 'finished' });
        await required(
          'the process ended',
          'where the control connection is down, stop comes as control',
          it.worker.ends(10_000),
        );
      },
    },
    {
      id: '12.4.1',
      title: 'opens a numbered link to a peer that takes links',
      section: 'Workers among themselves',
      async run(it) {
        const run = await it.assigned(TRACKING, { clients: [0] });
        requireLink(run.frames);
        if (run.ready.peer === null) throw new NotApplicable('the worker has no socket for peers');
        await run.introduce(
          [{ worker: 'worker-1', url: it.door.url, links: true }],
          [{ worker: 'worker-1', outgoing: 'outgoing-key', incoming: 'incoming-key' }],
        );
        const { knock } = await required(
          'a socket to the peer',
          'one socket for each direction',
          it.door.peers.next('peer socket', () => true, 5000),
        );
        equal(knock.query.get('have'), '0', 'a numbered link, with &have=0');
      },
    },
  ],
} satisfies Chapter<Coordinator>;
