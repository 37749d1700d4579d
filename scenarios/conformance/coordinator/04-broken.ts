import { type Case, type Chapter, required } from '../case.js';
import type { CoordinatorStage } from '../script/coordinator-stage.js';
import { chunkOf, frameOf, hex, packedOf } from '../script/frames.js';
import type { Member } from '../script/member.js';
import { packed } from '../script/msgpack.js';

const LEAVE_MS = 8000;

/** A message in a round that costs its sender the connection and the seat; the coordinator lives on. */
function losing(
  id: string,
  title: string,
  why: string,
  broken: (member: Member) => void,
  section = 'Frames',
): Case<CoordinatorStage> {
  return {
    id,
    title,
    section,
    async run(it) {
      const member = await it.begun();
      broken(member);
      await required('the connection closed', why, member.control.closes(LEAVE_MS));
      await required('an answer to GET /health', 'nothing that arrives ends a process', it.another().get('/health'));
    },
  };
}

const frame =
  (
    fields: object,
    body = hex('0300000018000000 0000000000001040 0000000000000040 0000000000001040 0000000000001840'),
  ) =>
  (member: Member): void =>
    member.frames.sendFrame({ kind: 0, round: member.plan.index, from: 0, to: -1, ...fields }, body);
const raw =
  (...messages: Uint8Array[]) =>
  (member: Member): void =>
    member.frames.send(...messages);
const done =
  (changes: (member: Member) => object) =>
  (member: Member): void =>
    member.send('done', { ...member.report(), ...changes(member) });
const control = 'Control messages';
const nothing = new Uint8Array();

