import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { contentOf, type Engine } from './engine.js';
import type { FrameSocket } from './frame-socket.js';
import { bodyOf, doubles, type FrameFields, type ReceivedFrame } from './frames.js';

const PATIENCE_MS = 15_000;

interface Begin {
  readonly index: number;
  readonly attempt: number;
  readonly cohort: readonly number[];
  readonly absent: readonly { readonly from: number; readonly why: string }[];
  readonly forgotten: readonly number[];
  readonly inclusion: number;
  readonly startMs: number;
}

/** Kinds of `sgd` by index: its gradient and its model. */
export const SGD = { gradient: 0, model: 1 } as const;

/** What one message of `sgd`'s model carries. */
export const modelBody = (...params: number[]): Uint8Array<ArrayBuffer> => bodyOf([doubles(...params)], []);

/** A worker that has its assignment, from the coordinator's side. */
export class ScriptedRun {
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

  async introduce(peers: readonly object[] = [], keys: readonly object[] = []): Promise<Record<string, unknown>> {
    return this.control.asked('introduce', { peers, keys }, PATIENCE_MS);
  }

  begin(plan: Partial<Begin> = {}): void {
    const { clients } = this.assign;
    this.control.emit('begin', {
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

  frameOf(from: number, kind: number = SGD.gradient): Promise<ReceivedFrame> {
    return this.frames.frame((frame) => frame.from === from && frame.kind === kind, PATIENCE_MS);
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
    return contentOf(await this.control.event('done', ms));
  }

  settle(changes: Record<string, unknown> = {}): void {
    this.control.emit('settle', {
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
    this.control.emit('collect', { request, what, clients });
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
