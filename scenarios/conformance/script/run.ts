import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { equal } from '../case.js';
import { contentOf, type Engine } from './engine.js';
import type { FrameSocket } from './frame-socket.js';
import { bodyOf, doubles, type FrameFields, type Received, type ReceivedFrame, type ReceivedPacked } from './frames.js';
import { packed } from './msgpack.js';

const PATIENCE_MS = 15_000;

interface Begin {
  readonly index: number;
  readonly attempt: number;
  readonly cohort: readonly number[];
  readonly absent: readonly { readonly from: number; readonly why: string }[];
  readonly forgotten: readonly number[];
  readonly inclusion: number;
  readonly startMs: number;
  readonly returned?: { readonly clients: readonly number[]; readonly atMs: number };
}

/** Kinds of `sgd` by index: its gradient and its model. */
export const SGD = { gradient: 0, model: 1 } as const;

/** What one message of `sgd`'s model carries. */
export const modelBody = (...params: number[]): Uint8Array<ArrayBuffer> => bodyOf([doubles(...params)], []);

/** The clients of a report, ascending. */
export const reported = ({ parties }: Record<string, unknown>): number[] =>
  (parties as { readonly party: number }[]).map(({ party }) => party).sort((a, b) => a - b);

/** A worker that has its assignment, from the coordinator's side. */
export class ScriptedRun {
  private requests = 100;

  constructor(
    readonly control: Engine,
    readonly frames: FrameSocket,
    /** Its answer to `assign`. */
    readonly ready: Record<string, unknown>,
    readonly assign: {
      readonly generation: number;
      readonly epoch: number;
      readonly clients: readonly number[];
      readonly token: string;
      readonly scenario: Scenario;
    },
  ) {}

  /** The same over another connection of its frame link. */
  over(frames: FrameSocket): ScriptedRun {
    return new ScriptedRun(this.control, frames, this.ready, this.assign);
  }

  async introduce(peers: readonly object[] = [], keys: readonly object[] = []): Promise<Record<string, unknown>> {
    return this.control.asked('introduce', { peers, keys }, PATIENCE_MS);
  }

  /** A message of the epoch: on a numbered link it travels there, else over the control connection. */
  send(event: string, content: unknown, bytesOf = packed): void {
    if (this.frames.isLink) this.frames.sendPacked(bytesOf({ type: 'control', event, content }));
    else this.control.emit(event, bytesOf(content));
  }

  /** The content of the next message of the epoch. */
  async received(event: string, ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    if (!this.frames.isLink) return contentOf(await this.control.event(event, ms));
    const matches = (item: Received): boolean =>
      item.type === 'packed' && item.content.type === 'control' && item.content.event === event;
    const found = await this.frames.received.next(`'${event}'`, matches, ms);
    return (found as ReceivedPacked).content.content as Record<string, unknown>;
  }

  /** The answer to `waits`. */
  async waits(ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    if (!this.frames.isLink) return this.control.asked('waits', {}, ms);
    const request = this.requests++;
    this.send('waits', { request });
    const { request: of, ...answer } = await this.received('waits', ms);
    equal(of, request, 'the answer to waits on a numbered link repeats its number');
    return answer;
  }

  begin(plan: Partial<Begin> = {}): void {
    const { clients } = this.assign;
    this.send('begin', {
      index: 0,
      attempt: 0,
      cohort: clients,
      absent: [],
      forgotten: [],
      inclusion: 1,
      startMs: 0,
      ...plan,
    });
  }

  /** A model of `sgd` for one client. */
  model(params: readonly number[], fields: FrameFields = {}): void {
    this.frames.sendFrame({ kind: SGD.model, from: -1, to: 0, ...fields }, modelBody(...params));
  }

  /** The coordinator's seal for client 0 in round 0: how many models it has posted. */
  seal(models: number, attempt = 0): void {
    const counts = [0, models, 0, 0];
    this.frames.sendPacked({ type: 'seals', seals: [{ round: 0, attempt, from: 'coordinator', counts, to: [0] }] });
  }

  frameOf(from: number, kind: number = SGD.gradient, ms = PATIENCE_MS): Promise<ReceivedFrame> {
    return this.frames.frame((frame) => frame.from === from && frame.kind === kind, ms);
  }

  /** The seal of a client, whatever message it came in. */
  async sealOf(from: number): Promise<Record<string, unknown>> {
    for (;;) {
      const { seals } = await this.frames.packed('seals', PATIENCE_MS);
      const list = Array.isArray(seals) ? (seals as Record<string, unknown>[]) : [];
      const found = list.find((seal) => Number(seal.from) === from);
      for (const seal of list)
        if (seal !== found)
          this.frames.received.put({ type: 'packed', content: { type: 'seals', seals: [seal] }, raw: [] });
      if (found) return found;
    }
  }

  async done(ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    return this.received('done', ms);
  }

  settle(changes: Record<string, unknown> = {}): void {
    this.send('settle', {
      round: 0,
      attempt: 0,
      abandoned: false,
      voided: [],
      undelivered: [],
      cohort: this.assign.clients,
      ...changes,
    });
  }

  /** What clients hold, by client; their bytes as they came. */
  async collected(
    request: number,
    what: 'records' | 'estimates',
    clients: 'all' | readonly number[] = 'all',
  ): Promise<Map<number, Uint8Array>> {
    this.send('collect', { request, what, clients });
    const answers = new Map<number, Uint8Array>();
    await this.frames.packed('collected-all', PATIENCE_MS);
    for (const item of this.frames.received.take((one) => one.type === 'packed' && one.content.type === 'collected'))
      if (item.type === 'packed') answers.set(Number(item.content.client), item.content.data as Uint8Array);
    return answers;
  }

  /** A whole round of `sgd` with one model for all its clients, to the report; not settled. */
  async round(index: number, params: readonly number[], plan: Partial<Begin> = {}): Promise<Record<string, unknown>> {
    const attempt = plan.attempt ?? 0;
    this.begin({ index, ...plan });
    for (const to of plan.cohort ?? this.assign.clients) this.model(params, { round: index, attempt, to });
    return this.done();
  }
}
