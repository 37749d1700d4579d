import { type Chapter, equal, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { contentOf } from '../script/engine.js';

const section = 'Closing';

/** Ends the run: no case comes after this chapter. */
export default {
  title: '6 The end of the run',
  cases: [
    {
      id: '6.1.1',
      title: 'ends the run with stop after the last round, and closes once it is answered',
      section,
      async run(it) {
        const member = await it.begun();
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
  ],
} satisfies Chapter<CoordinatorStage>;
