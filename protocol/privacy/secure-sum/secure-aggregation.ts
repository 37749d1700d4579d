/**
 * The arithmetic of secure aggregation: Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine
 * Learning", CCS 2017 (rounds 0, 1, 2 and 4; reconstructed, not checked against the paper, without its malicious-model
 * consistency check).
 *
 * Client u sends y_u = x_u + PRG(b_u) + sum over v > u of PRG(s_uv) - sum over v < u of PRG(s_uv), modulo 2^bits. Pairwise
 * masks cancel in the sum of all; for a client that dropped after sharing its keys they are rebuilt from its shared key, for
 * one that answered its own mask is rebuilt from its shared seed. Never both for one client: together they unmask it.
 *
 * The sum is exact, and nothing else is hidden by it: without noise from the clients the sum itself is not private.
 */

import { GradswarmError } from '../../errors.js';
import type { ClientIndex, Secrets } from '../../method.js';

function refuse(reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `secure aggregation: ${reason}`);
}

function wrapMask(bits: number): number {
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= 32)) refuse(`expected a modulus of 1 to 32 bits, got ${bits}`);
  return bits === 32 ? 0xffffffff : 2 ** bits - 1;
}

/** Signed integers as residues modulo 2^bits. */
export function toResidues(values: ArrayLike<number>, bits: number): Uint32Array {
  const mask = wrapMask(bits);
  return Uint32Array.from(values, (value) => (value & mask) >>> 0);
}

/** Residues as the integers of smallest magnitude, in [-2^(bits-1), 2^(bits-1)). */
export function centerResidues(residues: Uint32Array, bits: number): Int32Array {
  wrapMask(bits);
  const shift = 32 - bits;
  return Int32Array.from(residues, (residue) => (residue << shift) >> shift);
}

/** into += sign * other modulo 2^bits, in place. */
export function addResidues(into: Uint32Array, other: Uint32Array, sign: 1 | -1, bits: number): Uint32Array {
  if (into.length !== other.length) refuse(`${other.length} residues cannot be added to ${into.length}`);
  const mask = wrapMask(bits);
  for (let i = 0; i < into.length; i++) into[i] = ((into[i]! + sign * other[i]!) & mask) >>> 0;
  return into;
}

/** `length` uniform residues expanded from a secret. Little-endian words, so that every machine reads the same. */
export async function maskOf(
  secret: Uint8Array,
  context: string,
  length: number,
  bits: number,
  secrets: Pick<Secrets, 'expand'>,
): Promise<Uint32Array> {
  const bytes = await secrets.expand(secret, context, 4 * length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mask = wrapMask(bits);
  const result = new Uint32Array(length);
  for (let i = 0; i < length; i++) result[i] = (view.getUint32(4 * i, true) & mask) >>> 0;
  return result;
}

/** A secret shared with another client; the pair uses it with opposite signs. */
export interface PairSecret {
  readonly peer: ClientIndex;
  readonly secret: Uint8Array;
}

/** What all masks of one round have in common. `context` names the run and round: a mask used twice hides nothing. */
export interface MaskSettings {
  readonly context: string;
  readonly bits: number;
  readonly secrets: Pick<Secrets, 'expand'>;
}

const selfContext = ({ context }: MaskSettings) => `${context}/self`;
const pairContext = ({ context }: MaskSettings) => `${context}/pair`;
/** The lower index of a pair adds the mask, the higher takes it off. */
const pairSign = (self: ClientIndex, peer: ClientIndex) => (peer > self ? 1 : -1);

/** y_u: the residues under the client's own mask and all its pairwise masks. */
export async function maskResidues(
  residues: Uint32Array,
  self: ClientIndex,
  ownSeed: Uint8Array,
  pairs: readonly PairSecret[],
  settings: MaskSettings,
): Promise<Uint32Array> {
  const { bits, secrets } = settings;
  const masked = residues.slice();
  addResidues(masked, await maskOf(ownSeed, selfContext(settings), masked.length, bits, secrets), 1, bits);
  for (const { peer, secret } of pairs) {
    if (peer === self) refuse(`client ${self} has a pairwise secret with itself`);
    const mask = await maskOf(secret, pairContext(settings), masked.length, bits, secrets);
    addResidues(masked, mask, pairSign(self, peer), bits);
  }
  return masked;
}

/** Which masks to remove, by which shares, after round 2. */
export interface UnmaskingPlan {
  /** Answered: their own seeds are rebuilt. */
  readonly survivors: readonly ClientIndex[];
  /** Shared their keys, then did not answer: their masking keys are rebuilt. */
  readonly dropped: readonly ClientIndex[];
}

/** ERR_PRIVACY when fewer than `threshold` clients answered, or one that never shared its keys did. */
export function planUnmasking(
  shared: readonly ClientIndex[],
  answered: readonly ClientIndex[],
  threshold: number,
): UnmaskingPlan {
  const answeredSet = new Set(answered);
  const sharedSet = new Set(shared);
  for (const client of answered)
    if (!sharedSet.has(client)) refuse(`client ${client} answered without sharing its keys`);
  if (answeredSet.size < threshold)
    refuse(`${answeredSet.size} clients answered, ${threshold} are needed; the round must be aborted`);
  return {
    survivors: shared.filter((client) => answeredSet.has(client)),
    dropped: shared.filter((client) => !answeredSet.has(client)),
  };
}

/** Takes the remaining masks off the sum of the survivors' vectors, in place. */
export async function unmaskSum(
  sum: Uint32Array,
  plan: UnmaskingPlan,
  rebuilt: {
    readonly ownSeed: (survivor: ClientIndex) => Uint8Array | Promise<Uint8Array>;
    /** The secret that a survivor shared with a dropped client. */
    readonly pairSecret: (survivor: ClientIndex, dropped: ClientIndex) => Uint8Array | Promise<Uint8Array>;
  },
  settings: MaskSettings,
): Promise<Uint32Array> {
  const { bits, secrets } = settings;
  for (const survivor of plan.survivors) {
    const own = await rebuilt.ownSeed(survivor);
    addResidues(sum, await maskOf(own, selfContext(settings), sum.length, bits, secrets), -1, bits);
    for (const dropped of plan.dropped) {
      const secret = await rebuilt.pairSecret(survivor, dropped);
      const mask = await maskOf(secret, pairContext(settings), sum.length, bits, secrets);
      addResidues(sum, mask, pairSign(survivor, dropped) === 1 ? -1 : 1, bits);
    }
  }
  return sum;
}

/**
 * A client's guard in round 4: which of its two shares of another client may it reveal? One kind per client,
 * whatever the coordinator requests later.
 */
export class ShareGuard {
  private readonly given = new Map<ClientIndex, 'own-seed' | 'masking-key'>();

  /** Records the release, or throws ERR_PRIVACY when the other kind was given before. */
  release(client: ClientIndex, kind: 'own-seed' | 'masking-key'): void {
    const before = this.given.get(client);
    if (before !== undefined && before !== kind)
      refuse(`asked for the ${kind} share of client ${client} after its ${before} share: both together unmask it`);
    this.given.set(client, kind);
  }
}
