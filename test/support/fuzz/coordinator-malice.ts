import fc from 'fast-check';
import { packed } from '../../../scenarios/conformance/script/msgpack.js';
import { frameDeed, packetDeed } from './malice.js';
import { MESSAGES } from './messages.js';
import { mutatedBytes, mutatedValue } from './mutations.js';
import type { Lines } from './turning-coordinator.js';

/** Messages that a coordinator sends, by event; the message of `numberedQuestion` is `waits` on a numbered link. */
const EVENTS: Readonly<Record<string, string>> = {
  assign: 'assign',
  introduce: 'introduce',
  begin: 'begin',
  settle: 'settle',
  abort: 'abort',
  collect: 'collect',
  stop: 'stop',
  waits: 'nothing',
  goodbye: 'nothing',
};

export type CoordinatorMalice =
  | { readonly do: 'emit'; readonly event: string; readonly id: number | null; readonly bytes: Uint8Array }
  | { readonly do: 'answer'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly do: 'frame' | 'frame text' | 'text' | 'binary' | 'ping'; readonly bytes: Uint8Array };

const bytesOf = (value: unknown): Uint8Array => Uint8Array.from(packed(value));
const id = fc.constantFrom(null, 0, 7, 2 ** 31);

const emitted: fc.Arbitrary<CoordinatorMalice> = fc.oneof(
  ...Object.entries(EVENTS).map(([event, name]) => {
    const { messages } = MESSAGES[name]!;
    const bytes = fc.oneof(mutatedValue(messages).map(bytesOf), mutatedBytes(messages.map(bytesOf)));
    return fc.record({ do: fc.constant('emit' as const), event: fc.constant(event), id, bytes });
  }),
);

const answered: fc.Arbitrary<CoordinatorMalice> = fc.record({
  do: fc.constant('answer' as const),
  id: fc.constantFrom(0, 1, 7),
  bytes: mutatedValue(MESSAGES.admission!.messages).map(bytesOf),
});

/** What a coordinator may send that it should not. A peer can do the part of frames. */
export const coordinatorHistories = fc.array(
  fc.oneof({ weight: 5, arbitrary: emitted }, answered, packetDeed, { weight: 3, arbitrary: frameDeed }),
  { minLength: 1, maxLength: 30, size: 'max' },
);
export const peerHistories = fc.array(frameDeed, { minLength: 1, maxLength: 30, size: 'max' });

export function performAsCoordinator(deed: CoordinatorMalice, { control, frames, question }: Lines): void {
  const open = frames && frames.readyState === frames.OPEN ? frames : null;
  switch (deed.do) {
    case 'emit':
      return control.emit(deed.event, deed.bytes, deed.id);
    case 'answer':
      return control.answer(question ?? deed.id, deed.bytes);
    case 'text':
      return control.text(Buffer.from(deed.bytes).toString('latin1'));
    case 'binary':
      if (control.socket.readyState === control.socket.OPEN) control.socket.send(deed.bytes);
      return;
    case 'frame':
      return void open?.send(deed.bytes);
    case 'frame text':
      return void open?.send(Buffer.from(deed.bytes).toString('latin1'));
    case 'ping':
      return void open?.ping(deed.bytes);
  }
}
