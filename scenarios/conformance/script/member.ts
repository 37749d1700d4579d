import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { NotReached } from '../case.js';
import { contentOf, type Packet } from './engine.js';
import type { FrameSocket } from './frame-socket.js';
import { bodyOf, doubles, type FrameFields, hex, type ReceivedFrame } from './frames.js';
import { drawn } from './proof.js';
import { SGD } from './run.js';
import { SERVED_READ } from './scenario.js';
import type { Opened, Visitor } from './visitor.js';

const PATIENCE_MS = 15_000;
/** After losses without a round between them a coordinator may wait before it assigns again. */
const SEAT_MS = 75_000;

export interface Assign {
  readonly worker: string;
  readonly generation: number;
  readonly epoch: number;
  readonly token: string;
  readonly clients: readonly number[];
  readonly scenario: Pick<Scenario, 'clock'>;
}

export interface Plan {
  readonly index: number;
  readonly attempt: number;
  readonly cohort: readonly number[];
  readonly startMs: number;
}

export const READY = { device: 'none', deterministic: true, parameterCount: 3, read: SERVED_READ, peer: null };

/** {clockMs: 16, memories: {}, state: null, undelivered: []} */
const RECORD = hex('0704 07636c6f636b4d73 0320 086d656d6f72696573 0700 057374617465 00 0b756e64656c697665726564 0600');

const UNBOUNDED_MS = 1 << 30;

const NO_CODING = { encodeMs: 0, decodeMs: 0, squaredError: 0, squaredNorm: 0 };

export const helloOf = (changes: object = {}) => ({
  version: 2,
  name: 'conformance',
  pid: 1,
  process: drawn(12),
  seat: null,
  ...changes,
});

/** A worker that plays a case: step by step, each as it should be or as the case wants it. */
export class Member {
  /** Set by `assigned`. */
  assign!: Assign;
  frames!: FrameSocket;
  /** Set by `begun`. */
  plan!: Plan;
  /** Leaves what is collected without an answer. */
  silent = false;

  private constructor(
    readonly visitor: Visitor,
    readonly opened: Opened,
    readonly hello: object,
    readonly answer: Record<string, unknown>,
  ) {}

  get control() {
    return this.opened.control;
  }

  static async join(visitor: Visitor, changes: object = {}): Promise<Member> {
    const opened = await visitor.connected();
    const hello = helloOf(changes);
    return new Member(visitor, opened, hello, await opened.control.asked('hello', hello, SEAT_MS));
  }

  /** The next assignment, not answered yet. */
  async offered(): Promise<Packet> {
    const packet = await this.control.event('assign', SEAT_MS);
    this.assign = contentOf(packet) as unknown as Assign;
    return packet;
  }

  async connect(have: number | null = null): Promise<FrameSocket> {
    const frames = await this.visitor.frames(this.assign.token, have, 'repeats' in this.hello);
    if (typeof frames === 'number') throw new NotReached(`the frame socket was refused with ${frames}`);
    return (this.frames = frames);
  }

  /** With an assignment that it has answered. */
  async assigned(ready: object = READY, have: number | null = null): Promise<this> {
    const packet = await this.offered();
    await this.connect(have);
    this.control.answer(packet.id, ready);
    void this.serve('collect').catch(() => {});
    void this.serve('restored-all').catch(() => {});
    return this;
  }

  /** Answers what a coordinator asks for between rounds, for as long as there is a connection. */
  private async serve(what: 'collect' | 'restored-all'): Promise<void> {
    for (;;) {
      if (what === 'restored-all') {
        this.frames.sendPacked(await this.frames.packed(what, UNBOUNDED_MS));
        continue;
      }
      const { request, what: of, clients } = await this.received(what, UNBOUNDED_MS);
      if (this.silent) continue;
      const asked = clients === 'all' ? this.assign.clients : (clients as number[]);
      if (of === 'records' && this.plan)
        for (const client of asked) this.frames.sendPacked({ type: 'collected', request, client, data: RECORD });
      this.frames.sendPacked({ type: 'collected-all', request });
    }
  }

