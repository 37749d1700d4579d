import { MessageRefused } from '../../errors.js';
import type { Secrets } from '../../method.js';
import type { PublicKeys } from './secure-sum.js';

/** An X25519 key is the last 32 bytes of its encoding; what stands before is the same for all. */
const KEY_BYTES = 32;

/**
 * Points of small order (RFC 7748, section 6.1): with one of them every secret is zero, and an agreement is refused. Little-endian
 * hexadecimal, the unused highest bit 0.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/** Throws MessageRefused for a sender whose key no other client could agree with, or is another one's. */
export async function checkKeys(roster: readonly PublicKeys[], secrets: Secrets): Promise<void> {
  const own = (await secrets.keyPair()).publicKey;
  const before = hex(own.subarray(0, -KEY_BYTES));
  const known = new Set<string>();
  for (const { client, encryption, masking } of roster) {
    for (const key of [encryption, masking]) {
      const wrong =
        key.length !== own.length ||
        hex(key.subarray(0, -KEY_BYTES)) !== before ||
        SMALL_ORDER.has(pointOf(key.subarray(-KEY_BYTES)));
      if (wrong) throw new MessageRefused(client, 'keys', 'two X25519 keys');
    }
    const text = hex(masking);
    if (known.has(text)) throw new MessageRefused(client, 'keys', 'another key than those of other clients');
    known.add(text);
  }
}

function pointOf(key: Uint8Array): string {
  const point = key.slice();
  point[KEY_BYTES - 1] = point[KEY_BYTES - 1]! & 127;
  return hex(point);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
