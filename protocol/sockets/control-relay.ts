import { LIMITS } from '../wire/limits.js';
import type { ControlSocket, ControlSocketEvents } from './control-socket.js';
import type { Channel } from './port-hub.js';
import { memoryOf, owned } from './socket-relay.js';

/** Either way: a named message, asking for an answer under this number where it is no null; an answer. */
type Message =
  | { readonly type: 'event'; readonly event: string; readonly data: unknown; readonly question: number | null }
  | { readonly type: 'answer'; readonly question: number; readonly data: unknown };

/** `taken`: one more event was acted on. `noticed`: so was the sign of life. */
type ToRelay = Message | { readonly type: 'taken' | 'noticed' | 'admit' | 'close' };
type FromRelay = Message | { readonly type: 'seen' } | { readonly type: 'closed'; readonly reason: string };

/** Posts a message whose data may lie in a buffer of others. */
function post(channel: Channel, message: Message): void {
  if (!(message.data instanceof Uint8Array)) return channel.post(message);
  const data = owned(message.data);
  channel.post({ ...message, data }, memoryOf([data]));
}

/** What was asked through a channel, by number. */
class Questions {
  private readonly open = new Map<number, (reply: unknown) => void>();
  private next = 0;

  ask(answered: ((reply: unknown) => void) | undefined): number | null {
    if (!answered) return null;
    this.open.set(++this.next, answered);
    return this.next;
  }

  get size(): number {
    return this.open.size;
  }

  answer(question: number, reply: unknown): void {
    const answered = this.open.get(question);
    this.open.delete(question);
    answered?.(reply);
  }
}

/** On the thread that has the control socket. */
export function relayControl(socket: ControlSocket, channel: Channel): void {
  const questions = new Questions();
  const taken = socket.holdBack();
  let seen = false;
  socket.listen({
    received: (event, data, answer) => {
      const question = questions.ask(answer ? (reply) => answer(reply as Uint8Array) : undefined);
      post(channel, { type: 'event', event, data, question });
      // More than anybody asks at once.
      if (questions.size > LIMITS.untakenEvents) socket.close();
    },
    seen: () => {
      if (!seen) channel.post({ type: 'seen' } satisfies FromRelay);
      seen = true;
    },
    closed: (reason) => {
      channel.post({ type: 'closed', reason } satisfies FromRelay);
      channel.close();
    },
  });
  channel.listen((message: ToRelay) => {
    switch (message.type) {
      case 'event': {
        const { event, data, question } = message;
        const answered = (reply: unknown) => post(channel, { type: 'answer', question: question!, data: reply });
        return socket.send(event, data as Uint8Array | undefined, question === null ? undefined : answered);
      }
      case 'answer':
        return questions.answer(message.question, message.data);
      case 'taken':
        return taken(1);
      case 'noticed':
        seen = false;
        return;
      case 'admit':
        return socket.admit();
      case 'close':
        return socket.close();
    }
  });
}

/** A control socket that another thread has. */
export class PortControl implements ControlSocket {
  private readonly questions = new Questions();

  constructor(
    private readonly channel: Channel,
    readonly address: string,
  ) {}

  send(event: string, data?: Uint8Array, answered?: (reply: unknown) => void): void {
    post(this.channel, { type: 'event', event, data, question: this.questions.ask(answered) });
  }

  listen({ received, seen, closed }: ControlSocketEvents): void {
    this.channel.listen((message: FromRelay) => {
      switch (message.type) {
        case 'event': {
          const { event, data, question } = message;
          const answer = (reply: Uint8Array) =>
            post(this.channel, { type: 'answer', question: question!, data: reply });
          received(event, data, question === null ? null : answer);
          return this.channel.post({ type: 'taken' } satisfies ToRelay);
        }
        case 'answer':
          return this.questions.answer(message.question, message.data);
        case 'seen':
          seen();
          return this.channel.post({ type: 'noticed' } satisfies ToRelay);
        case 'closed':
          this.channel.close();
          return closed(message.reason);
      }
    });
  }

  /** The thread that has the socket does it. */
  holdBack(): () => void {
    return () => {};
  }

  admit(): void {
    this.channel.post({ type: 'admit' } satisfies ToRelay);
  }

  close(): void {
    this.channel.post({ type: 'close' } satisfies ToRelay);
  }
}