  /** Introduced: rounds may begin. */
  async introduced(): Promise<this> {
    const packet = await this.control.event('introduce', PATIENCE_MS);
    this.control.answer(packet.id, { unreachable: [] });
    return this;
  }

  async begun(ms = PATIENCE_MS): Promise<Plan> {
    return (this.plan = (await this.received('begin', ms)) as unknown as Plan);
  }

  /** A message of the epoch, on a numbered link or the control connection. */
  async received(event: string, ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    if (!this.frames.isLink) return contentOf(await this.control.event(event, ms));
    const found = await this.frames.received.next(
      `'${event}'`,
      (item) => item.type === 'packed' && item.content.type === 'control' && item.content.event === event,
      ms,
    );
    return found.type === 'packed' ? (found.content.content as Record<string, unknown>) : {};
  }

  send(event: string, content: unknown): void {
    if (this.frames.isLink) this.frames.sendPacked({ type: 'control', event, content });
    else this.control.emit(event, content);
  }

  /** The model of a client in this round. */
  async model(client: number): Promise<ReceivedFrame & { readonly params: number[] }> {
    const { index, attempt } = this.plan;
    const frame = await this.frames.frame(
      (one) => one.to === client && one.round === index && one.attempt === attempt && one.kind === SGD.model,
      PATIENCE_MS,
    );
    const numbers = frame.body.slice(8);
    return { ...frame, params: [...new Float64Array(numbers.buffer, 0, Math.floor(numbers.length / 8))] };
  }

  gradient(from: number, gradient: readonly number[], examples = 4, fields: FrameFields = {}): void {
    const { index, attempt } = this.plan;
    this.frames.sendFrame(
      { kind: SGD.gradient, round: index, attempt, from, to: -1, arrivesAtMs: this.plan.startMs + 21, ...fields },
      bodyOf([doubles(...gradient)], [examples]),
    );
  }

  seal(from: number, posted: number): void {
    const { index, attempt } = this.plan;
    const seal = { round: index, attempt, from, counts: [posted, 0, 0, 0], to: ['coordinator'] };
    this.frames.sendPacked({ type: 'seals', seals: [seal] });
  }

  /** The seals of both clients, each after one gradient. */
  seals(): void {
    for (const client of [0, 1]) this.seal(client, 1);
  }

  /** A report as it should be, with changes. */
  report(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const { epoch, generation } = this.assign;
    const { index, attempt, cohort, startMs } = this.plan;
    const none = { raw: 0, payload: 0, wire: 0 };
    const up = { raw: 24 * cohort.length, payload: 24 * cohort.length, wire: 94 * cohort.length };
    return {
      epoch,
      generation,
      index,
      attempt,
      parties: cohort.map((party) => this.party(party, startMs + 16)),
      absences: [],
      bytes: { up, down: none, peer: none },
      tensorCounts: [0],
      firings: [],
      ...changes,
    };
  }

  party(party: number, clockMs = 16): Record<string, unknown> {
    const coding = { up: NO_CODING, down: NO_CODING, peer: NO_CODING };
    return { party, clockMs, measures: [], unusedMessages: [], unused: [], ledger: [], coding };
  }

  /** Gradients 2 x, seals and the report of a round that has begun. */
  async play(): Promise<void> {
    for (const client of this.plan.cohort) {
      const { params } = await this.model(client);
      this.gradient(
        client,
        params.map((x) => 2 * x),
      );
      this.seal(client, 1);
    }
    this.send('done', this.report());
  }

  settled(): Promise<Record<string, unknown>> {
    return this.received('settle');
  }

  async goodbye(): Promise<void> {
    this.control.emit('goodbye', null);
    this.frames?.close();
    this.control.close();
    await this.control.closed;
  }
}
