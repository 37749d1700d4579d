import type { PartyId } from '../method.js';

/** Where the messages of one step of a kind come from: `F` is a frame, `M` a message. */
export interface StreamSource<F, M> {
  /** Senders that are waited for together, in order. */
  readonly groups: readonly (readonly PartyId[])[];
  /** Null: all of them have sent, or are absent. */
  ready(group: readonly PartyId[]): Promise<void> | null;
  frames(group: readonly PartyId[]): Iterable<F>;
  /** Adds the frame's messages, which may be none. */
  open(frame: F, into: M[]): void;
  /** Changes all messages together, once they are there; null: each is read when it comes. */
  readonly rule: ((opened: M[]) => readonly M[]) | null;
  /** There was no message at all. */
  none(): void;
}

/** The messages one after the other: the next is opened when the one before has been read. */
export async function* streamed<F, M>({
  groups,
  ready,
  frames,
  open,
  rule,
  none,
}: StreamSource<F, M>): AsyncGenerator<M> {
  const opened: M[] = [];
  let received = 0;
  for (const group of groups) {
    const pending = ready(group);
    if (pending) await pending;
    for (const frame of frames(group)) {
      if (!rule) opened.length = 0;
      const before = opened.length;
      open(frame, opened);
      received += opened.length - before;
      if (!rule) yield* opened;
    }
  }
  if (received === 0) none();
  if (rule) yield* rule(opened);
}
