import type { Rng } from '../../method.js';
import { kernelsFor, SIMD_CHUNK } from '../simd/kernels.js';

/**
 * The coins of randomised rounding: four xoshiro128++ generators (Blackman and Vigna, 2021) side by side, seeded with 16
 * words of the codec's stream. A keyed block for every entry would cost ten times as much as the quantiser itself; a codec's
 * coins need to be uniform and a function of the stream, not unpredictable.
 */
export class Coins {
  /** Word w of lane j at 4 w + j, as a vector unit loads it. */
  readonly state = new Uint32Array(16);

  constructor(rng: Rng) {
    rng.words(this.state);
    for (let lane = 0; lane < 4; lane++) {
      // The only state that a generator cannot leave.
      if ((this.state[lane]! | this.state[lane + 4]! | this.state[lane + 8]! | this.state[lane + 12]!) === 0)
        this.state[lane] = 1;
    }
  }

  /**
   * Fills `into` up to `count` words rounded up to a multiple of 4; lane j writes the words 4n + j. Uniform in [0, 2^32).
   */
  fill(into: Uint32Array, count: number): void {
    const simd = count <= SIMD_CHUNK ? kernelsFor(count) : null;
    if (!simd) {
      for (let lane = 0; lane < 4; lane++) this.fillLane(into, count, lane);
      return;
    }
    const whole = (count + 3) & ~3;
    simd.coins.set(this.state);
    simd.fillCoins(whole);
    this.state.set(simd.coins);
    into.set(simd.output.subarray(0, whole));
  }

  private fillLane(into: Uint32Array, count: number, lane: number): void {
    const { state } = this;
    let a = state[lane]! | 0;
    let b = state[lane + 4]! | 0;
    let c = state[lane + 8]! | 0;
    let d = state[lane + 12]! | 0;
    for (let i = lane; i < count + lane; i += 4) {
      const sum = (a + d) | 0;
      into[i] = ((sum << 7) | (sum >>> 25)) + a;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
    }
    state[lane] = a;
    state[lane + 4] = b;
    state[lane + 8] = c;
    state[lane + 12] = d;
  }
}

/** Entries handled between two refills: 16 kB of coins stay in the first-level cache. A multiple of 4. */
export const COINS_CHUNK = 4096;

/** Scratch for one chunk of coins; its content is valid until the next fill. */
export const coinScratch = new Uint32Array(COINS_CHUNK + 4);
