import { type Chapter, Failed, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { contentOf } from '../script/engine.js';
import { hex } from '../script/frames.js';

const section = 'Control messages';
const LEAVE_MS = 8000;
const leaves = 'the connection closed';

export default {
  title: '3 Control messages that are not of the protocol',
  cases: [
    {
      id: '3.1.1',
      title: 'ends when begin lacks a key',
      section,
      async run(it) {
        const run = await it.running();
        run.control.emit('begin', { index: 0, attempt: 0, absent: [], forgotten: [], inclusion: 1, startMs: 0 });
        await required(leaves, 'a coordinator that breaks the protocol ends the worker', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.2',
      title: 'ends when begin has a key too many',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ surprise: 1 } as never);
        await required(leaves, 'maps have exactly the keys of the text', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.3',
      title: 'ends when a round is a text',
      section,
      async run(it) {
        const run = await it.running();
        run.begin({ index: '0' as never });
        await required(leaves, 'index is an integer', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.4',
      title: 'ends at bytes that are not msgpack',
      section,
      async run(it) {
        const run = await it.running();
        run.control.emit('begin', hex('c1 c1 c1'));
        await required(leaves, 'one binary argument, msgpack', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.5',
      title: 'ends at a msgpack extension type',
      section,
      async run(it) {
        const run = await it.running();
        // {"request": timestamp extension}
        run.control.emit('collect', hex('81 a7 72657175657374 d6 ff 5a4af6a5'));
        await required(leaves, 'extension types are refused', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.6',
      title: 'ends at an event without its argument',
      section,
      async run(it) {
        const run = await it.running();
        run.control.emit('begin', null);
        await required(leaves, 'one binary argument', run.control.closes(LEAVE_MS));
      },
    },
    {
      id: '3.1.7',
      title: 'refuses an assignment that lacks a key, with an error or by leaving',
      section,
      async run(it) {
        const { control } = await it.joined();
        const id = control.ask('assign', { worker: 'worker-0', generation: 1, epoch: 0 });
        const answered = control.received
          .next('answer', ({ type, id: of }) => type === 'ack' && of === id, LEAVE_MS)
          .then(contentOf);
        answered.catch(() => {});
        const end = await required(
          'an error or the connection closed',
          'maps have exactly the keys of the text',
          Promise.race([answered, control.closes(LEAVE_MS)]),
        );
        if (typeof end !== 'string' && end.error === undefined)
          throw new Failed('an error', JSON.stringify(end), 'an assignment without a scenario');
      },
    },
  ],
} satisfies Chapter<Coordinator>;
