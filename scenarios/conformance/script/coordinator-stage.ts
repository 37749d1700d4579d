import { Member } from './member.js';
import { Visitor } from './visitor.js';

/** A coordinator under test, as a case meets it: its seat is free, and its run has come further since the last case. */
export class CoordinatorStage {
  readonly visitor: Visitor;
  private took = false;

  constructor(
    readonly url: string,
    readonly token: string,
  ) {
    this.visitor = new Visitor(url, token);
  }

  /** A worker that has joined. */
  async joined(changes: object = {}): Promise<Member> {
    this.took = true;
    return Member.join(this.visitor, changes);
  }

  async assigned(): Promise<Member> {
    return (await this.joined()).assigned();
  }

  /** In its first round, whose begin has come. */
  async begun(changes: object = {}): Promise<Member> {
    const have = 'resumes' in changes ? 0 : null;
    const member = await (await this.joined(changes)).assigned(undefined, have);
    await member.introduced();
    await member.begun();
    return member;
  }

  /** Another one at the same port. */
  another(): Visitor {
    return new Visitor(this.url, this.token);
  }

  /** Leaves the coordinator as the next case wants to find it: one round further, so that no loss counts against it, and its seat open. */
  async close(): Promise<void> {
    this.visitor.close();
    if (!this.took) return;
    const visitor = this.another();
    try {
      const member = await Member.join(visitor);
      if (!('seat' in member.answer || 'spare' in member.answer)) return;
      await member.assigned();
      await member.introduced();
      await member.begun();
      await member.play();
      // The next round begins once this one is in a checkpoint.
      await member.begun();
      await member.goodbye();
    } catch {
      // The next case says what is wrong.
    } finally {
      visitor.close();
    }
  }
}
