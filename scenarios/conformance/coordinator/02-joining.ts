import { type Case, type Chapter, equal, expected, NotReached, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { contentOf } from '../script/engine.js';
import { hex } from '../script/frames.js';
import { pause } from '../script/inbox.js';
import { helloOf, Member, READY } from '../script/member.js';

const section = 'Control messages';
const LEAVE_MS = 8000;
const ASSIGN = ['clients', 'epoch', 'generation', 'scenario', 'token', 'worker', 'workers'];
const SCENARIO = [
  'clients',
  'codecs',
  'data',
  'devices',
  'faults',
  'links',
  'method',
  'objective',
  'precision',
  'rounds',
  'seed',
  'topology',
];

/** A hello that is answered with refused, after which the connection is closed. */
function refusing(id: string, title: string, why: string, hello: unknown): Case<CoordinatorStage> {
  return {
    id,
    title,
    section: 'Joining',
    async run(it) {
      const { control, proof } = await it.visitor.connected();
      const answer = await required('an answer', 'a hello of another shape is answered', control.asked('hello', hello));
      expected(typeof answer.refused === 'string', '{refused, proof}', answer, why);
      equal(answer.proof, proof, 'the proof stands in every answer to hello');
      await required('the connection closed', 'closed after 1 s', control.closes(LEAVE_MS));
    },
  };
}

/** An answer to assign after which the worker has lost its seat. */
function losing(id: string, title: string, why: string, answer: unknown): Case<CoordinatorStage> {
  return {
    id,
    title,
    section,
    async run(it) {
      const member = await it.joined();
      await member.assigned(answer as object);
      await required('the connection closed', why, member.control.closes(LEAVE_MS));
    },
  };
}

export default {
  title: '2 Joining and assignment',
  cases: [
    {
      id: '2.1.1',
      title: 'answers hello with a seat and its proof',
      section: 'Joining',
      async run(it) {
        const { answer, opened } = await required('an answer', 'hello is answered', it.joined());
        equal(answer, { seat: 0, proof: opened.proof }, 'exactly these keys; HMAC with coordinator in place of joiner');
      },
    },
    refusing('2.1.2', 'refuses another version', 'version 2', helloOf({ version: 3 })),
    refusing(
      '2.1.3',
      'refuses a hello with a key too many',
      'maps have exactly the keys of the text',
      helloOf({ surprise: 1 }),
    ),
    refusing('2.1.4', 'refuses a hello that lacks a key', 'maps have exactly the keys of the text', {
      version: 2,
      name: 'a',
      pid: 1,
      process: 'p',
    }),
    refusing(
      '2.1.5',
      'refuses a name of more than 200 characters',
      'name: text ≤ 200',
      helloOf({ name: 'a'.repeat(201) }),
    ),
    refusing('2.1.6', 'refuses a hello that is not msgpack', 'one binary argument, msgpack', hex('c1')),
    refusing('2.1.7', 'refuses a hello with bytes after it', 'one binary argument, msgpack', hex('80 80')),
    {
      id: '2.1.8',
      title: 'closes the connection at a hello without an acknowledgement',
      section: 'Joining',
      async run(it) {
        const { control } = await it.visitor.connected();
        control.emit('hello', helloOf());
        await required('the connection closed', 'a hello without an acknowledgement', control.closes(LEAVE_MS));
      },
    },
    {
      id: '2.1.9',
      title: 'closes the connection at a second hello',
      section: 'Joining',
      async run(it) {
        const member = await it.joined();
        member.control.ask('hello', helloOf());
        await required('the connection closed', 'a second hello', member.control.closes(LEAVE_MS));
      },
    },
    {
      id: '2.1.10',
      title: 'closes the first connection when the same process opens a second',
      section: 'Joining',
      async run(it) {
        const member = await it.joined({ process: 'the-same-process' });
        const second = await it.joined({ process: 'the-same-process' });
        await required(
          'the first connection closed',
          'a second connection of the same process',
          member.control.closes(LEAVE_MS),
        );
        await pause(300);
        expected(!second.control.isClosed, 'the second connection open', 'closed', 'it closes the first alone');
      },
    },
    {
      id: '2.1.11',
      title: 'keeps a worker without a seat as a spare, and assigns it when the seat is open',
      section,
      async run(it) {
        const first = await it.assigned();
        const spare = await it.joined();
        equal(spare.answer, { spare: true, proof: spare.opened.proof }, 'all seats are taken');
        await first.goodbye();
        const packet = await required('assign', 'assign comes when a seat is open', spare.offered());
        equal(contentOf(packet).worker, 'worker-0', 'the seat that was left');
      },
    },
    {
      id: '2.2.1',
      title: 'assigns with exactly the keys of the text',
      section,
      async run(it) {
        const member = await it.joined();
        const assign = contentOf(await required('assign', 'all seats are taken', member.offered()));
        equal(Object.keys(assign).sort(), ASSIGN, 'assign has exactly these keys');
        equal([assign.worker, assign.clients], ['worker-0', [0, 1]], 'the one seat has both clients');
        equal(assign.workers, [{ worker: 'worker-0', clients: [0, 1] }], 'every worker and its clients');
        expected(
          typeof assign.token === 'string' && assign.token.length >= 16,
          'a token',
          assign.token,
          'it opens the frame socket',
        );
      },
    },
    {
      id: '2.2.2',
      title: 'sends the resolved scenario, with everything that a worker reads of it',
      section: 'What a worker reads of the scenario',
      async run(it) {
        const member = await it.joined();
        const { scenario } = contentOf(await member.offered()) as { scenario: Record<string, unknown> };
        equal(
          SCENARIO.filter((key) => !(key in scenario)),
          [],
          'keys that a worker reads',
        );
        expected(
          (scenario.devices as unknown[]).length > 0 && (scenario.links as unknown[]).length > 0,
          'a device and a link',
          scenario,
          'always one',
        );
      },
    },
    {
      id: '2.2.3',
      title: 'raises the generation with each holder and the epoch with each loss, and draws another token',
      section: 'Generations',
      async run(it) {
        const first = await it.assigned();
        await first.goodbye();
        const second = await required('assign for the next holder', 'the seat is open again', it.assigned());
        const { generation, epoch, token } = second.assign;
        expected(
          generation > first.assign.generation,
          `a generation above ${first.assign.generation}`,
          generation,
          'a seat’s generation rises with each holder',
        );
        expected(
          epoch > first.assign.epoch,
          `an epoch above ${first.assign.epoch}`,
          epoch,
          'the epoch rises with each loss',
        );
        expected(token !== first.assign.token, 'another token', token, 'token of the assignment');
      },
    },
    {
      id: '2.2.4',
      title: 'refuses a worker that read other data, with stop',
      section: 'Assignment',
      async run(it) {
        const member = await it.joined();
        await member.assigned({ ...READY, read: { ...READY.read, initialParameters: '0'.repeat(64) } });
        const stop = contentOf(
          await required(
            'stop',
            'other values than the coordinator’s: the worker is refused',
            member.control.event('stop'),
          ),
        );
        expected(typeof stop.refused === 'string', '{refused: text}', stop, 'the worker is refused');
      },
    },
    losing(
      '2.2.5',
      'takes the seat from a worker that answers assign with an error',
      'the worker then loses its seat',
      { error: { code: 'ERR_SCENARIO', message: 'no' } },
    ),
    losing(
      '2.2.6',
      'takes the seat from a worker whose answer has a key too many',
      'maps have exactly the keys of the text',
      { ...READY, more: 1 },
    ),
    losing('2.2.7', 'takes the seat from a worker whose answer lacks a key', 'maps have exactly the keys of the text', {
      ...READY,
      read: undefined,
    }),
    losing(
      '2.2.8',
      'takes the seat from a worker whose answer is not msgpack',
      'one binary argument, msgpack',
      hex('c1'),
    ),
    {
      id: '2.2.9',
      title: 'takes the seat from a worker that does not answer assign in time',
      section: 'Liveness',
      async run(it) {
        const member = await it.joined();
        await member.offered();
        await required(
          'the connection closed',
          'not answered within workers.computeMs, 5 s',
          member.control.closes(15_000),
        );
      },
    },
    {
      id: '2.2.10',
      title: 'introduces workers once all are ready, with exactly its keys',
      section,
      async run(it) {
        const member = await it.assigned();
        const content = contentOf(await required('introduce', 'once all are ready', member.control.event('introduce')));
        equal(content, { peers: [], keys: [] }, 'no other worker');
      },
    },
    {
      id: '2.2.11',
      title: 'takes the seat from a worker that does not answer introduce in time',
      section: 'Liveness',
      async run(it) {
        const member = await it.assigned();
        await member.control.event('introduce');
        await required(
          'the connection closed',
          'not answered within workers.computeMs, 5 s',
          member.control.closes(15_000),
        );
      },
    },
    {
      id: '2.2.12',
      title: 'takes the seat from a worker that does not answer collect in time',
      section: 'Liveness',
      async run(it) {
        const member = await it.begun();
        member.silent = true;
        await member.play();
        await required(
          'the connection closed',
          'not answered within workers.computeMs, 5 s',
          member.control.closes(15_000),
        );
      },
    },
    {
      id: '2.3.1',
      title: 'opens the seat when its holder says goodbye',
      section: 'Closing',
      async run(it) {
        const member = await it.assigned();
        await member.goodbye();
        const next = await required('a seat', 'the seat is open again', Member.join(it.visitor));
        equal(next.answer.seat, 0, 'a seat');
      },
    },
    {
      id: '2.3.2',
      title: 'opens the seat when its holder’s frame socket closes',
      section: 'Liveness',
      async run(it) {
        const member = await it.begun();
        member.frames.close();
        await required(
          'the control connection closed',
          'a worker without numbered links loses its seat',
          member.control.closes(LEAVE_MS),
        );
      },
    },
    {
      id: '2.3.3',
      title: 'opens the seat when its holder is silent for heartbeatMs',
      section: 'Liveness',
      async run(it) {
        const member = await it.assigned();
        await required(
          'a ping',
          'pings every heartbeatMs / 4',
          member.control.signs
            .next('ping', (sign) => sign === '2', 5000)
            .catch((error) => {
              throw error instanceof NotReached ? error : new NotReached(String(error));
            }),
        );
        await member.introduced();
        member.control.mute = true;
        await required('the connection closed', 'silent for workers.heartbeatMs, 3 s', member.control.closes(12_000));
      },
    },
    {
      id: '2.3.4',
      title: 'opens the seat when its holder reads nothing any more, and continues with another',
      section: 'Liveness',
      async run(it) {
        const slow = await it.begun();
        slow.control.socket.pause();
        slow.frames.socket.pause();
        const next = await required('a seat', 'silent for workers.heartbeatMs, 3 s', it.begun());
        equal(
          [next.assign.worker, next.plan.index],
          ['worker-0', slow.plan.index],
          'the same seat, and the same round',
        );
        await next.play();
        await required('settle', 'the run continues', next.settled());
      },
    },
  ],
} satisfies Chapter<CoordinatorStage>;
