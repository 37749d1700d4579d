import { type Chapter, equal, expected, NotReached, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { contentOf } from '../script/engine.js';
import { pause } from '../script/inbox.js';
import { proofOf } from '../script/proof.js';

const section = 'Joining';

/** A worker that leaves: its control connection closes. */
const LEAVE_MS = 5000;

export default {
  title: '1 Joining',
  cases: [
    {
      id: '1.1.1',
      title: 'asks GET /challenge before it connects',
      section,
      async run(it) {
        const { knock } = await it.visit();
        const asked = it.door.knocks.take(({ path, method }) => path === '/challenge' && method === 'GET');
        expected(
          asked.length > 0,
          'GET /challenge before the connection',
          'no such request',
          'a challenge opens one connection',
        );
        equal(
          knock.query.get('challenge'),
          it.door.challenges.at(-1),
          'the challenge goes back as it came, without white space around it',
        );
      },
    },
    {
      id: '1.1.2',
      title: 'connects as a worker, over websocket alone, to Engine.IO 4',
      section: 'Protocol, version 2',
      async run(it) {
        const { knock } = await it.visit();
        equal(knock.query.get('role'), 'worker', 'the role is worker');
        equal(knock.query.get('EIO'), '4', 'Engine.IO protocol 4');
        equal(knock.query.get('transport'), 'websocket', 'websocket is the only transport');
        const polled = it.door.knocks.take(({ path, upgrade }) => path === '/socket.io/' && !upgrade);
        equal(polled.length, 0, 'no long polling before the websocket');
      },
    },
    {
      id: '1.1.3',
      title: 'draws a nonce of 16 to 64 characters, another one each time',
      section,
      async run(it) {
        const { knock, control } = await it.visit();
        const nonce = knock.query.get('nonce') ?? '';
        expected(nonce.length >= 16 && nonce.length <= 64, '16 to 64 characters', nonce, 'bounds of the nonce');
        await it.hello({ knock, control });
        control.close();
        const again = await it.visit().catch(() => null);
        if (!again) return;
        expected(
          again.knock.query.get('nonce') !== nonce,
          'another nonce',
          nonce,
          'at least 128 random bits, drawn each time',
        );
      },
    },
    {
      id: '1.1.4',
      title: 'proves that it knows the token: HMAC-SHA256 of the five texts, base64url without padding',
      section,
      async run(it) {
        const { knock } = await it.visit();
        const [challenge, nonce] = [knock.query.get('challenge') ?? '', knock.query.get('nonce') ?? ''];
        equal(
          knock.query.get('proof'),
          proofOf(it.token, 'joiner', 'worker', challenge, nonce),
          'the proof of the joiner',
        );
      },
    },
    {
      id: '1.1.5',
      title: 'takes a token without the white space around it',
      section,
      async run(it) {
        const padded = ` ${it.token}\n`;
        it.start(padded);
        const { knock } = await it.visit();
        const [challenge, nonce] = [knock.query.get('challenge') ?? '', knock.query.get('nonce') ?? ''];
        const [right, wrong] = [it.token, padded].map((key) => proofOf(key, 'joiner', 'worker', challenge, nonce));
        const proof = knock.query.get('proof');
        if (proof !== right && proof !== wrong) throw new NotReached('the proof is that of neither token');
        equal(proof, right, 'the key is the token without white space around it');
      },
    },
    {
      id: '1.1.6',
      title: 'does not send its token',
      section,
      async run(it) {
        const visit = await it.visit();
        const hello = await it.hello(visit);
        const sent = JSON.stringify([[...visit.knock.query], visit.knock.headers, contentOf(hello)]);
        expected(!sent.includes(it.token), 'no token in what it sends', sent, 'the token is proven, never sent');
      },
    },
    {
      id: '1.2.1',
      title: 'emits hello with an acknowledgement and exactly the keys of version 2',
      section: 'Control messages',
      async run(it) {
        const packet = await required(
          'hello',
          'a worker emits hello first',
          it.visit().then((visit) => it.hello(visit)),
        );
        expected(packet.id !== null, 'an acknowledgement', 'none', 'the answer to hello is its acknowledgement');
        expected(packet.data !== null, 'one binary argument', packet.args, 'one binary argument, msgpack');
        const hello = await required(
          'a msgpack map',
          'one binary argument, msgpack',
          Promise.resolve().then(() => contentOf(packet)),
        );
        const keys = Object.keys(hello).filter((key) => !['use', 'resumes', 'repeats'].includes(key));
        equal(keys.sort(), ['name', 'pid', 'process', 'seat', 'version'], 'maps have exactly these keys');
        equal(hello.version, 2, 'version 2');
      },
    },
    {
      id: '1.2.2',
      title: 'says who it is: a name and process as texts within their bounds, pid an integer',
      section: 'Control messages',
      async run(it) {
        const visit = await it.visit();
        const { name, pid, process } = contentOf(await it.hello(visit));
        expected(
          typeof name === 'string' && name.length <= 200,
          'a name of at most 200 characters',
          name,
          'hello.name',
        );
        expected(Number.isInteger(Number(pid)) && typeof pid !== 'string', 'an integer', pid, 'hello.pid');
        expected(
          typeof process === 'string' && process.length > 0 && process.length <= 100,
          'a text of at most 100 characters',
          process,
          'hello.process',
        );
      },
    },
    {
      id: '1.2.3',
      title: 'asks for any seat when it has had none',
      section: 'Control messages',
      async run(it) {
        const { hello } = await it.joined();
        expected(
          hello.seat === null || Number.isInteger(hello.seat),
          'null, or the number of a seat',
          hello.seat,
          'hello.seat',
        );
      },
    },
    {
      id: '1.2.4',
      title: 'leaves a coordinator that does not know the token',
      section,
      async run(it) {
        const visit = await it.visit();
        const hello = await it.hello(visit);
        visit.control.answer(hello.id, { seat: 0, proof: it.proof(visit, 'another token than the run has') });
        await required(
          'the connection closed',
          'another proof: the coordinator does not know the token',
          visit.control.closes(LEAVE_MS),
        );
      },
    },
    {
      id: '1.2.5',
      title: 'leaves when the answer has no proof',
      section,
      async run(it) {
        const visit = await it.visit();
        const hello = await it.hello(visit);
        visit.control.answer(hello.id, { seat: 0 });
        await required('the connection closed', 'an answer to hello has the proof', visit.control.closes(LEAVE_MS));
      },
    },
    {
      id: '1.2.6',
      title: 'leaves when it is refused, and does not ask again',
      section: 'Control messages',
      async run(it) {
        const visit = await it.visit();
        const hello = await it.hello(visit);
        visit.control.answer(hello.id, { refused: 'another version', proof: it.proof(visit) });
        await required('the connection closed', 'refused: asking again would not help', visit.control.closes(LEAVE_MS));
        await required('the process ended', 'a refused worker has nothing to wait for', it.worker.ends(10_000));
      },
    },
    {
      id: '1.2.7',
      title: 'leaves when the run is over',
      section: 'Closing',
      async run(it) {
        const visit = await it.visit();
        const hello = await it.hello(visit);
        visit.control.answer(hello.id, { over: 'finished', proof: it.proof(visit) });
        await required('the process ended', 'the run is over', it.worker.ends(10_000));
      },
    },
    {
      id: '1.2.8',
      title: 'waits as a spare until it is assigned',
      section: 'Control messages',
      async run(it) {
        const { control } = await it.joined({ spare: true });
        await pause(500);
        expected(!control.isClosed, 'the connection stays open', 'closed', 'spare: assign comes when a seat is open');
        const { scenarioOf } = await import('../script/scenario.js');
        await required(
          'an answer to assign',
          'a spare worker is assigned later',
          it.assign(control, await scenarioOf()),
        );
      },
    },
    {
      id: '1.2.9',
      title: 'a challenge that was refused is not used again',
      section,
      async run(it) {
        it.door.refuse = 403;
        it.start();
        const upgrade = () =>
          it.door.knocks.next('control connection', ({ path, upgrade }) => path === '/socket.io/' && upgrade, 45_000);
        const first = await upgrade();
        const again = await Promise.race([upgrade().catch(() => null), it.worker.ended.then(() => null)]);
        if (!again) return;
        expected(
          again.query.get('challenge') !== first.query.get('challenge'),
          'another challenge, or the end of the process',
          again.query.get('challenge'),
          'a challenge opens one connection',
        );
      },
    },
  ],
} satisfies Chapter<Coordinator>;
