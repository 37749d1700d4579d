/**
 * Secure sums of a buffer whose members are not known before it is full: masks that a dealer can add up. The asynchronous secure
 * aggregation of Papaya (Huba et al., MLSys 2022), where the dealer is a trusted enclave; reconstructed, not checked against the paper.
 *
 * For each answer client u makes a key of its own and agrees on a seed with the dealer. It sends y_u = x_u + PRG(seed_u) modulo 2^32 and
 * the public half of that key. The coordinator adds up w_u y_u; the dealer gives it the sum of w_u PRG(seed_u), of a full buffer and once.
 * The difference is the sum of w_u x_u, exactly. w_u is a whole number that the dealer computes itself from the answer's age: with weights
 * of the coordinator's choice a buffer could be one update and nothing beside it.
 *
 * The coordinator sees masked updates, keys and sums; the dealer sees keys, seeds, clients and steps, and no update. Both together see all.
 * An honest-but-curious coordinator: one that makes up clients, or states false ages to clients and dealer alike, is not resisted.
 */
import { GradswarmError } from '../../errors.js';
import type { ClientIndex, Secrets } from '../../method.js';
import { addResidues, maskOf } from './secure-aggregation.js';

/** Residues are modulo 2^32: products of residues and weights wrap around like sums. */
export const DEALT_BITS = 32;
/** An X25519 key as SPKI. */
export const DEALT_KEY_BYTES = 44;
/** Two seeds differ in it, and it shows nothing of either. */
const MARK_BYTES = 16;

/** Plain data. It must never be set back: a seed that was forgotten could be opened twice. */
export interface DealerState {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  /** Marks of the seeds of each opened buffer, one after the other. */
  readonly opened: readonly Uint8Array[];
}

/** The marks of a state as a set: they are looked up for each answer, and grow with the run. Opening a buffer hands them on to the next state. */
const marksOf = new WeakMap<DealerState, Set<string>>();

export interface DealerRules {
  /** K: answers, each of another client, that make a buffer; at least 2. */
  readonly bufferSize: number;
  /** w of an answer by its age in server steps: a whole number of at least 1. */
  readonly weightOf: (age: number) => number;
  readonly secrets: Pick<Secrets, 'agree' | 'expand'>;
}

interface Member {
  readonly client: ClientIndex;
  readonly step: number;
  readonly seed: Uint8Array;
}

function refuse(reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `dealt masks: ${reason}`);
}

/** Client and step are part of the mask: with others than the client's own the dealer would take off another mask. */
const contextOf = (client: ClientIndex, step: number) => `client ${client}, step ${step}`;

export async function beginDealer(secrets: Pick<Secrets, 'keyPair'>): Promise<DealerState> {
  return { ...(await secrets.keyPair()), opened: [] };
}

/** A client's residues under a mask that was never used, and the key with which the dealer finds it. `step`: that of the model it was given. */
export async function maskForDealer(
  residues: Uint32Array,
  dealerKey: Uint8Array,
  { client, step }: { readonly client: ClientIndex; readonly step: number },
  secrets: Pick<Secrets, 'keyPair' | 'agree' | 'expand'>,
): Promise<{ readonly residues: Uint32Array; readonly key: Uint8Array }> {
  const { publicKey, privateKey } = await secrets.keyPair();
  const seed = await secrets.agree(privateKey, dealerKey);
  const mask = await maskOf(seed, contextOf(client, step), residues.length, DEALT_BITS, secrets);
  return { residues: addResidues(mask, residues, 1, DEALT_BITS), key: publicKey };
}

/** into += weight * residues modulo 2^32, in place. */
export function addWeighted(into: Uint32Array, weight: number, residues: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i]! + Math.imul(weight, residues[i]!)) >>> 0;
}

/** The dealer during one buffer. */
export class MaskDealer {
  /** By the mark of the seed. */
  private readonly members = new Map<string, Member>();
  private readonly opened: Set<string>;

  constructor(
    private readonly state: DealerState,
    private readonly rules: DealerRules,
  ) {
    if (!(rules.bufferSize >= 2)) refuse(`expected a buffer of at least 2 answers, got ${rules.bufferSize}`);
    this.opened = marksOf.get(state) ?? new Set(state.opened.flatMap(marksIn));
    marksOf.set(state, this.opened);
  }

  /** 'again': this client is in the buffer. 'refused': its key is none, or its mask was used. Neither is added. */
  async admit(client: ClientIndex, step: number, key: Uint8Array): Promise<'admitted' | 'again' | 'refused'> {
    const { secrets } = this.rules;
    const seed = await secrets.agree(this.state.privateKey, key).catch(() => null);
    if (!seed) return 'refused';
    const [mark] = marksIn(await secrets.expand(seed, 'mark', MARK_BYTES));
    if (this.members.has(mark!) || this.opened.has(mark!)) return 'refused';
    for (const member of this.members.values()) if (member.client === client) return 'again';
    this.members.set(mark!, { client, step, seed });
    return 'admitted';
  }

  /** The weighted sum of the masks of the whole buffer at server step `now`, and the dealer after it. ERR_PRIVACY before it is full. */
  async open(now: number, length: number): Promise<{ readonly mask: Uint32Array; readonly state: DealerState }> {
    const { bufferSize, weightOf, secrets } = this.rules;
    if (this.members.size !== bufferSize)
      refuse(`expected ${bufferSize} answers in a buffer, got ${this.members.size}: it stays closed`);
    const sum = new Uint32Array(length);
    for (const { client, step, seed } of this.members.values())
      addWeighted(sum, weightOf(now - step), await maskOf(seed, contextOf(client, step), length, DEALT_BITS, secrets));
    const marks = [...this.members.keys()];
    const state = { ...this.state, opened: [...this.state.opened, bytesOf(marks)] };
    for (const mark of marks) this.opened.add(mark);
    marksOf.delete(this.state);
    marksOf.set(state, this.opened);
    return { mask: sum, state };
  }
}

/** Bytes between coordinator and dealer for one buffer: of each answer client, step and key, then the sum of the masks. */
export function dealerBytes(bufferSize: number, length: number): number {
  return bufferSize * (4 + 4 + DEALT_KEY_BYTES) + 4 * length;
}

/** Each mark as a text. */
function marksIn(bytes: Uint8Array): string[] {
  return Array.from({ length: bytes.length / MARK_BYTES }, (_, i) =>
    String.fromCharCode(...bytes.subarray(i * MARK_BYTES, (i + 1) * MARK_BYTES)),
  );
}

function bytesOf(marks: readonly string[]): Uint8Array {
  return Uint8Array.from(marks.join(''), (character) => character.charCodeAt(0));
}
