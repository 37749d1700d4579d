import { GradswarmError } from '../errors.js';
import { checked, type Packed, packed, SEAL_VALUES } from './control-messages.js';
import { LIMITS } from './limits.js';
import { unpack } from './packing.js';

export interface PackedBounds {
  readonly clientCount: number;
  readonly kindCount: number;
  /** Values in one message. */
  readonly maxPackedValues: number;
}

/** The packed message in these bytes. Throws ERR_PROTOCOL for another, and for seals of more parties than the run has. */
export function readPacked(body: Uint8Array, bounds: PackedBounds, what: string): Packed {
  const message = unpack(body, bounds.maxPackedValues);
  checkSeals(message, bounds, what);
  return checked(packed, message, what);
}

/** Before the schema makes an object for each receiver. What has another shape is left to it. */
function checkSeals(message: unknown, { clientCount, kindCount }: PackedBounds, what: string): void {
  const { seals } = (message ?? {}) as { readonly seals?: unknown };
  if (!Array.isArray(seals)) return;
  let room = LIMITS.sealReceivers + SEAL_VALUES;
  for (const seal of seals) {
    const to = lengthOf((seal as { readonly to?: unknown } | null)?.to);
    const counts = lengthOf((seal as { readonly counts?: unknown } | null)?.counts);
    if (to > clientCount + 1 || counts > kindCount)
      throw new GradswarmError(
        'ERR_PROTOCOL',
        `${what}: expected a seal of at most ${kindCount} kinds to ${clientCount + 1} parties, got ${counts} to ${to}`,
      );
    room -= to + SEAL_VALUES;
  }
  if (room < 0)
    throw new GradswarmError('ERR_PROTOCOL', `${what}: expected at most ${LIMITS.sealReceivers} receivers of seals`);
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
