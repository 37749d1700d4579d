import { createHmac } from 'node:crypto';
import { nanoid } from 'nanoid';
import type * as control from '../../protocol/wire/control-messages.js';
import type { Member } from './membership.js';

/** What opens the sockets between workers: a key for each pair and direction. */
export class PeerKeys {
  private readonly secret = nanoid(32);

  /** Of one worker's sockets to the others, and theirs to it. */
  of({ id }: Member, present: readonly Member[]): control.Introduction['keys'] {
    const key = (from: string, to: string): string =>
      createHmac('sha256', this.secret).update(`${from}\n${to}`).digest('base64url');
    return present
      .filter((other) => other.id !== id)
      .map((other) => ({ worker: other.id, outgoing: key(id, other.id), incoming: key(other.id, id) }));
  }
}
