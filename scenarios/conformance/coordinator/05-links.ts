import { type Chapter, equal, expected, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { pause } from '../script/inbox.js';
import { Member } from '../script/member.js';

const section = 'Numbered links';
const LINKED = { resumes: null };

export default {
  title: '5 Numbered links',
  cases: [
    {
      id: '5.1.1',
      title: 'sends its count at once when a link is opened, before any message',
      section,
      async run(it) {
        const member = await it.joined(LINKED);
        await member.offered();
        const frames = await member.connect(0);
        equal(
          await required(
            'a count',
            'the one that accepts sends its own count at once',
            frames.counts.next('count', () => true, 3000),
          ),
          0,
          'nothing has come yet',
        );
      },
    },
    {
      id: '5.1.2',
      title: 'sends begin and settle of an epoch over the link',
      section: 'Cuts',
      async run(it) {
        const member = await required(
          'begin, as control',
          'control messages of an epoch travel on the frame link',
          it.begun(LINKED),
        );
        await member.play();
        await required('settle, as control', 'control messages of an epoch travel on the frame link', member.settled());
        equal(
          member.control.received.take(({ name }) => name === 'begin' || name === 'settle').length,
          0,
          'not over the control connection',
        );
      },
    },
    {
      id: '5.1.3',
      title: 'counts what it has received',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        await member.play();
        // Two gradients, two seals and a report.
        const count = member.frames.counts.next('count of 5 or more', (one) => one >= 5, 5000);
        await required('a count of 5', 'at the latest 100 ms after the first message that no count has covered', count);
      },
    },
    {
      id: '5.2.1',
      title: 'continues the round when the frame link is cut and opened again',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        await member.model(0);
        await member.model(1);
        const { count } = member.frames;
        member.frames.close();
        await pause(200);
        await required('the link again', 'a cut costs nothing', member.connect(count));
        for (const client of [0, 1]) {
          member.gradient(client, [1, 1, 1]);
          member.seal(client, 1);
        }
        member.send('done', member.report());
        const { round } = await required('settle', 'the round continues', member.settled());
        equal(round, member.plan.index, 'the same round');
        expected(!member.control.isClosed, 'the seat kept', 'the control connection closed', 'a cut costs nothing');
      },
    },
    {
      id: '5.2.2',
      title: 'sends again, in order, what was not acknowledged',
      section,
      async run(it) {
        const member = await it.joined(LINKED);
        await member.assigned(undefined, 0);
        const { frames } = member;
        frames.silent = true;
        await member.introduced();
        await member.begun();
        await member.model(0);
        await member.model(1);
        const sent = [...frames.messages];
        frames.close();
        await pause(200);
        const again = await member.connect(1);
        await required('the messages again', 'all that was sent beyond the other’s count', member.model(1));
        equal(
          again.messages.slice(0, sent.length - 1),
          sent.slice(1),
          'the same messages but the first, which is acknowledged',
        );
      },
    },
    {
      id: '5.2.3',
      title: 'answers 409 to a count beyond what it sent',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        equal(await it.visitor.frames(member.assign.token, 1_000_000), 409, 'more than was sent');
      },
    },
    {
      id: '5.2.4',
      title: 'replaces a connection of a link by a newer one',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        await member.model(1);
        const old = member.frames;
        await member.connect(old.count);
        await required(
          'the older connection closed',
          'a newer connection of a link replaces the older at once',
          old.closes(5000),
        );
        expected(!member.control.isClosed, 'the seat kept', 'the control connection closed', 'it is the same link');
      },
    },
    {
      id: '5.2.5',
      title: 'takes the seat from a worker whose count exceeds what was sent',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        member.frames.report(1_000_000);
        await required(
          'the control connection closed',
          'a count that exceeds what was sent ends the link',
          member.control.closes(8000),
        );
      },
    },
    {
      id: '5.2.6',
      title: 'takes the seat from a worker that reads its link no more, though its control connection lives',
      section: 'Cuts',
      async run(it) {
        const slow = await it.begun(LINKED);
        slow.frames.silent = true;
        slow.frames.socket.pause();
        await required(
          'the control connection closed',
          'a frame link that stays down for workers.heartbeatMs, 3 s, costs the seat',
          slow.control.closes(15_000),
        );
        const next = await required('a seat', 'the seat is open', it.begun());
        await next.play();
        await required('settle', 'the run continues', next.settled());
      },
    },
    {
      id: '5.3.1',
      title: 'keeps seat and round when the control connection breaks and hello comes again',
      section: 'Cuts',
      async run(it) {
        const process = 'a-process-that-comes-back';
        const member = await it.begun({ ...LINKED, process });
        member.control.close();
        const { epoch, generation } = member.assign;
        const again = await Member.join(it.visitor, { process, seat: 0, resumes: { epoch, generation } });
        equal(again.answer.seat, 0, 'it keeps seat and generation if resumes is right');
        await member.play();
        await required('settle', 'the round continues over the link', member.settled());
      },
    },
    {
      id: '5.3.2',
      title: 'opens the seat when a worker closes its link as agreed',
      section,
      async run(it) {
        const member = await it.begun(LINKED);
        member.frames.close(1000);
        const next = await required('a seat', 'a worker that closes it with 1000 leaves its seat', it.joined());
        equal(next.answer.seat, 0, 'the seat is open');
      },
    },
  ],
} satisfies Chapter<CoordinatorStage>;
