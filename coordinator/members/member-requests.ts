import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex } from '../../protocol/method.js';
import type { Packed } from '../../protocol/wire/control-messages.js';
import type { Member, Membership } from './membership.js';

/** Throws ERR_STATE for an answer that is none. */
export type AnswerCheck = (client: ClientIndex, bytes: Uint8Array) => void;

interface Request {
  readonly check: AnswerCheck;
  readonly pending: Set<Member>;
  readonly answers: Map<ClientIndex, Uint8Array>;
  readonly resolve: (answers: ReadonlyMap<ClientIndex, Uint8Array>) => void;
  readonly reject: (error: Error) => void;
}

interface RequestOptions {
  readonly membership: Membership;
  /** Numbers of requests, never the same twice in a process. */
  readonly nextRequest: () => number;
  /** When any member last sent something, by `performance.now()`. */
  readonly lastMessageMs: () => number;
}

/** Requests to all present members between rounds: each is resolved when every one of them has answered for its clients. */
export class MemberRequests {
  private readonly requests = new Map<number, Request>();

  constructor(private readonly options: RequestOptions) {}

  /** `send` sends the request of this number. `quietMs`: rejected after so long without any message; left out: never. */
  ask(
    send: (request: number) => void,
    check: AnswerCheck = refuseAnswer,
    quietMs?: number,
  ): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    const pending = new Set(this.options.membership.present());
    if (pending.size === 0) return Promise.resolve(new Map());
    const id = this.options.nextRequest();
    return new Promise((resolve, reject) => {
      this.requests.set(id, { check, pending, answers: new Map(), resolve, reject });
      if (quietMs !== undefined) this.rejectQuiet(id, quietMs);
      send(id);
    });
  }

  /** Throws ERR_PROTOCOL or ERR_STATE when the member answers for another, or with what is no answer. */
  answer(member: Member, message: Packed): void {
    if (message.type === 'collected') {
      const request = this.requests.get(message.request);
      if (!request?.pending.has(member)) return;
      if (this.options.membership.host(message.client) !== member)
        throw new GradswarmError('ERR_PROTOCOL', `an answer for client ${message.client}, which it does not host`);
      // The message's bytes may be part of a larger buffer that will be used again.
      const bytes = Uint8Array.from(message.data);
      request.check(message.client, bytes);
      request.answers.set(message.client, bytes);
    } else if (message.type === 'collected-all' || message.type === 'restored-all') {
      const request = this.requests.get(message.request);
      if (!request?.pending.delete(member) || request.pending.size > 0) return;
      this.requests.delete(message.request);
      request.resolve(new Map([...request.answers].sort(([a], [b]) => a - b)));
    }
  }

  awaits(member: Member): boolean {
    for (const { pending } of this.requests.values()) if (pending.has(member)) return true;
    return false;
  }

  /** Members that have not answered all requests. */
  awaited(): ReadonlySet<Member> {
    return new Set([...this.requests.values()].flatMap(({ pending }) => [...pending]));
  }

  /** Rejects what waits for this member. */
  lose(member: Member, error: Error): void {
    for (const [id, request] of this.requests)
      if (request.pending.has(member)) {
        this.requests.delete(id);
        request.reject(error);
      }
  }

  /** Rejects all. */
  fail(error: Error): void {
    for (const request of this.requests.values()) request.reject(error);
    this.requests.clear();
  }

  private rejectQuiet(id: number, quietMs: number): void {
    const timer = setInterval(() => {
      const request = this.requests.get(id);
      if (request && performance.now() - this.options.lastMessageMs() < quietMs) return;
      clearInterval(timer);
      this.requests.delete(id);
      request?.reject(new GradswarmError('ERR_STOPPED', `no answer for ${quietMs} ms`));
    }, quietMs / 4);
  }
}

function refuseAnswer(): never {
  throw new GradswarmError('ERR_PROTOCOL', 'an answer with data to a request without');
}
