import type { Rng } from '../method.js';

/**
 * The coins of randomised rounding: four xoshiro128++ generators (Blackman and Vigna, 2021) side by side, seeded with 16
 * words of the codec's stream. A keyed block for every entry would cost ten times as much as the quantiser itself; a codec's
 * coins need to be uniform and a function of the stream, not unpredictable.
 */
export class Coins {
  private readonly state = new Uint32Array(16);

  constructor(rng: Rng) {
    rng.words(this.state);
    for (let lane = 0; lane < 4; lane++) {
      const at = 4 * lane;
      // The only state that a generator cannot leave.
      if ((this.state[at]! | this.state[at + 1]! | this.state[at + 2]! | this.state[at + 3]!) === 0) this.state[at] = 1;
    }
  }

  /**
   * Fills `into` up to `count` words rounded up to a multiple of 4; lane j writes the words 4n + j. Uniform in [0, 2^32).
   */
  fill(into: Uint32Array, count: number): void {
    for (let lane = 0; lane < 4; lane++) this.fillLane(into, count, lane);
  }

  private fillLane(into: Uint32Array, count: number, lane: number): void {
    const { state } = this;
    let a = state[4 * lane]! | 0;
    let b = state[4 * lane + 1]! | 0;
    let c = state[4 * lane + 2]! | 0;
    let d = state[4 * lane + 3]! | 0;
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
    state[4 * lane] = a;
    state[4 * lane + 1] = b;
    state[4 * lane + 2] = c;
    state[4 * lane + 3] = d;
  }
}

/** Entries handled between two refills: 16 kB of coins stay in the first-level cache. A multiple of 4. */
export const COINS_CHUNK = 4096;

/** Scratch for one chunk of coins; its content lives until the next fill. */
export const coinScratch = new Uint32Array(COINS_CHUNK + 4);
