import type { z } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';
import * as control from '../../protocol/wire/control-messages.js';
import type { ControlServer } from './control-server.js';
import type { FrameRouter } from './frame-router.js';
import type { Member } from './membership.js';

type Waits = z.output<typeof control.waits>;

/** Control messages from and to the members of an epoch: over its numbered link, which survives a cut, or else over its control connection. */
export class MemberLines {
  private readonly questions = new Map<number, { readonly member: Member; readonly resolve: (waits: Waits) => void }>();
  private lastQuestion = 0;

  constructor(
    private readonly control: ControlServer,
    private readonly router: FrameRouter,
    private readonly events: {
      done(member: Member, message: control.Done): void;
      failed(member: Member, message: control.Failed): void;
    },
  ) {}

  notify(member: Member, event: string, content: unknown): void {
    if (this.router.linkOf(member) === null) this.control.notify(member.worker, event, content);
    else this.router.notify(member, { type: 'control', event, content });
  }

  /** What the member waits for. Rejects with ERR_WORKER_LOST when it does not answer in time. */
  async waits(member: Member, timeoutMs: number): Promise<Waits> {
    if (this.router.linkOf(member) === null) return this.control.ask(member, 'waits', {}, control.waits, timeoutMs);
    const request = ++this.lastQuestion;
    try {
      return await new Promise<Waits>((resolve, reject) => {
        this.questions.set(request, { member, resolve });
        this.notify(member, 'waits', { request });
        const error = new GradswarmError('ERR_WORKER_LOST', `${member.id} did not answer 'waits' in ${timeoutMs} ms`);
        setTimeout(() => reject(error), timeoutMs).unref();
      });
    } finally {
      this.questions.delete(request);
    }
  }

  /** A control message that came over a member's link. Throws ERR_PROTOCOL. */
  receive(member: Member, event: string, content: unknown): void {
    if (event === 'done') this.events.done(member, control.checked(control.done, content, member.id));
    else if (event === 'failed') this.events.failed(member, control.checked(control.failed, content, member.id));
    else if (event === 'waits') {
      const { request, ...answer } = control.checked(control.numberedWaits, content, member.id);
      const question = this.questions.get(request);
      if (question?.member === member) question.resolve(answer);
    } else throw new GradswarmError('ERR_PROTOCOL', `${member.id}: '${event}' is not for a worker to send over a link`);
  }
}
