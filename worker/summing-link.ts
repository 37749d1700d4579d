import { GradswarmError } from '../protocol/errors.js';
import type { ClientIndex, PartyId, RunConstants } from '../protocol/method.js';
import { declaredBound, KindTotal } from '../protocol/party/kind-total.js';
import { openedMessages } from '../protocol/party/opened-messages.js';
import { summedFrame } from '../protocol/party/partial-sum.js';
import type { Remote } from '../protocol/party/post-office.js';
import type { Packed } from '../protocol/wire/control-messages.js';
import type { Frame } from '../protocol/wire/frame.js';
import type { KindLayout } from '../protocol/wire/layout.js';
import type { RoundPlan, Seal } from '../protocol/wire/seal.js';

/** One step of a kind: its sum so far, and the clients that may still send one of its messages. */
interface OpenSum {
  readonly layout: KindLayout;
  readonly step: number;
  readonly total: KindTotal;
  readonly frames: ReturnType<typeof summedFrame>[];
  readonly waiting: Set<PartyId>;
}

/** The way out for all else, and for the sums. */
interface SumsTo extends Remote {
  notify(message: Packed): void;
}

/**
 * A way out on which messages of kinds that declare a bound are summed: one sum goes to the coordinator when each client of this process has
 * sent its message, or will send none. A message that the network changed or lost, or that does not fit, is sent by itself, as without sums.
 */
export class SummingLink implements Remote {
  private attempt: Pick<RoundPlan, 'index' | 'attempt' | 'cohort'> | null = null;
  private members: readonly ClientIndex[] = [];
  /** By kind and step. */
  private readonly open = new Map<string, OpenSum>();
  /** Of clients that have returned: how many steps of each kind they posted. */
  private readonly returned = new Map<PartyId, readonly number[]>();

  /** `kinds`: those that are summed, by index. */
  constructor(
    private readonly link: SumsTo,
    private readonly kinds: ReadonlyMap<number, KindLayout>,
    private readonly run: () => RunConstants<unknown>,
  ) {}

  /** `members`: clients of this process whose halves are run. */
  begin(attempt: RoundPlan, members: readonly ClientIndex[]): void {
    this.attempt = attempt;
    this.members = members;
    this.open.clear();
    this.returned.clear();
  }

  send(frame: Frame): void {
    const layout = frame.to === 'coordinator' && this.isOfAttempt(frame) ? this.kinds.get(frame.kindIndex) : undefined;
    if (!layout) return this.link.send(frame);
    const sum = this.sumOf(layout, frame.step);
    if (!sum.waiting.delete(frame.from)) {
      // A copy that the network made: a receiver takes the first.
      if (!sum.frames.some(({ from }) => from === frame.from)) this.link.send(frame);
      return;
    }
    if (frame.lost === null && !frame.tampered && this.add(sum, frame)) sum.frames.push(summedFrame(frame));
    else this.link.send(frame);
    this.finish(sum);
  }

  seal(seal: Seal, to: readonly PartyId[]): void {
    this.link.seal(seal, to);
    if (!this.isOfAttempt(seal)) return;
    this.returned.set(seal.from, seal.counts);
    for (const sum of [...this.open.values()])
      if (isDone(seal.counts, sum) && sum.waiting.delete(seal.from)) this.finish(sum);
  }

  room(): Promise<void> | null {
    return this.link.room();
  }

  private isOfAttempt({ round, attempt }: { readonly round: number; readonly attempt: number }): boolean {
    return this.attempt?.index === round && this.attempt.attempt === attempt;
  }

  private sumOf(layout: KindLayout, step: number): OpenSum {
    const key = `${layout.index} ${step}`;
    let sum = this.open.get(key);
    if (!sum) {
      const bound = declaredBound(layout, this.run())!;
      const total = new KindTotal(layout, bound, this.attempt!.cohort.length);
      const done = (member: PartyId) => isDone(this.returned.get(member) ?? [], { layout, step });
      const waiting = new Set<PartyId>(this.members.filter((member) => !this.returned.has(member) || !done(member)));
      this.open.set(key, (sum = { layout, step, total, frames: [], waiting }));
    }
    return sum;
  }

  /** False, and nothing added, for messages that the coordinator has to judge. */
  private add({ layout, total }: OpenSum, frame: Frame): boolean {
    // Of several, the second might be refused when the first has been added.
    if (frame.messages.length !== 1) return false;
    try {
      const decode = (i: number) => layout.decode(frame.messages[i]!, frame.from, null);
      return openedMessages(layout, frame, this.run(), decode).every((message) => total.add(message));
    } catch (error) {
      if (error instanceof GradswarmError) return false;
      throw error;
    }
  }

  private finish({ layout, step, total, frames, waiting }: OpenSum): void {
    if (waiting.size > 0 || frames.length === 0) return;
    const { index: round, attempt } = this.attempt!;
    const bytes = ({ buffer }: Float64Array) => new Uint8Array(buffer as ArrayBuffer);
    const address = { kind: layout.index, round, attempt, step };
    this.link.notify({ type: 'sum', ...address, frames, sums: total.exact.map(bytes) });
  }
}

/** Does a client that posted so many steps of each kind post none in this step? */
function isDone(counts: readonly number[], { layout, step }: Pick<OpenSum, 'layout' | 'step'>): boolean {
  return (counts[layout.index] ?? 0) <= step;
}
