import { ERROR_CODES } from '../../../protocol/errors.js';
import { type Chapter, equal, expected, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { floatPacked } from '../script/float-msgpack.js';
import { pause } from '../script/inbox.js';
import { ScriptedRun } from '../script/run.js';
import { PLAIN_READ, scenarioOf, TRACKING } from '../script/scenario.js';

const section = 'Control messages';
const READY = ['deterministic', 'device', 'parameterCount', 'peer', 'read'];
const DONE = ['absences', 'attempt', 'bytes', 'epoch', 'firings', 'generation', 'index', 'parties', 'tensorCounts'];
const FAILED = ['attempt', 'code', 'epoch', 'generation', 'index', 'message'];
/** Codes that the coordinator alone gives. */
const OWN_CODES = ['ERR_BUDGET', 'ERR_STOPPED', 'ERR_WORKER_LOST'];
const PARTY = ['clockMs', 'coding', 'ledger', 'measures', 'party', 'unused', 'unusedMessages'];
const NO_CODING = { encodeMs: 0, decodeMs: 0, squaredError: 0, squaredNorm: 0 };
const NO_BYTES = { raw: 0, payload: 0, wire: 0 };

const keysOf = (value: unknown): string[] => Object.keys((value ?? {}) as object).sort();

export default {
  title: '2 Assignment and reports',
  cases: [
    {
      id: '2.1.1',
      title: 'answers assign with exactly its keys',
      section,
      async run(it) {
        const { ready } = await it.assigned();
        equal(keysOf(ready), READY, 'the answer to assign has exactly these keys');
        expected(typeof ready.device === 'string', 'a text', ready.device, 'device');
        expected(typeof ready.deterministic === 'boolean', 'true or false', ready.deterministic, 'deterministic');
        equal(ready.parameterCount, 3, 'the model has three parameters');
      },
    },
    {
      id: '2.1.2',
      title: 'hashes what it read: data, partition and initial parameters',
      section: 'Assignment',
      async run(it) {
        const { ready } = await it.assigned();
        equal(ready.read, PLAIN_READ, 'SHA-256 over each array, its byte length and a line feed before it');
      },
    },
    {
      id: '2.1.3',
      title: 'hashes float32 parameters as they are in the run',
      section: 'Assignment',
      async run(it) {
        const { ready } = await it.assigned({ precision: 'float32' });
        const { initialParameters } = ready.read as { initialParameters?: unknown };
        equal(
          initialParameters,
          'c861ad12f10ebcd93be9590bef8f2a8e0b41690d6291da2b7ffa0dedff5f4bfa',
          'one array in the run’s precision',
        );
      },
    },
    {
      id: '2.1.4',
      title: 'opens /frames with the token of the assignment, and waits for it before it answers',
      section: 'Assignment',
      async run(it) {
        const run = await it.assigned();
        const opened = it.door.knocks.take(({ path }) => path === '/frames');
        equal(
          opened.map(({ query }) => query.get('token')),
          [run.assign.token],
          'one frame socket, with the assignment’s token',
        );
      },
    },
    {
      id: '2.1.5',
      title: 'answers a scenario that it cannot host with an error',
      section: 'Not written here',
      async run(it) {
        const { control } = await it.joined();
        const scenario = { ...(await scenarioOf()), method: { name: 'a-method-of-another-world' } };
        const assign = {
          worker: 'worker-0',
          generation: 1,
          epoch: 0,
          token: 'none',
          scenario,
          clients: [0],
          workers: [{ worker: 'worker-0', clients: [0, 1, 2] }],
        };
        const answer = await required(
          'an answer',
          'assign is answered, with an error where need be',
          control.asked('assign', assign),
        );
        const { code, message } = (answer.error ?? {}) as Record<string, unknown>;
        expected(
          typeof code === 'string' && typeof message === 'string',
          '{error: {code, message}}',
          answer,
          'a worker that finds what it does not have answers with an error',
        );
      },
    },
    {
      id: '2.1.6',
      title: 'takes numbers as float64 too',
      section,
      async run(it) {
        const { control } = await it.joined();
        const scenario = await scenarioOf();
        const assign = {
          worker: 'worker-0',
          generation: 1,
          epoch: 0,
          token: 'tok',
          scenario,
          clients: [0, 2],
          workers: [
            { worker: 'worker-0', clients: [0, 2] },
            { worker: 'worker-1', clients: [1] },
          ],
        };
        const answer = await required(
          'an answer',
          'numbers may be integers or float64',
          control.asked('assign', floatPacked(assign)),
        );
        equal(answer.error, undefined, 'an assignment whose numbers are float64');
        const { socket } = await it.door.frames.next('frame socket', () => true, 5000);
        const run = new ScriptedRun(control, socket, answer, assign);
        await run.introduce();
        run.send(
          'begin',
          { index: 0, attempt: 0, cohort: [0], absent: [], forgotten: [], inclusion: 1, startMs: 0 },
          floatPacked,
        );
        run.model([1, 2, 3]);
        await required('a report of the round', 'numbers may be integers or float64', run.done());
      },
    },
    {
      id: '2.1.7',
      title: 'answers introduce, and names the workers that it cannot reach',
      section: 'Workers among themselves',
      async run(it) {
        const run = await it.assigned(TRACKING, { clients: [0, 2] });
        const keys = [{ worker: 'worker-1', outgoing: 'outgoing-key-0', incoming: 'incoming-key-0' }];
        // A port without a listener.
        const peers = [{ worker: 'worker-1', url: 'ws://127.0.0.1:9' }];
        const answer = await required('an answer to introduce', 'introduce is answered', run.introduce(peers, keys));
        equal(answer, { unreachable: ['worker-1'] }, 'peers that could not be reached are named');
      },
    },
    {
      id: '2.2.1',
      title: 'reports a round with done, with exactly its keys',
      section: 'Reports',
      async run(it) {
        const run = await it.running();
        const done = await required('done', 'one report for each begin', run.round(0, [1, 2, 3]));
        equal(keysOf(done), DONE, 'done has exactly these keys');
        const parties = done.parties as Record<string, unknown>[];
        equal(parties.map(({ party }) => party).sort(), [0, 2], 'a report has one entry for each client that ran');
        for (const party of parties) {
          const keys = keysOf(party).filter((key) => key !== 'times');
          equal(keys, PARTY, 'a client’s report has exactly these keys, and times if it measures');
          equal(party.coding, { up: NO_CODING, down: NO_CODING, peer: NO_CODING }, 'zeros without codecs');
          const { measures, unusedMessages, unused, ledger } = party;
          equal(
            { measures, unusedMessages, unused, ledger },
            { measures: [], unusedMessages: [], unused: [], ledger: [] },
            'sgd measures nothing, and everything was used',
          );
        }
        equal(done.absences, [], 'no client was absent');
        equal(done.firings, [], 'the scenario has no faults');
        expected(
          Array.isArray(done.tensorCounts) && done.tensorCounts.length === 1,
          'a list of one number',
          done.tensorCounts,
          'tensorCounts',
        );
      },
    },
    {
      id: '2.2.2',
      title: 'stamps its report with epoch, generation, round and attempt',
      section: 'Generations',
      async run(it) {
        const run = await it.running({}, { generation: 4, epoch: 3 });
        const { epoch, generation, index, attempt } = await run.round(5, [1, 2, 3], { attempt: 2 });
        equal(
          { epoch, generation, index, attempt },
          { epoch: 3, generation: 4, index: 5, attempt: 2 },
          'as in assign and begin',
        );
      },
    },
    {
      id: '2.2.3',
      title: 'counts the bytes of the frames it sent: raw, after codecs, and whole websocket messages',
      section: 'Reports',
      async run(it) {
        const run = await it.running();
        const { bytes } = await run.round(0, [1, 2, 3], { cohort: [0] });
        // One frame: 24 bytes of numbers; 48 of header, 16 of lengths and the scalar, 24: 88, with 2 of framing and 4 of mask.
        equal(
          bytes,
          { up: { raw: 24, payload: 24, wire: 94 }, down: NO_BYTES, peer: NO_BYTES },
          'one gradient of three float64 numbers',
        );
        run.settle({ cohort: [0] });
        const again = await run.round(1, [1, 2, 3], { cohort: [0] });
        equal(
          again.bytes,
          { up: { raw: 24, payload: 24, wire: 94 }, down: NO_BYTES, peer: NO_BYTES },
          'since the last report',
        );
      },
    },
    {
      id: '2.2.4',
      title: 'says what its halves wait for, and that none computes',
      section: 'Liveness',
      async run(it) {
        const run = await it.running();
        run.begin({ cohort: [0] });
        await pause(300);
        const answer = await required('an answer to waits', 'waits is answered at once', run.waits(5000));
        equal(keysOf(answer), ['computing', 'waits'], 'waits is answered with exactly these keys');
        expected(
          Array.isArray(answer.waits) && answer.waits.length === 1 && typeof answer.waits[0] === 'string',
          'one text',
          answer.waits,
          'one half waits for its model',
        );
        equal(answer.computing, false, 'a half that waits does not compute');
      },
    },
    {
      id: '2.2.5',
      title: 'says between rounds that nothing waits',
      section: 'Liveness',
      async run(it) {
        const run = await it.running();
        await run.round(0, [1, 2, 3]);
        run.settle();
        const answer = await required('an answer to waits', 'waits is answered at once', run.waits(5000));
        equal(answer, { waits: [], computing: false }, 'all halves have returned');
      },
    },
    {
      id: '2.2.6',
      title: 'reports a half that throws with failed, with exactly its keys and a code of errors.md',
      section: 'Reports',
      async run(it) {
        const { run, failed } = await overflown(it);
        equal(keysOf(failed), FAILED, 'failed has exactly these keys');
        const { epoch, generation, index, attempt, code, message } = failed;
        const { assign } = run;
        equal(
          { epoch, generation, index, attempt },
          { epoch: assign.epoch, generation: assign.generation, index: 3, attempt: 1 },
          'as in assign and begin',
        );
        expected(
          typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) && !OWN_CODES.includes(code),
          'a code of errors.md that is not the coordinator’s own',
          code,
          'ERR_HALF_FAILED where none fits',
        );
        expected(typeof message === 'string', 'a text', message, 'what was wrong, for a person');
      },
    },
    {
      id: '2.2.7',
      title: 'seals a half that throws, and reports no round that has failed',
      section: 'Rounds',
      async run(it) {
        const { run } = await overflown(it);
        await required('its seal', 'a seal is sent when a half returns or fails', run.sealOf(0));
        await pause(300);
        const reports = run.frames.isLink
          ? run.frames.received.take((item) => item.type === 'packed' && item.content.event === 'done').length
          : run.control.received.take(({ name }) => name === 'done').length;
        equal(reports, 0, 'failed takes the place of done');
      },
    },
  ],
} satisfies Chapter<Coordinator>;

/** A round whose gradient, 2 x, is infinite, where a codec has to encode it: the half throws. */
async function overflown(it: Coordinator): Promise<{ run: ScriptedRun; failed: Record<string, unknown> }> {
  const run = await it.running({ codecs: { gradient: 'fp16' } }, { generation: 2, epoch: 1 });
  const huge = 2 ** 1023;
  run.begin({ index: 3, attempt: 1, cohort: [0] });
  run.model([huge, huge, huge], { round: 3, attempt: 1 });
  return {
    run,
    failed: await required('failed', 'an encoder refuses infinities, and the half throws', run.received('failed')),
  };
}
