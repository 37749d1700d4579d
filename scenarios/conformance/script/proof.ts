import { createHmac, randomBytes } from 'node:crypto';

/** The proof of docs/protocol.md, Joining; `key`: the run's token. */
export function proofOf(
  key: string,
  end: 'joiner' | 'coordinator',
  role: string,
  challenge: string,
  nonce: string,
): string {
  return createHmac('sha256', key).update(`gradswarm\n${end}\n${role}\n${challenge}\n${nonce}`).digest('base64url');
}

/** A random text that cannot be guessed, of 4/3 as many characters. */
export const drawn = (bytes = 24): string => randomBytes(bytes).toString('base64url');
