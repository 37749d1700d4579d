import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Secrets } from '../protocol/method.js';

/** Imported private keys by their bytes: to import one costs more than the agreement itself, and a client uses it for each peer. */
const imported = new WeakMap<Uint8Array, KeyObject>();

function privateKeyOf(bytes: Uint8Array): KeyObject {
  let key = imported.get(bytes);
  if (!key) {
    key = createPrivateKey({ key: Buffer.from(bytes), type: 'pkcs8', format: 'der' });
    imported.set(bytes, key);
  }
  return key;
}

/** X25519, HKDF-SHA-256 and AES-256-CTR from the operating system's cryptography. Keys travel as DER (SPKI, PKCS #8). */
export const systemSecrets: Secrets = {
  bytes: async (length) => new Uint8Array(randomBytes(length)),
  async keyPair() {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const bytes = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }));
    imported.set(bytes, privateKey);
    return { publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })), privateKey: bytes };
  },
  async agree(privateKey, publicKey) {
    const shared = diffieHellman({
      privateKey: privateKeyOf(privateKey),
      publicKey: createPublicKey({ key: Buffer.from(publicKey), type: 'spki', format: 'der' }),
    });
    return new Uint8Array(shared);
  },
  async expand(secret, context, length) {
    const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), context, 32));
    // A zero plaintext under counter mode is the key stream itself.
    const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16));
    return new Uint8Array(cipher.update(new Uint8Array(length)));
  },
};
