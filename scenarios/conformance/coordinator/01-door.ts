import { type Case, type Chapter, equal, expected, NotReached, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { contentOf } from '../script/engine.js';
import { pause } from '../script/inbox.js';
import { helloOf } from '../script/member.js';
import { drawn, proofOf } from '../script/proof.js';
import type { Credentials } from '../script/visitor.js';

const section = 'Joining';
const PORT = 'Protocol, version 2';
const HANDSHAKE_MS = 10_000;
const SEATS = ['epoch', 'phase', 'round', 'rounds', 'seats', 'spares'];
const SEAT = ['clients', 'generation', 'name', 'seat', 'silentMs', 'state'];

/** A control connection that is refused with 403. */
function refused(
  id: string,
  title: string,
  why: string,
  credentials: (it: CoordinatorStage) => Promise<Credentials> | Credentials,
): Case<CoordinatorStage> {
  return {
    id,
    title,
    section,
    async run(it) {
      const status = await it.visitor.connect(await credentials(it));
      equal(typeof status === 'number' ? status : 'an open connection', 403, why);
    },
  };
}

/** A connection that is closed in the time of a handshake. */
async function closedInTime(closed: Promise<unknown>, why: string): Promise<void> {
  const late = pause(HANDSHAKE_MS + 3000).then(() => {
    throw new NotReached(`it was open after ${HANDSHAKE_MS + 3000} ms`);
  });
  late.catch(() => {});
  await required('the connection closed within 10 s', why, Promise.race([closed, late]));
}

export default {
  title: '1 The port and who may enter',
  cases: [
    {
      id: '1.1.1',
      title: 'answers GET /health with 200 and alive',
      section: PORT,
      async run(it) {
        const { status, text } = await required('an answer', 'health', it.visitor.get('/health'));
        equal([status, text.trim()], [200, 'alive'], 'alive, without a secret');
      },
    },
    {
      id: '1.1.2',
      title: 'answers GET /challenge with another text each time',
      section: PORT,
      async run(it) {
        const texts = [await it.visitor.challenge(), await it.visitor.challenge()];
        expected(
          texts.every((text) => text.length >= 16),
          'a text that cannot be guessed',
          texts,
          'a challenge',
        );
        expected(texts[0] !== texts[1], 'two challenges', texts, 'a challenge opens one connection');
      },
    },
    {
      id: '1.1.3',
      title: 'answers other paths with 404, also those that would become a websocket',
      section: PORT,
      async run(it) {
        equal((await it.visitor.get('/elsewhere')).status, 404, 'GET of another path');
        equal(await it.visitor.open('/elsewhere'), 404, 'a websocket at another path');
      },
    },
    {
      id: '1.1.4',
      title: 'refuses a websocket of a web page that is not allowed with 403',
      section: PORT,
      async run(it) {
        const status = await it.visitor.connect({ headers: { Origin: 'http://a-page.example' } });
        equal(typeof status === 'number' ? status : 'an open connection', 403, 'an Origin header that is not allowed');
      },
    },
    {
      id: '1.1.5',
      title: 'has no other transport than websocket',
      section: PORT,
      async run(it) {
        const [challenge, nonce] = [await it.visitor.challenge(), drawn()];
        const proof = proofOf(it.token, 'joiner', 'worker', challenge, nonce);
        const query = new URLSearchParams({ EIO: '4', transport: 'polling', role: 'worker', challenge, nonce, proof });
        const { status } = await it.visitor.get(`/socket.io/?${query}`);
        expected(status >= 400, 'a refusal', status, 'websocket transport only');
      },
    },
    refused('1.2.1', 'refuses a connection without a proof', 'no proof', () => ({ proof: '' })),
    refused('1.2.2', 'refuses the proof of another token', 'a wrong proof', () => ({
      token: 'a token of another run, long enough',
    })),
    refused('1.2.3', 'refuses the proof of another role', 'the role is part of the proof', async (it) => {
      const [challenge, nonce] = [await it.visitor.challenge(), drawn()];
      return { challenge, nonce, proof: proofOf(it.token, 'joiner', 'observer', challenge, nonce) };
    }),
    refused('1.2.4', 'refuses its own proof as that of a joiner', 'the end is part of the proof', async (it) => {
      const [challenge, nonce] = [await it.visitor.challenge(), drawn()];
      return { challenge, nonce, proof: proofOf(it.token, 'coordinator', 'worker', challenge, nonce) };
    }),
    refused('1.2.5', 'refuses a challenge that has been used', 'a challenge opens one connection', async (it) => {
      const challenge = await it.visitor.challenge();
      const { control } = await it.visitor.connected({ challenge });
      control.close();
      return { challenge };
    }),
    refused('1.2.6', 'refuses a challenge that it did not give', 'a challenge of its own', () => ({
      challenge: drawn(),
    })),
    refused('1.2.7', 'refuses a challenge that was changed', 'a challenge of its own', async (it) => {
      const challenge = await it.visitor.challenge();
      return { challenge: `${challenge.slice(0, -1)}${challenge.endsWith('A') ? 'B' : 'A'}` };
    }),
    refused('1.2.8', 'refuses a nonce of 15 characters', '16 to 64 characters', () => ({ nonce: 'a'.repeat(15) })),
    refused('1.2.9', 'refuses a nonce of 65 characters', '16 to 64 characters', () => ({ nonce: 'a'.repeat(65) })),
    refused('1.2.10', 'refuses a role that is none', 'worker or observer', () => ({ role: 'coordinator' })),
    refused(
      '1.2.11',
      'refuses a challenge that is older than 10 s',
      'a challenge opens one connection within 10 s',
      async (it) => {
        const challenge = await it.visitor.challenge();
        await pause(HANDSHAKE_MS + 500);
        return { challenge };
      },
    ),
    {
      id: '1.3.1',
      title: 'refuses a frame socket without a token, and with another one',
      section: PORT,
      async run(it) {
        equal(await it.visitor.open('/frames'), 403, 'the token of an assignment');
        equal(await it.visitor.frames('no-such-token'), 403, 'the token of an assignment');
      },
    },
    {
      id: '1.3.2',
      title: 'closes a connection that sends nothing',
      section: PORT,
      async run(it) {
        await closedInTime((await it.visitor.bare()).closed, 'a connection that is not admitted within 10 s is closed');
      },
    },
    {
      id: '1.3.3',
      title: 'closes a connection that sends its request byte by byte',
      section: PORT,
      async run(it) {
        const { socket, closed } = await it.visitor.bare('GET /health HTTP/1.1\r\n');
        const slow = setInterval(() => socket.write('X'), 500);
        socket.on('error', () => {});
        await closedInTime(closed, 'a connection that is not admitted within 10 s is closed').finally(() =>
          clearInterval(slow),
        );
      },
    },
    {
      id: '1.3.4',
      title: 'closes a control connection that never says hello',
      section: PORT,
      async run(it) {
        const { control } = await it.visitor.connected();
        await closedInTime(control.closed, 'a connection that is not admitted within 10 s is closed');
      },
    },
    {
      id: '1.3.5',
      title: 'closes a connection whose bytes are no HTTP, and lives on',
      section: 'Closing',
      async run(it) {
        const { closed } = await it.visitor.bare('\u0016\u0003\u0001 this is no request \r\n\r\n');
        await closedInTime(closed, 'what is not of this protocol costs its sender the connection');
        equal(
          (await required('an answer', 'nothing that arrives ends a process', it.visitor.get('/health'))).status,
          200,
          'alive',
        );
      },
    },
    {
      id: '1.4.1',
      title: 'welcomes an observer with its proof, and sends it the progress',
      section,
      async run(it) {
        const { control, proof } = await it.visitor.connected({ role: 'observer' });
        const welcome = contentOf(await required('welcome', 'an observer is sent welcome', control.event('welcome')));
        equal(welcome.proof, proof, 'HMAC with coordinator in place of joiner');
        const member = await it.begun();
        await member.play();
        await member.settled();
        const progress = contentOf(await required('progress', 'then progress', control.event('progress')));
        equal(
          Object.keys(progress).sort(),
          ['accuracy', 'bytes', 'loss', 'round', 'rounds', 'wallMs'],
          'progress has exactly these keys',
        );
        equal(progress.rounds, 300, 'rounds of the scenario');
      },
    },
    {
      id: '1.4.2',
      title: 'sends observers the seats every second, with exactly the keys of the text',
      section: 'Control messages',
      async run(it) {
        const { control } = await it.visitor.connected({ role: 'observer' });
        const { answer } = await it.begun();
        const times: number[] = [];
        for (let i = 0; i < 3; i++) {
          const table = contentOf(await required('seats', 'seats go to observers', control.event('seats', 5000)));
          times.push(performance.now());
          equal(Object.keys(table).sort(), SEATS, 'seats has exactly these keys');
          for (const seat of table.seats as object[])
            equal(Object.keys(seat).sort(), SEAT, 'each seat has exactly these keys');
          if (i < 2) continue;
          const { phase, rounds, seats, spares } = table;
          const [{ seat, clients, name, state }] = seats as [Record<string, unknown>];
          equal(
            { phase, rounds, spares, seat, clients, name, state },
            {
              phase: 'running',
              rounds: 300,
              spares: [],
              seat: answer.seat,
              clients: 2,
              name: 'conformance',
              state: 'ready',
            },
            'the one seat and its holder, in a round',
          );
        }
        const gap = times[2]! - times[1]!;
        expected(gap > 500 && gap < 3000, 'about a second between two', Math.round(gap), 'every second');
      },
    },
    {
      id: '1.4.3',
      title: 'gives an observer no seat',
      section,
      async run(it) {
        const observer = await it.visitor.connected({ role: 'observer' });
        await required('welcome', 'an observer is sent welcome', observer.control.event('welcome'));
        const id = observer.control.ask('hello', helloOf());
        await pause(500);
        const answers = observer.control.received.take(({ type, id: of }) => type === 'ack' && of === id);
        equal(answers.length, 0, 'the hello of an observer is not answered');
        const { answer } = await required('a seat', 'an observer takes none', it.joined());
        equal(answer.seat, 0, 'the one seat is open');
      },
    },
  ],
} satisfies Chapter<CoordinatorStage>;
