import type { ControlSocket, ControlSocketEvents } from '../../../protocol/sockets/control-socket.js';
import type { PipeEnd } from './pipe.js';
import type { World } from './world.js';

type Carried =
  | { readonly type: 'event'; readonly event: string; readonly data?: Uint8Array; readonly question: number | null }
  | { readonly type: 'answer'; readonly question: number; readonly data: Uint8Array }
  | { readonly type: 'beat' | 'beaten' };

/** One end of a control connection: as socket.io, it loses what is under way when it breaks. */
export class SimControl implements ControlSocket {
  private end: PipeEnd | null = null;
  private events: ControlSocketEvents | null = null;
  private readonly questions = new Map<number, (reply: unknown) => void>();
  private asked = 0;
  private seenMs = 0;
  private isClosed = false;

  constructor(
    readonly address: string,
    private readonly world: World,
  ) {}

  use(end: PipeEnd): void {
    if (this.isClosed) return end.destroy();
    this.end = end;
    this.seenMs = this.world.nowMs;
    end.received = (message) => this.receive(message as Carried);
    end.closed = () => this.finish('transport close');
  }

  /** Silence of four times as long ends the connection; `asks`: this end sends the beats, which the other answers. */
  beat(heartbeatMs: number, asks: boolean): void {
    const timer = setInterval(() => {
      if (!this.end?.isOpen) return clearInterval(timer);
      if (this.world.nowMs - this.seenMs > 4.25 * heartbeatMs) this.finish('ping timeout');
      else if (asks) this.put({ type: 'beat' });
    }, heartbeatMs / 4);
  }

  send(event: string, data?: Uint8Array, answered?: (reply: unknown) => void): void {
    if (answered) this.questions.set(++this.asked, answered);
    const question = answered ? this.asked : null;
    this.put({ type: 'event', event, question, ...(data && { data: Uint8Array.from(data) }) });
  }

  listen(events: ControlSocketEvents): void {
    this.events = events;
  }

  /** One thread has the socket and takes its messages. */
  holdBack(): () => void {
    return () => {};
  }

  admit(): void {}

  close(): void {
    this.isClosed = true;
    if (!this.end?.isOpen) return;
    this.end.destroy();
    this.world.schedule(this.end.process, 0, () => this.events?.closed('io disconnect'));
  }

  private put(message: Carried): void {
    this.end?.send(message);
  }

  private finish(reason: string): void {
    this.end?.destroy();
    this.events?.closed(reason);
  }

  private receive(message: Carried): void {
    this.seenMs = this.world.nowMs;
    if (message.type === 'event') {
      const { event, data, question } = message;
      const answer = (reply: Uint8Array) =>
        this.put({ type: 'answer', question: question!, data: Uint8Array.from(reply) });
      this.events?.received(event, data, question === null ? null : answer);
    } else if (message.type === 'answer') {
      const answered = this.questions.get(message.question);
      this.questions.delete(message.question);
      answered?.(message.data);
    } else {
      if (message.type === 'beat') this.put({ type: 'beaten' });
      this.events?.seen();
    }
  }
}
