import { type NoiseSource, WordNoise } from './noise-source.js';

/** 64 KiB, the most that a browser's generator gives in one call. */
const SECURE_BLOCK_WORDS = 16_384;

/**
 * Noise from the operating system's generator. `fillRandom` fills all bytes it is given (node:crypto's randomFillSync, or
 * crypto.getRandomValues) and is called for 64 KiB at a time.
 */
export class SecureNoise extends WordNoise {
  override readonly private = true;

  constructor(fillRandom: (bytes: Uint8Array) => unknown) {
    super((into) => {
      fillRandom(new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    }, SECURE_BLOCK_WORDS);
  }

  override derive(..._path: readonly (string | number)[]): NoiseSource {
    return this;
  }
}
