import { type Chapter, equal, expected, NotApplicable, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { contentOf } from '../script/engine.js';
import { pause } from '../script/inbox.js';
import type { Opened } from '../script/visitor.js';
import { onlyUnder } from './parts/clock.js';

const section = 'Closing';
const STAYS_MS = 15_000;

/** Ends the run: no case comes after this chapter. */
export default {
  title: '6 The end of the run',
  cases: [
    {
      id: '6.1.1',
      title: 'ends with stop when a half has failed, and does not try its round again',
      section: 'Reports',
      async run(it) {
        const member = await it.begun();
        onlyUnder('wall', member);
        const { epoch, generation } = member.assign;
        const { index, attempt } = member.plan;
        const code = 'ERR_HALF_FAILED';
        member.send('failed', { epoch, generation, index, attempt, code, message: 'a half of the kit' });
        const stop = await required('stop', 'failed ends the run', member.control.event('stop', 20_000));
        const { over } = contentOf(stop);
        expected(over === 'failed' || over === 'again', 'failed or again', over, 'no further round in this process');
        member.control.answer(stop.id, {});
        await required('the connection closed', 'the coordinator then closes', member.control.closes(5000));
      },
    },
    {
      id: '6.2.1',
      title: 'ends the run with stop after the last round, and closes once it is answered',
      section,
      async run(it) {
        const member = await it.begun();
        onlyUnder('virtual', member);
        for (;;) {
          await member.play();
          await required('settle', 'the round is over', member.settled());
          if (member.plan.index === 299) break;
          await member.begun();
        }
        const stop = await required('stop', 'the run is over', member.control.event('stop', 20_000));
        equal(contentOf(stop), { over: 'finished' }, 'all rounds are done');
        member.control.answer(stop.id, {});
        await required('the connection closed', 'the coordinator then closes', member.control.closes(5000));
      },
    },
    {
      id: '6.2.2',
      title: 'lets observers and workers that come after the last round know that the run is over, where it stays',
      section: 'Control messages',
      async run(it) {
        const { control, proof } = await stays(it);
        const welcome = contentOf(await required('welcome', 'an observer is sent welcome', control.event('welcome')));
        equal(welcome.proof, proof, 'HMAC with coordinator in place of joiner');
        const over = contentOf(await required('over', 'no other round will be done', control.event('over')));
        equal(over, { ending: 'finished' }, 'over has exactly this key');
        const { answer, opened } = await required('an answer to hello', 'hello is answered', it.joined());
        equal(answer, { over: 'finished', proof: opened.proof }, 'a worker that comes is not needed');
      },
    },
  ],
} satisfies Chapter<CoordinatorStage>;

/** An observer of a coordinator whose run is over; it may close its port and open it again. */
async function stays(it: CoordinatorStage): Promise<Opened> {
  for (const end = performance.now() + STAYS_MS; performance.now() < end; await pause(300)) {
    const opened = await it.visitor.connect({ role: 'observer' }).catch(() => null);
    if (opened !== null && typeof opened !== 'number') return opened;
  }
  throw new NotApplicable('the coordinator does not stay after the run, or its run was not played to its end');
}
