import { RunLoop } from '../../../coordinator/run/run-loop.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { RoundMailbox, type Wait } from '../../../protocol/party/mailbox.js';
import { NumberedLink } from '../../../protocol/wire/numbered-link.js';
import { ClientHost } from '../../../worker/client-host.js';
import { WorkerSession } from '../../../worker/worker-session.js';
import { currentProcess, type SimProcess } from './world.js';

// biome-ignore lint/suspicious/noExplicitAny: methods that only their class sees are replaced.
type Methods = Record<string, (this: any, ...content: any[]) => any>;

/** Replaces one method of a class until the returned function is called. */
function replaced(type: { readonly prototype: object }, name: string, by: (own: Methods[string]) => Methods[string]) {
  const methods = type.prototype as Methods;
  const own = methods[name]!;
  methods[name] = by(own);
  return () => {
    methods[name] = own;
  };
}

/** Bugs that the explorer has to find, in the real code. Each returns what repairs it. */
export const PLANTED: Readonly<Record<string, () => () => void>> = {
  'a forgotten void: a worker that is assigned again keeps what the abandoned rounds left': () => {
    const kept = new Map<SimProcess | null, ClientHost>();
    return replaced(
      ClientHost,
      'host',
      (own) =>
        function (clients) {
          own.call(this, clients);
          const before = kept.get(currentProcess());
          if (before) this.restore(before.records('all'));
          kept.set(currentProcess(), this);
        },
    );
  },
  'a stale generation: a worker takes a later assignment for the one that it has': () =>
    replaced(
      WorkerSession,
      'assigned',
      (own) =>
        function (assign) {
          return this.assignment?.ready ?? own.call(this, assign);
        },
    ),
  'a lost acknowledgement: what was under way at a cut is taken for received': () =>
    replaced(NumberedLink, 'unacknowledged', () => () => []),
  'a duplicate that counts: a frame that comes again is taken for that of a sender that is waited for': () =>
    replaced(
      RoundMailbox,
      'deliver',
      (own) =>
        function (frame) {
          const { kindIndex, step } = frame;
          const came = this.frames.get(kindIndex * 2 ** 32 + step)?.has(frame.from);
          const wait = this.waits.find((one: Wait) => one.kindIndex === kindIndex && one.step === step);
          own.call(this, came && wait ? { ...frame, from: [...wait.missing][0] } : frame);
        },
    ),
  'a torn checkpoint: one party has the record of an earlier round': () =>
    replaced(
      RunDirectory,
      'checkpoint',
      (own) =>
        function (content) {
          return own.call(this, { ...content, parties: new Map([...content.parties].slice(1)) });
        },
    ),
  'a double commit: the round that a checkpoint holds is done again on top of it': () =>
    replaced(
      RunLoop,
      'restore',
      (own) =>
        function (round, ...content) {
          return own.call(this, Math.max(0, round - 1), ...content);
        },
    ),
};
