import { type Chapter, equal, expected, NotApplicable, required } from '../case.js';
import type { Coordinator, Joined } from '../script/coordinator.js';
import { bodyOf, chunksOf, doubles, frameOf } from '../script/frames.js';
import { pause } from '../script/inbox.js';
import { SGD } from '../script/run.js';
import { PLAIN, scenarioOf, TRACKING } from '../script/scenario.js';

const LEAVE_MS = 10_000;

/** The worker, back after its connection was lost. */
async function back(it: Coordinator, why: string): Promise<Joined> {
  return required('the worker joins again', why, it.joined());
}

/** 1,000,000 float64 numbers for each of two clients: 16 MB, more than fits into the buffers of a socket. */
const HUGE = 1_000_000;

export default {
  title: '8 Generations, liveness and closing',
  cases: [
    {
      id: '8.1.1',
      title: 'answers pings of the control connection',
      section: 'Liveness',
      async run(it) {
        const { control } = await it.joined();
        await required(
          'a pong',
          'a worker that is silent loses its seat',
          control.signs.next('pong', (sign) => sign === '3', 5000),
        );
      },
    },
    {
      id: '8.1.2',
      title: 'joins again when its control connection is lost, as the same process and with the seat it had',
      section: 'Generations',
      async run(it) {
        const first = await it.joined({ seat: 1 });
        await it.assign(first.control, await scenarioOf(), { seat: 1 });
        first.control.close();
        const { hello, knock } = await back(it, 'a worker whose connection is lost joins again');
        equal(hello.process, first.hello.process, 'drawn at the process’s start');
        equal(hello.seat, 1, 'seat: the one it had');
        expected(
          knock.query.get('challenge') !== first.knock.query.get('challenge'),
          'another challenge',
          knock.query.get('challenge'),
          'a challenge opens one connection',
        );
      },
    },
    {
      id: '8.1.3',
      title: 'joins again when its frame socket is lost',
      section: 'Generations',
      async run(it) {
        const run = await it.running();
        if (run.frames.isLink) throw new NotApplicable('the worker uses numbered links, whose connections may break');
        run.frames.close();
        const { hello } = await back(it, 'a worker whose connection is lost joins again');
        equal(hello.seat, 0, 'seat: the one it had');
      },
    },
    {
      id: '8.1.4',
      title: 'takes part in the generation it is given after it has joined again',
      section: 'Generations',
      async run(it) {
        const first = await it.running();
        await first.round(0, [1, 2, 3]);
        first.control.close();
        const { control } = await back(it, 'a worker whose connection is lost joins again');
        const run = await required(
          'an answer to assign',
          'each epoch brings a new assign',
          it.assign(control, await scenarioOf(), { generation: 2, epoch: 1 }),
        );
        await run.introduce();
        const { epoch, generation } = await required('a report', 'the new epoch', run.round(0, [1, 2, 3]));
        equal({ epoch, generation }, { epoch: 1, generation: 2 }, 'as in the new assign');
      },
    },
    {
      id: '8.1.5',
      title: 'releases what it held when it is assigned again: the old frame socket, halves and states',
      section: 'Assignment',
      async run(it) {
        const { control } = await it.joined();
        const scenario = await scenarioOf(TRACKING);
        const old = await it.assign(control, scenario, { clients: [0] });
        await old.introduce();
        old.begin({ cohort: [0, 1, 2] });
        await old.frames.frame(({ to }) => to === 1);
        const run = await required(
          'an answer to assign',
          'each epoch brings a new assign to every worker',
          it.assign(control, scenario, { clients: [0], generation: 1, epoch: 1 }),
        );
        await required(
          'the old frame socket closed',
          'a worker releases everything of an earlier assignment',
          old.frames.closes(LEAVE_MS),
        );
        await run.introduce();
        run.begin({ cohort: [0, 1, 2] });
        const { body } = await required(
          'an iterate',
          'the round again, from the first state',
          run.frames.frame(({ to }) => to === 1),
        );
        equal(
          body,
          bodyOf([doubles(0.5, 0.5, 0.5), doubles(1, 1, 1)], []),
          'the initial parameters and their gradient',
        );
      },
    },
    {
      id: '8.1.6',
      title: 'waits longer from one try to the next while the coordinator drops it',
      section: 'Generations',
      async run(it) {
        const joined = await it.joined();
        joined.control.close();
        const times: number[] = [];
        for (let i = 0; i < 4; i++) {
          const { control } = await required(
            'another try',
            'a worker whose connection is lost joins again',
            it.visit(),
          );
          times.push(performance.now());
          control.close();
        }
        const gaps = times.slice(1).map((time, i) => Math.round(time - times[i]!));
        expected(gaps[0]! >= 100, 'no try without a wait', gaps, 'its wait grows from 0.5 s');
        expected(gaps[2]! > gaps[0]!, 'waits that grow', gaps, 'its wait grows from 0.5 s to 30 s');
      },
    },
    {
      id: '8.2.1',
      title: 'answers stop with an empty map and ends when the run is finished',
      section: 'Closing',
      async run(it) {
        const run = await it.running();
        equal(
          await required('an answer', 'stop is answered', run.control.asked('stop', { over: 'finished' })),
          {},
          'the answer to stop',
        );
        // As the coordinator does once it has the answer.
        run.control.close();
        await required('the process ended', 'the run is over', it.worker.ends(LEAVE_MS));
      },
    },
    {
      id: '8.2.2',
      title: 'ends when the run has failed',
      section: 'Closing',
      async run(it) {
        const run = await it.running();
        await required('an answer', 'stop is answered', run.control.asked('stop', { over: 'failed' }));
        // As the coordinator does once it has the answer.
        run.control.close();
        await required('the process ended', 'the run is over', it.worker.ends(LEAVE_MS));
      },
    },
    {
      id: '8.2.3',
      title: 'joins again when the run may be continued',
      section: 'Closing',
      async run(it) {
        const run = await it.running();
        await required('an answer', 'stop is answered', run.control.asked('stop', { over: 'again' }));
        await required(
          'the connection closed',
          'a worker answers and closes its sockets',
          run.control.closes(LEAVE_MS),
        );
        const { hello } = await back(it, 'after again, joins again');
        equal(hello.seat, 0, 'seat: the one it had');
      },
    },
    {
      id: '8.2.4',
      title: 'ends when it is refused after it has joined',
      section: 'Control messages',
      async run(it) {
        const run = await it.assigned();
        await required('an answer', 'stop is answered', run.control.asked('stop', { refused: 'it read other data' }));
        run.control.close();
        await required('the process ended', 'refused: asking again would not help', it.worker.ends(LEAVE_MS));
      },
    },
    {
      id: '8.2.5',
      title: 'says goodbye when it leaves',
      section: 'Closing',
      async run(it) {
        const run = await it.running();
        it.worker.signal('SIGINT');
        await required('the process ended', 'it was interrupted', it.worker.ends(LEAVE_MS));
        const [goodbye] = run.control.received.take(({ name }) => name === 'goodbye');
        if (!goodbye)
          throw new NotApplicable(
            'it was interrupted and left without a goodbye: its seat is lost as with any lost connection',
          );
        equal(goodbye.args, [], 'goodbye has no content');
      },
    },
    {
      id: '8.3.1',
      title: 'answers while its frames wait for a coordinator that reads slowly',
      section: 'Liveness',
      async run(it) {
        const run = await it.running({
          objective: { ...(PLAIN.objective as object), name: 'quadratic', dimension: HUGE },
        });
        run.begin();
        const body = bodyOf([new Float64Array(HUGE).fill(1)], []);
        for (const to of [0, 2])
          run.frames.send(
            frameOf({ kind: SGD.model, to, stream: to + 1, bytes: body.length, checksum: 0 }),
            ...chunksOf(to + 1, body),
          );
        run.frames.socket.pause();
        await pause(1500);
        // On a numbered link the answer itself waits behind the frames.
        if (!run.frames.isLink)
          await required('an answer to waits', 'control messages are answered while frames wait', run.waits(15_000));
        run.frames.socket.resume();
        for (const client of [0, 2]) {
          const { body } = await required(
            'a gradient',
            'the frames come once they are read',
            // A million numbers to draw, in any language.
            run.frameOf(client, SGD.gradient, 60_000),
          );
          expected(
            body.length === 16 + 8 * HUGE && body.subarray(16).every((byte, i) => byte === (i % 8 === 7 ? 0x40 : 0)),
            'the gradient 2, everywhere',
            body.subarray(0, 64),
            'whole and in order',
          );
        }
        await required('a report', 'the round is over', run.done());
      },
    },
  ],
} satisfies Chapter<Coordinator>;