export default {
  title: '4 What costs a seat',
  cases: [
    losing('4.1.1', 'closes at a message type that is none', 'frame, chunk or packed message', raw(hex('09'))),
    losing(
      '4.1.2',
      'closes at a header that is too short',
      'a header of 48 bytes',
      raw(frameOf({ from: 0, to: -1 }).subarray(0, 47)),
    ),
    losing('4.1.3', 'closes at an empty message', 'a header of 48 bytes', raw(nothing)),
    losing('4.1.4', 'closes at a text message', 'binary messages', (member) => member.frames.socket.send('hello')),
    losing(
      '4.1.5',
      'closes at a kind that the method does not have',
      'kind: position among the method’s kinds',
      frame({ kind: 4 }),
    ),
    losing('4.1.6', 'closes at a client beyond the last', 'parties of this run', frame({ from: 2 })),
    losing(
      '4.1.7',
      'closes at a frame of the coordinator itself',
      'a frame of a party that its sender does not host',
      frame({ from: -1, to: 0 }),
    ),
    losing(
      '4.1.8',
      'closes at a lost value that has no meaning',
      'lost: 0 to 5',
      frame({ lost: 6, messages: 0 }, nothing),
    ),
    losing('4.1.9', 'closes at a lost frame with a body', 'lost: no body', frame({ lost: 1 })),
    losing(
      '4.1.10',
      'closes at an arrival time that is no number',
      'arrivesAtMs is finite and at least 0',
      frame({ arrivesAtMs: Number.NaN }),
    ),
    losing('4.1.11', 'closes at a body shorter than its header announces', 'bytes of the body', frame({ bytes: 48 })),
    losing(
      '4.1.12',
      'closes at the announcement of a body beyond every limit',
      'body of a frame in any run',
      frame({ bytes: 4_294_967_295, stream: 1 }),
      'limits.md: Limits',
    ),
    losing(
      '4.1.13',
      'closes at more messages than a frame may hold',
      'messages of one kind in one frame',
      frame({ messages: 1_048_577 }),
      'limits.md: Limits',
    ),
    losing(
      '4.1.14',
      'closes at a message beyond the limit of a websocket message',
      'a websocket message of the frame sockets',
      raw(new Uint8Array(4_194_561)),
      'limits.md: Limits',
    ),
    losing(
      '4.2.1',
      'closes at a chunk of a stream that was not announced',
      'a chunk that does not follow',
      raw(chunkOf(5, 0, new Uint8Array(8))),
    ),
    losing('4.2.2', 'closes at a chunk that leaves a gap', 'a chunk that does not follow', (member) => {
      frame({ stream: 1, bytes: 64, checksum: 0 })(member);
      member.frames.send(chunkOf(1, 16, new Uint8Array(8)));
    }),
    losing('4.2.3', 'closes at a header between the chunks of a body', 'no other header comes between', (member) => {
      frame({ stream: 1, bytes: 64, checksum: 0 })(member);
      frame({})(member);
    }),
    losing(
      '4.2.4',
      'closes at a packed message with a wrong checksum',
      'a corrupt packed message',
      raw(packedOf({ type: 'collected-all', request: 1 }, { checksum: 1 })),
    ),
    losing(
      '4.2.5',
      'closes at a packed message that is not msgpack',
      'a corrupt packed message',
      raw(packedOf(hex('c1'))),
    ),
    losing(
      '4.2.6',
      'closes at a packed message of a type that is none',
      'packed messages, by type',
      raw(packedOf({ type: 'gossip' })),
    ),
    losing(
      '4.2.7',
      'closes at a seal of a party that its sender does not host',
      'a seal of a party that its sender does not host',
      (member) =>
        member.frames.sendPacked({
          type: 'seals',
          seals: [
            { round: member.plan.index, attempt: 0, from: 'coordinator', counts: [0, 0, 0, 0], to: ['coordinator'] },
          ],
        }),
    ),
    losing(
      '4.3.1',
      'closes at a report that lacks a key',
      'done has exactly its keys',
      done(() => ({ absences: undefined })),
      'Reports',
    ),
    losing(
      '4.3.2',
      'closes at a report with a key too many',
      'done has exactly its keys',
      done(() => ({ surprise: 1 })),
      'Reports',
    ),
    losing(
      '4.3.3',
      'closes at a report of a party that its sender does not host',
      'for no party that the worker does not host',
      done((member) => ({ parties: [member.party('coordinator' as never)] })),
      'Reports',
    ),
    losing(
      '4.3.4',
      'closes at a report that has a client twice',
      'a report has one entry for each client that ran',
      done((member) => ({ parties: [member.party(0), member.party(0)] })),
      'Reports',
    ),
    losing(
      '4.3.5',
      'closes at an event that is not msgpack',
      'one binary argument, msgpack',
      (member) => member.control.emit('done', hex('c1')),
      control,
    ),
    losing(
      '4.3.6',
      'closes at a msgpack extension type',
      'extension types are refused',
      (member) => member.control.emit('done', hex('d6 ff 5a4af6a5')),
      control,
    ),
    losing(
      '4.3.7',
      'closes at a msgpack message that claims more than it has',
      'one binary argument, msgpack',
      (member) => member.control.emit('done', hex('dd ff ff ff ff')),
      control,
    ),
    losing(
      '4.3.8',
      'closes at msgpack nested deeper than 32 levels',
      'nesting of a msgpack message',
      (member) => member.control.emit('done', hex(`${'91'.repeat(40)}c0`)),
      'limits.md: Limits',
    ),
    losing(
      '4.3.9',
      'closes at an event without its argument',
      'one binary argument',
      (member) => member.control.emit('done', null),
      control,
    ),
    losing(
      '4.3.10',
      'closes at a control message beyond its limit',
      'a control message of a worker',
      (member) => member.control.emit('done', new Uint8Array(5_000_000)),
      'limits.md: Limits',
    ),
    losing(
      '4.3.11',
      'closes at a report with a key twice',
      'no key stands twice',
      (member) => {
        // A map of few keys begins with 0x80 and their number; one more, which is the epoch again.
        const [head, ...report] = packed(member.report());
        const [, ...epoch] = packed({ epoch: member.assign.epoch });
        member.control.emit('done', Uint8Array.of(head! + 1, ...report, ...epoch));
      },
      control,
    ),
  ],
} satisfies Chapter<CoordinatorStage>;
