import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LIMITS } from '../wire/limits.js';

/** 'worker': hosts clients. 'observer': is sent the progress of the run and no vector. */
const ROLES = ['worker', 'observer'] as const;
export type Role = (typeof ROLES)[number];

/** What a connection has shown: that it knows the run's token, in this role. */
export interface Proven {
  readonly role: Role;
  /** Shows in return that this end knows the token too. */
  readonly answer: string;
}

const NONCE_BYTES = 16;
const LONGEST_NONCE = 64;

/** HMAC-SHA256 of the sender's role and the random numbers of both ends: useless in another connection. */
export function proof(
  token: string,
  speaker: 'joiner' | 'coordinator',
  role: string,
  challenge: string,
  nonce: string,
): string {
  const text = ['gradswarm', speaker, role, challenge, nonce].join('\n');
  return createHmac('sha256', token).update(text).digest('base64url');
}

/** Are two texts equal? In constant time: it does not reveal where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/**
 * Challenges to joining processes, and which were answered. A challenge carries its own seal, so that nothing is kept for
 * open challenges; only answered ones are remembered, until they expire: each serves once.
 */
export class Admission {
  private readonly key = randomBytes(32);
  private readonly met = new Map<string, number>();

  constructor(
    private readonly token: string,
    /** Milliseconds of a clock that does not go back. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  challenge(): string {
    const text = `${randomBytes(NONCE_BYTES).toString('base64url')}.${Math.floor(this.now()).toString(36)}`;
    return `${text}.${this.seal(text)}`;
  }

  /** Null: no proof, a wrong one, one of an old challenge, or one that has been used. */
  admits(query: URLSearchParams): Proven | null {
    const role = ROLES.find((name) => name === query.get('role'));
    const challenge = query.get('challenge') ?? '';
    const nonce = query.get('nonce') ?? '';
    if (!role || nonce.length < NONCE_BYTES || nonce.length > LONGEST_NONCE) return null;
    const at = challenge.lastIndexOf('.');
    const [, time] = challenge.split('.');
    const sealed = sameText(challenge.slice(at + 1), this.seal(challenge.slice(0, Math.max(0, at))));
    const proven = sameText(query.get('proof') ?? '', proof(this.token, 'joiner', role, challenge, nonce));
    const expiresAt = Number.parseInt(time ?? '', 36) + LIMITS.handshakeMs;
    if (!sealed || !proven || !(this.now() <= expiresAt) || this.met.has(challenge)) return null;
    for (const [old, until] of this.met) if (until < this.now()) this.met.delete(old);
    this.met.set(challenge, expiresAt);
    return { role, answer: proof(this.token, 'coordinator', role, challenge, nonce) };
  }

  private seal(text: string): string {
    return createHmac('sha256', this.key).update(text).digest('base64url');
  }
}

/** The other end of `Admission`: what goes into the query of the connection, and whether the coordinator's answer is right. */
export function provenQuery(
  token: string,
  role: Role,
  challenge: string,
): { readonly query: Readonly<Record<string, string>>; answers(answer: string): boolean } {
  const nonce = randomBytes(NONCE_BYTES).toString('base64url');
  return {
    query: { role, challenge, nonce, proof: proof(token, 'joiner', role, challenge, nonce) },
    answers: (answer) => sameText(answer, proof(token, 'coordinator', role, challenge, nonce)),
  };
}
