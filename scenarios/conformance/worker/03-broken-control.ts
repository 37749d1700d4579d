import { type Chapter, Failed, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { contentOf, type Engine } from '../script/engine.js';
import { hex } from '../script/frames.js';

const section = 'Control messages';
const LEAVE_MS = 8000;
const leaves = 'the connection closed';

/** A question that breaks the protocol is answered with an error, or ends the worker. */
async function refuses(control: Engine, event: string, content: unknown, why: string): Promise<void> {
  const id = control.ask(event, content);
  const answered = control.received
    .next('answer', (packet) => packet.type === 'ack' && packet.id === id, LEAVE_MS)
    .then(contentOf);
  answered.catch(() => {});
  const either = Promise.any([answered, control.closes(LEAVE_MS)]).catch((error: AggregateError) => {
    throw error.errors[0];
  });
  const end = await required('an error, or the connection closed', why, either);
  if (typeof end !== 'string' && end.error === undefined) throw new Failed('an error', JSON.stringify(end), why);
}

export default {
  title: '3 Control messages that are not of the protocol',
  cases: [
    {
      id: '3.1.1',
      title: 'ends when begin lacks a key',
      section,
      async run(it) {
        const run = await it.running();
        run.send('begin', { index: 0, attempt: 0, absent: [], forgotten: [], inclusion: 1, startMs: 0 });
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
      title: 'refuses bytes that are not msgpack, with an error or by leaving',
      section,
      async run(it) {
        const run = await it.assigned();
        await refuses(run.control, 'introduce', hex('c1 c1 c1'), 'one binary argument, msgpack');
      },
    },
    {
      id: '3.1.5',
      title: 'refuses a msgpack extension type, with an error or by leaving',
      section,
      async run(it) {
        const run = await it.assigned();
        // {"peers": [], "keys": [timestamp extension]}
        const bytes = hex('82 a5 7065657273 90 a4 6b657973 91 d6 ff 5a4af6a5');
        await refuses(run.control, 'introduce', bytes, 'extension types are refused');
      },
    },
    {
      id: '3.1.6',
      title: 'refuses an event without its argument, with an error or by leaving',
      section,
      async run(it) {
        const run = await it.assigned();
        await refuses(run.control, 'introduce', null, 'one binary argument');
      },
    },
    {
      id: '3.1.7',
      title: 'refuses an assignment that lacks a key, with an error or by leaving',
      section,
      async run(it) {
        const { control } = await it.joined();
        await refuses(
          control,
          'assign',
          { worker: 'worker-0', generation: 1, epoch: 0 },
          'maps have exactly the keys of the text',
        );
      },
    },
  ],
} satisfies Chapter<Coordinator>;
